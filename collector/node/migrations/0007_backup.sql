-- Backups of this server, as it made them. What lies at their destination is
-- the truth; this is for whoever looks at the server.
CREATE TABLE backup (
    name   TEXT    PRIMARY KEY,
    number INTEGER NOT NULL,
    kind   TEXT    NOT NULL CHECK (kind IN ('full', 'incremental')),
    at     INTEGER NOT NULL,              -- what it holds is as it was then
    bytes  INTEGER NOT NULL,
    place  TEXT    NOT NULL,              -- its destination
    beside INTEGER NOT NULL CHECK (beside IN (0, 1))  -- on the disk of the data
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_at ON backup (at);

-- Restores to scratch, and what was found.
CREATE TABLE drill (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    backup TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    proven INTEGER NOT NULL CHECK (proven IN (0, 1)),
    text   TEXT    NOT NULL               -- what is wrong with it
) STRICT;

-- Restores of this server. What came with one is older than what its twin has
-- seen, so the server is held until somebody lets it rejoin.
CREATE TABLE restored (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    mark   TEXT    NOT NULL,              -- random: what is backed up from here on is another chain
    backup TEXT    NOT NULL,
    taken  INTEGER NOT NULL,              -- when the backup was made
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    ended  INTEGER                        -- NULL while the server is held
) STRICT;
