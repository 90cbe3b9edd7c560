-- Records that came without usable time of their own: their ordinal has its
-- highest bit, and no bucket counts them.
ALTER TABLE feed ADD COLUMN untimed INTEGER NOT NULL DEFAULT 0;  -- ever stored
