-- What the server knows of each feed. The counts move with the records.
CREATE TABLE feed (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    since         INTEGER NOT NULL,            -- first configured here, local time
    records       INTEGER NOT NULL DEFAULT 0,  -- stored
    duplicates    INTEGER NOT NULL DEFAULT 0,  -- heard again
    rejected      INTEGER NOT NULL DEFAULT 0,  -- frames and records that could not be kept
    last_at       INTEGER NOT NULL DEFAULT 0,  -- the newest record's time
    position      BLOB,                        -- where the source goes on
    covered_until INTEGER NOT NULL DEFAULT 0,  -- never goes back
    session       INTEGER,                     -- the coverage row being extended; NULL when nobody listens
    gap           INTEGER,                     -- the gap that is not over yet
    incarnation   TEXT    NOT NULL DEFAULT ''  -- of the upstream, last heard
) STRICT;

-- One thing that an upstream said. seq is arrival order.
CREATE TABLE record (
    seq    INTEGER PRIMARY KEY,
    feed   INTEGER NOT NULL,
    at     INTEGER NOT NULL,  -- the upstream's time, microseconds since 1970
    digest BLOB    NOT NULL,  -- first 16 bytes of SHA-256 over raw
    n      INTEGER NOT NULL,  -- ordinal among identical ones
    kind   INTEGER NOT NULL,  -- how it came
    origin INTEGER NOT NULL,  -- 0 from the feed, 1 from the twin
    raw    BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_key ON record (feed, at, digest, n);

-- Count and sum of digests of each five minutes, to compare twins by.
CREATE TABLE bucket (
    feed  INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum   BLOB    NOT NULL,
    PRIMARY KEY (feed, start)
) STRICT, WITHOUT ROWID;

-- Stretches in which the feed was provably heard, one per session.
CREATE TABLE coverage (
    id          INTEGER PRIMARY KEY,
    feed        INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    incarnation TEXT    NOT NULL
) STRICT;
CREATE INDEX coverage_feed ON coverage (feed, start);

-- Stretches in which it was not.
CREATE TABLE gap (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    feed   INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    until  INTEGER,           -- NULL while it lasts
    reason TEXT    NOT NULL,
    state  TEXT    NOT NULL CHECK (state IN ('open', 'filled', 'lost', 'closed'))
) STRICT;
CREATE INDEX gap_feed ON gap (feed, start);

-- The beginnings of the latest rejected frames, for a person to look at.
CREATE TABLE quarantine (
    id     INTEGER PRIMARY KEY,
    feed   INTEGER NOT NULL,
    at     INTEGER NOT NULL,  -- local time of arrival
    reason TEXT    NOT NULL,
    text   TEXT    NOT NULL,
    head   BLOB    NOT NULL
) STRICT;
CREATE INDEX quarantine_feed ON quarantine (feed, id);
