-- What happened to each slot of a timetable: on this server, and on its twin as
-- last told. A row that has ended is never changed again.
CREATE TABLE run (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    theirs    INTEGER,                       -- its id there, if it is the twin's; NULL: it is this server's
    server    TEXT    NOT NULL,              -- the name, which is for life
    timetable TEXT    NOT NULL,              -- its key, for ever
    name      TEXT    NOT NULL,              -- of the timetable, then
    slot      INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,              -- 1, 2, 3
    epoch     INTEGER NOT NULL,              -- of the server, when it was claimed
    role      TEXT    NOT NULL CHECK (role IN ('', 'primary', 'secondary')), -- that the server must have; '': any
    trigger   TEXT    NOT NULL,              -- schedule, manual, catch-up, ...
    actor     TEXT    NOT NULL,              -- who asked for it; '': nobody
    state     TEXT    NOT NULL CHECK (state IN ('claimed', 'running', 'ok', 'failed', 'timeout', 'cancelled', 'interrupted', 'skipped', 'missed')),
    reason    TEXT    NOT NULL,
    planned   INTEGER NOT NULL,              -- not to be started before
    started   INTEGER,
    ended     INTEGER,                       -- NULL until it needs nothing more
    exit      INTEGER,                       -- NULL: it gave none
    output    TEXT    NOT NULL DEFAULT '',   -- a file below data/runs
    tail      TEXT    NOT NULL DEFAULT '',   -- its last 4 KiB
    rev       INTEGER NOT NULL,              -- of its last change: higher than any before on its server
    CHECK ((state IN ('claimed', 'running')) = (ended IS NULL))
) STRICT;
CREATE UNIQUE INDEX run_slot_once ON run (timetable, slot, attempt, server);
CREATE INDEX run_slot ON run (slot);
CREATE INDEX run_open ON run (id) WHERE theirs IS NULL AND ended IS NULL;
CREATE INDEX run_changed ON run (rev) WHERE theirs IS NULL;
CREATE TRIGGER run_final BEFORE UPDATE ON run WHEN OLD.theirs IS NULL AND OLD.ended IS NOT NULL
BEGIN SELECT raise(ABORT, 'a run that has ended is never changed'); END;

-- Up to which slot each timetable was decided upon here.
CREATE TABLE run_cursor (
    timetable TEXT    PRIMARY KEY,
    through   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to where the twin has told of its runs. One row, none before it did.
CREATE TABLE run_told (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    through INTEGER NOT NULL,                -- the rev there of the last row that was told
    whole   INTEGER NOT NULL                 -- by its clock: no row of before is missing here; 0: not known yet
) STRICT;

-- Whether a person wants nothing to start here. One row, none while not.
CREATE TABLE maintenance (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    reason TEXT    NOT NULL,
    actor  TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    until  INTEGER                           -- NULL: until a person says so
) STRICT;
