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
