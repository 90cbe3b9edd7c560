-- What became of a backup that was to go to the twin too.
ALTER TABLE backup ADD COLUMN sent INTEGER;                     -- when the twin had read it back; NULL: it has not got it
ALTER TABLE backup ADD COLUMN unsent TEXT NOT NULL DEFAULT '';  -- why the last try failed
