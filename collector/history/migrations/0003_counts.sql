-- What was counted, a row for each quarter of an hour and queue or agent. told
-- is the interval whose records said it: nearly always the same as start; what
-- corrects an earlier interval is told later, and may be below zero. A report
-- sums over told. Lengths are microseconds. Rows outlive the records.
CREATE TABLE queue_interval (
    feed              INTEGER NOT NULL,
    start             INTEGER NOT NULL,
    name              TEXT    NOT NULL,  -- of the queue
    told              INTEGER NOT NULL,
    offered           INTEGER NOT NULL,
    refused           INTEGER NOT NULL,
    answered          INTEGER NOT NULL,
    abandoned         INTEGER NOT NULL,
    timed_out         INTEGER NOT NULL,
    exit_key          INTEGER NOT NULL,
    exit_empty        INTEGER NOT NULL,
    lost              INTEGER NOT NULL,
    transferred       INTEGER NOT NULL,
    completed         INTEGER NOT NULL,
    ring_no_answer    INTEGER NOT NULL,
    answered_wait     INTEGER NOT NULL,
    answered_wait_max INTEGER NOT NULL,
    abandoned_wait    INTEGER NOT NULL,
    talk              INTEGER NOT NULL,
    answered_waits    BLOB    NOT NULL,  -- by bin: signed varints, without the zeros at the end
    abandoned_waits   BLOB    NOT NULL,
    rings_no_answer   BLOB    NOT NULL,
    PRIMARY KEY (feed, start, name, told)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_interval_later ON queue_interval (feed, told) WHERE told <> start;

CREATE TABLE agent_interval (
    feed            INTEGER NOT NULL,
    start           INTEGER NOT NULL,
    name            TEXT    NOT NULL,  -- of the agent
    told            INTEGER NOT NULL,
    first_login     INTEGER NOT NULL,  -- 0: none in the interval
    last_logout     INTEGER NOT NULL,
    staffed         INTEGER NOT NULL,
    available       INTEGER NOT NULL,
    paused          INTEGER NOT NULL,
    ringing         INTEGER NOT NULL,
    talk            INTEGER NOT NULL,
    other_call      INTEGER NOT NULL,
    wrap_up         INTEGER NOT NULL,
    unknown         INTEGER NOT NULL,
    answered        INTEGER NOT NULL,
    ring_no_answer  INTEGER NOT NULL,
    ring_cancelled  INTEGER NOT NULL,
    transferred     INTEGER NOT NULL,
    completed       INTEGER NOT NULL,
    handled         INTEGER NOT NULL,
    paused_for      TEXT    NOT NULL,  -- JSON: by reason
    rings_no_answer BLOB    NOT NULL,
    PRIMARY KEY (feed, start, name, told)
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_interval_later ON agent_interval (feed, told) WHERE told <> start;

-- What was known at the border between two intervals: counting goes on from
-- there. Where a border has no row, nothing happened since the last one that
-- has, and that one is empty.
CREATE TABLE fold (
    feed   INTEGER NOT NULL,
    border INTEGER NOT NULL,
    carry  BLOB    NOT NULL,  -- empty: nothing is known
    PRIMARY KEY (feed, border)
) STRICT;

-- How far each feed is counted, and by which rules.
CREATE TABLE fold_head (
    feed    INTEGER PRIMARY KEY,
    format  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    through INTEGER NOT NULL  -- everything before is counted, but what is marked
) STRICT;

-- Intervals that were counted and have changed since.
CREATE TABLE marked (
    feed  INTEGER NOT NULL,
    start INTEGER NOT NULL,
    at    INTEGER NOT NULL,  -- when it changed last, local time
    PRIMARY KEY (feed, start)
) STRICT, WITHOUT ROWID;
