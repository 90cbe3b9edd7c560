-- What an incremental backup must carry, beside the records that came since.

-- Which history this is: whoever begins an empty one begins another. An
-- incremental backup goes on only from a backup of the same.
CREATE TABLE lineage (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT    NOT NULL
) STRICT;
INSERT INTO lineage (id, name) VALUES (1, lower(hex(randomblob(16))));

-- Days whose buckets, counts or borders changed, in the order in which they did
-- so last. The one that changed last of all is not noted again.
CREATE TABLE changed (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    feed INTEGER NOT NULL,
    day  INTEGER NOT NULL,  -- its first instant, UTC
    UNIQUE (feed, day)
) STRICT;

-- Records whose bytes were put right.
CREATE TABLE healed (
    seq INTEGER PRIMARY KEY
) STRICT;
CREATE TRIGGER record_healed AFTER UPDATE ON record
BEGIN INSERT OR IGNORE INTO healed (seq) VALUES (NEW.seq); END;

CREATE TRIGGER bucket_added AFTER INSERT ON bucket
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = NEW.feed AND day = NEW.start - NEW.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER bucket_changed AFTER UPDATE ON bucket
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER bucket_dropped AFTER DELETE ON bucket
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = OLD.feed AND day = OLD.start - OLD.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (OLD.feed, OLD.start - OLD.start % 86400000000); END;

CREATE TRIGGER queue_interval_added AFTER INSERT ON queue_interval
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = NEW.feed AND day = NEW.start - NEW.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER queue_interval_changed AFTER UPDATE ON queue_interval
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER queue_interval_dropped AFTER DELETE ON queue_interval
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = OLD.feed AND day = OLD.start - OLD.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (OLD.feed, OLD.start - OLD.start % 86400000000); END;

CREATE TRIGGER agent_interval_added AFTER INSERT ON agent_interval
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = NEW.feed AND day = NEW.start - NEW.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER agent_interval_changed AFTER UPDATE ON agent_interval
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.start - NEW.start % 86400000000); END;
CREATE TRIGGER agent_interval_dropped AFTER DELETE ON agent_interval
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = OLD.feed AND day = OLD.start - OLD.start % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (OLD.feed, OLD.start - OLD.start % 86400000000); END;

CREATE TRIGGER fold_added AFTER INSERT ON fold
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = NEW.feed AND day = NEW.border - NEW.border % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.border - NEW.border % 86400000000); END;
CREATE TRIGGER fold_changed AFTER UPDATE ON fold
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (NEW.feed, NEW.border - NEW.border % 86400000000); END;
CREATE TRIGGER fold_dropped AFTER DELETE ON fold
WHEN NOT EXISTS (SELECT 1 FROM changed WHERE id = (SELECT max(id) FROM changed) AND feed = OLD.feed AND day = OLD.border - OLD.border % 86400000000)
BEGIN INSERT OR REPLACE INTO changed (feed, day) VALUES (OLD.feed, OLD.border - OLD.border % 86400000000); END;
