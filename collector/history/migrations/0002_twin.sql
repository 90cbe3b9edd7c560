-- What is kept of a feed, and what came for a time that is kept no more.
ALTER TABLE feed ADD COLUMN retained_from INTEGER NOT NULL DEFAULT 0;  -- everything before was dropped
ALTER TABLE feed ADD COLUMN too_old       INTEGER NOT NULL DEFAULT 0;  -- came after its time was dropped

-- Days on which both twins held the same: only these may be dropped. The
-- tally is the one that was agreed on; a day that has changed since does not count.
CREATE TABLE agreed (
    feed  INTEGER NOT NULL,
    day   INTEGER NOT NULL,  -- its first instant, UTC
    count INTEGER NOT NULL,
    sum   BLOB    NOT NULL,
    at    INTEGER NOT NULL,  -- when it was agreed, local time
    PRIMARY KEY (feed, day)
) STRICT, WITHOUT ROWID;
