-- What people administer, every kind of it. This table travels; all others
-- tell of this server alone.
CREATE TABLE row (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    body TEXT,                               -- canonical JSON; NULL: deleted since the base
    hash BLOB,                               -- of kind, key and body; NULL as body is
    base BLOB,                               -- the hash that both twins agreed on last; NULL: no such row
    PRIMARY KEY (kind, key),
    CHECK ((body IS NULL) = (hash IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX row_pending ON row (kind, key) WHERE hash IS NOT base;
CREATE INDEX row_gone ON row (kind, key) WHERE hash IS NULL;

-- Which row refers to which, drawn from the bodies of rows that live.
CREATE TABLE reference (
    to_kind TEXT NOT NULL,
    to_key  TEXT NOT NULL,
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    field   TEXT NOT NULL,
    PRIMARY KEY (to_kind, to_key, kind, key, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_from ON reference (kind, key);

-- What only one row of a kind may say, drawn from the bodies likewise.
CREATE TABLE claim (
    kind  TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    key   TEXT NOT NULL,
    PRIMARY KEY (kind, field, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_of ON claim (kind, key);

-- Where this server stands. One row.
CREATE TABLE state (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    generation      INTEGER NOT NULL,        -- rises with each change
    base_generation INTEGER NOT NULL,        -- that both twins agreed on last; 0: none
    base_root       BLOB    NOT NULL,        -- SHA-256 over the base's hashes
    checked         INTEGER NOT NULL,        -- when the twin was heard of last; 0: never
    twin_generation INTEGER NOT NULL,        -- what it said then
    twin_pending    INTEGER NOT NULL,
    twin_head_id    INTEGER NOT NULL,        -- the last act of its admin.db's audit
    twin_head_hash  BLOB    NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0, 0, 0, zeroblob(32));

-- What was changed, by whom, and what stood before.
CREATE TABLE change_set (
    generation INTEGER PRIMARY KEY,          -- that it made
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    place      TEXT    NOT NULL,             -- where from
    verb       TEXT    NOT NULL,
    undoes     INTEGER NOT NULL,             -- a generation; 0: none
    drift      INTEGER NOT NULL CHECK (drift IN (0, 1)),
    rows       INTEGER NOT NULL,             -- how many changed
    digest     BLOB    NOT NULL              -- SHA-256 over it and its changes; the audit has it too
) STRICT;
CREATE TABLE change (
    generation INTEGER NOT NULL REFERENCES change_set (generation),
    n          INTEGER NOT NULL,             -- from 1, in the order of the rows' names
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    before     TEXT,                         -- canonical; NULL: there was no such row
    after      TEXT,                         -- canonical; NULL: there is none
    PRIMARY KEY (generation, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX change_of ON change (kind, key, generation);

CREATE TRIGGER change_set_unchanged BEFORE UPDATE ON change_set
BEGIN SELECT raise(ABORT, 'the change log is only added to'); END;
CREATE TRIGGER change_set_kept BEFORE DELETE ON change_set
BEGIN SELECT raise(ABORT, 'the change log is only added to'); END;
-- The triggers on inserts keep rows from being replaced, which would fire
-- neither of the others.
CREATE TRIGGER change_set_in_order BEFORE INSERT ON change_set
WHEN NEW.generation IS NULL OR NEW.generation <= (SELECT coalesce(max(generation), 0) FROM change_set)
BEGIN SELECT raise(ABORT, 'the change log is only added to, in order'); END;
CREATE TRIGGER change_unchanged BEFORE UPDATE ON change
BEGIN SELECT raise(ABORT, 'the change log is only added to'); END;
CREATE TRIGGER change_kept BEFORE DELETE ON change
BEGIN SELECT raise(ABORT, 'the change log is only added to'); END;
CREATE TRIGGER change_in_order BEFORE INSERT ON change
WHEN EXISTS (SELECT 1 FROM change WHERE generation = NEW.generation AND n = NEW.n)
BEGIN SELECT raise(ABORT, 'the change log is only added to, in order'); END;

-- What both twins agreed on, the last fifty times, and what that made of the
-- base: from it older bases are unfolded.
CREATE TABLE agreement (
    generation INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    role       TEXT    NOT NULL,             -- of this server then
    first      INTEGER NOT NULL CHECK (first IN (0, 1)), -- began a base: nothing older can be unfolded
    bundle     BLOB    NOT NULL,             -- SHA-256 of what was sent
    root       BLOB    NOT NULL,             -- of the base
    added      INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    removed    INTEGER NOT NULL,
    same       INTEGER NOT NULL,             -- were equal on both already
    bytes      INTEGER NOT NULL              -- of the bundle
) STRICT;
CREATE TABLE agreed (
    generation INTEGER NOT NULL REFERENCES agreement (generation),
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    before     BLOB,                         -- the base's hash; NULL: no such row
    PRIMARY KEY (generation, kind, key)
) STRICT, WITHOUT ROWID;

-- What the primary sent last and was not told of yet. At most one.
CREATE TABLE sent (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    at      INTEGER NOT NULL,
    doc     TEXT    NOT NULL                 -- JSON: the facts of the bundle
) STRICT;
CREATE TABLE sent_row (
    kind TEXT NOT NULL,
    key  TEXT NOT NULL,
    old  BLOB,
    hash BLOB,                               -- what it becomes on both; NULL: deleted
    same INTEGER NOT NULL CHECK (same IN (0, 1)),
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- Who did what. Each row's hash covers the one before, so that none can be
-- changed, left out or put between unseen.
CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,              -- 1, 2, 3 and so on without holes
    at     INTEGER NOT NULL,
    actor  TEXT    NOT NULL,
    verb   TEXT    NOT NULL,
    target TEXT    NOT NULL,
    detail TEXT    NOT NULL,                 -- JSON object
    prev   BLOB    NOT NULL,                 -- hash of the row before
    hash   BLOB    NOT NULL                  -- SHA-256
) STRICT;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit is only added to, in order'); END;
