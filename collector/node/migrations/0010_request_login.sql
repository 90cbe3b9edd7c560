-- The administered user for whom something is asked, whom twind holds against what
-- that one may; '': whoever is on the server itself.
ALTER TABLE request ADD COLUMN login TEXT NOT NULL DEFAULT '';
