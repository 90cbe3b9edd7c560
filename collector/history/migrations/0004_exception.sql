-- Thresholds that were crossed, as this server saw it. They tell of their
-- threshold what it was then.
CREATE TABLE exception (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,  -- when it was seen, local time
    start     INTEGER NOT NULL,  -- of the interval that it belongs to
    since     INTEGER NOT NULL,  -- what lasts began; 0: it was counted
    threshold TEXT    NOT NULL,  -- its key
    name      TEXT    NOT NULL,
    measure   TEXT    NOT NULL,
    severity  TEXT    NOT NULL,
    feed      TEXT    NOT NULL,
    object    TEXT    NOT NULL,  -- the queue or agent; '' where the feed is meant
    lim       INTEGER NOT NULL,  -- the limit that was set, seconds
    count     INTEGER NOT NULL,  -- how many may be
    percent   INTEGER NOT NULL,
    value     INTEGER NOT NULL,  -- that was reached
    text      TEXT    NOT NULL
) STRICT;
-- Once in an interval, and once for what lasts, also when twind is restarted.
CREATE UNIQUE INDEX exception_once ON exception (threshold, feed, object, start);
CREATE UNIQUE INDEX exception_lasting ON exception (threshold, feed, object, since) WHERE since <> 0;
CREATE INDEX exception_at ON exception (at);
