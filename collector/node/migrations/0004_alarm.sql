-- States of this server, a feed or the pair that want, or wanted, a person.
CREATE TABLE alarm (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    code     TEXT    NOT NULL,
    object   TEXT    NOT NULL,               -- the feed or agent; '' where there can be one only
    severity TEXT    NOT NULL,
    text     TEXT    NOT NULL,               -- as it was raised
    since    INTEGER NOT NULL,
    raised   INTEGER NOT NULL,
    returned INTEGER NOT NULL DEFAULT 0,     -- how often it came back soon after it had ended
    ended    INTEGER,                        -- NULL while it is true
    acked    INTEGER,                        -- NULL until a person has taken note
    acked_by TEXT    NOT NULL DEFAULT '',
    reason   TEXT    NOT NULL DEFAULT ''     -- that the person gave
) STRICT;
CREATE UNIQUE INDEX alarm_true ON alarm (code, object) WHERE ended IS NULL;
CREATE INDEX alarm_ended ON alarm (code, object, ended);

-- What is to be told to whom. One fact is one message to a receiver.
CREATE TABLE message (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    about    TEXT    NOT NULL,               -- alarm/12, crossing/7
    receiver TEXT    NOT NULL,               -- mail:noc@example.com, exec:pager
    channel  TEXT    NOT NULL,               -- mail, exec
    facts    TEXT    NOT NULL,               -- JSON
    at       INTEGER NOT NULL,               -- put here
    state    TEXT    NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'given_up', 'withdrawn')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next     INTEGER NOT NULL,               -- not to be tried before
    repeated INTEGER NOT NULL DEFAULT 0,     -- 1: it may have arrived by an earlier attempt
    error    TEXT    NOT NULL DEFAULT '',    -- of the last attempt
    done     INTEGER,                        -- NULL until it needs nothing more
    UNIQUE (about, receiver)
) STRICT;
CREATE INDEX message_open ON message (channel, next) WHERE done IS NULL;

-- How far the exceptions of the history were made messages of. One row.
CREATE TABLE told (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    through INTEGER NOT NULL                 -- the last exception's id
) STRICT;

-- Crossings that this server has told people of, so that its twin does not too.
CREATE TABLE told_crossing (
    crossing TEXT    PRIMARY KEY,            -- the same on both twins
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
