-- Whether this server's admin.db was made. Once it was, a missing one is lost
-- and must not be taken for a new one.
ALTER TABLE self ADD COLUMN administered INTEGER NOT NULL DEFAULT 0 CHECK (administered IN (0, 1));
