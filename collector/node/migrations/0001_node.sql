-- Who this server is. One row.
CREATE TABLE self (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    server     TEXT    NOT NULL,             -- random, for ever: marks cursors and pairs
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('primary', 'secondary')),
    epoch      INTEGER NOT NULL,             -- of this server's own last change of role
    epoch_seen INTEGER NOT NULL,             -- the highest that it ever heard of
    since      INTEGER NOT NULL              -- of the role
) STRICT;

-- What the running server is doing, refreshed each second. One row.
CREATE TABLE activity (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    pid     INTEGER NOT NULL,
    started INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    doc     TEXT    NOT NULL                 -- JSON
) STRICT;

-- What a person asked of the running server.
CREATE TABLE request (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    verb     TEXT    NOT NULL,
    args     TEXT    NOT NULL,               -- JSON
    actor    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    expires  INTEGER NOT NULL,               -- nobody may claim it later
    claimed  INTEGER,                        -- when it was
    claimer  TEXT,                           -- which run of twind claimed it
    exit     INTEGER,                        -- NULL until it is done
    result   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX request_waiting ON request (id) WHERE exit IS NULL;

-- Feeds that a person paused.
CREATE TABLE paused (
    feed  TEXT PRIMARY KEY,
    actor TEXT    NOT NULL,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Warnings and errors.
CREATE TABLE log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    level   INTEGER NOT NULL,                -- as log/slog counts: 4 warning, 8 error
    message TEXT    NOT NULL,
    attrs   TEXT    NOT NULL                 -- JSON object
) STRICT;
CREATE INDEX log_at ON log (at);
