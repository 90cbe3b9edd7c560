-- How the queues and agents of a feed stand now, as the running server said last.
CREATE TABLE live (
    feed TEXT    PRIMARY KEY,
    at   INTEGER NOT NULL,                   -- said
    doc  TEXT    NOT NULL                    -- JSON
) STRICT;
