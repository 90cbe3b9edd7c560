-- What became of a backup that was to go to the twin too.
ALTER TABLE backup ADD COLUMN sent INTEGER;                     -- when the twin had read it back; NULL: it has not got it
ALTER TABLE backup ADD COLUMN unsent TEXT NOT NULL DEFAULT '';  -- why the last try failed
-- The highest number of a backup that was known of elsewhere when this server
-- was restored: numbers go on above it.
ALTER TABLE restored ADD COLUMN numbered INTEGER NOT NULL DEFAULT 0;
