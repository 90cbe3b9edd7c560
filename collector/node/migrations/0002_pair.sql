-- The other server. One row; none while this server is alone.
CREATE TABLE pair (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    pair       TEXT    NOT NULL,             -- of the two together: the same on both
    server     TEXT    NOT NULL,             -- the twin's own, for ever
    name       TEXT    NOT NULL,
    address    TEXT    NOT NULL,             -- of its SSH: user@host:port
    public_key TEXT    NOT NULL,             -- it logs in here with this one
    host_key   TEXT    NOT NULL,             -- it shows this one when we log in there
    accepted   INTEGER NOT NULL,
    actor      TEXT    NOT NULL              -- who accepted it
) STRICT;

-- What the twin told last, by its answers (out: we asked) and by its questions (in).
CREATE TABLE heard (
    direction TEXT    PRIMARY KEY CHECK (direction IN ('in', 'out')),
    at        INTEGER NOT NULL,              -- by our clock
    ahead     INTEGER NOT NULL,              -- its clock less ours, in microseconds
    doc       TEXT    NOT NULL,              -- JSON
    head_id   INTEGER NOT NULL,              -- the last of its audit; 0: none
    head_hash BLOB    NOT NULL
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
-- Also keeps a row from being replaced, which would fire neither of the others.
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit is only added to, in order'); END;

-- How far a request is, in words for the person who waits.
ALTER TABLE request ADD COLUMN progress TEXT NOT NULL DEFAULT '';
