-- Which slots of what only a primary runs are this server's: from the last time
-- that it became primary, until it gave the role away.
ALTER TABLE self ADD COLUMN owns_from INTEGER;   -- NULL: it never was primary
ALTER TABLE self ADD COLUMN owns_until INTEGER;  -- NULL: it is primary, or never was
UPDATE self SET owns_from = since WHERE role = 'primary';

-- While a role is being moved nothing that needs it starts, and nobody edits
-- administration data. It ends by itself, unless who moves it goes on saying so.
ALTER TABLE self ADD COLUMN draining_for TEXT NOT NULL DEFAULT '';  -- the runbook
ALTER TABLE self ADD COLUMN draining_until INTEGER NOT NULL DEFAULT 0;

-- That a person said that this server is the primary, in an epoch, though its
-- twin could not be asked.
ALTER TABLE self ADD COLUMN confirmed_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE self ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;

-- What a primary gives away with its role: whoever takes it owns the slots from
-- then on. Each is taken once, or never.
CREATE TABLE token (
    id      TEXT    PRIMARY KEY,             -- random
    runbook TEXT    NOT NULL,
    pair    TEXT    NOT NULL,
    giver   TEXT    NOT NULL,                -- both by what they are for ever
    taker   TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,                -- of the giver, which ends with it
    at      INTEGER NOT NULL,                -- from then on slots are the taker's
    mark    INTEGER NOT NULL,                -- the rev of the giver's last run
    state   TEXT    NOT NULL CHECK (state IN ('given', 'taken', 'void')),
    noted   INTEGER NOT NULL                 -- here
) STRICT, WITHOUT ROWID;

-- The moves of the role, on both servers.
CREATE TABLE runbook (
    id      TEXT    PRIMARY KEY,             -- random
    intent  TEXT    NOT NULL CHECK (intent IN ('switchover', 'failback', 'promote', 'drill')),
    giver   TEXT    NOT NULL,                -- the name of the one that is to give the role away
    taker   TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    options TEXT    NOT NULL,                -- JSON: what was asked for
    runner  TEXT    NOT NULL,                -- the name of the server whose twind goes through it
    started INTEGER NOT NULL,
    beat    INTEGER NOT NULL,                -- when the runner was last heard of
    ended   INTEGER,                         -- NULL until it is closed
    state   TEXT    NOT NULL CHECK (state IN ('open', 'done', 'rolled_back', 'failed')),
    result  TEXT    NOT NULL DEFAULT '{}'    -- JSON: what came of it
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX runbook_open ON runbook (state) WHERE ended IS NULL;
CREATE INDEX runbook_started ON runbook (started);

-- What was done of them, in order.
CREATE TABLE runbook_note (
    runbook TEXT    NOT NULL,
    seq     INTEGER NOT NULL,                -- 1, 2, 3, the same on both servers
    step    TEXT    NOT NULL,
    state   TEXT    NOT NULL CHECK (state IN ('begun', 'done', 'skipped', 'failed', 'undone', 'told')),
    text    TEXT    NOT NULL,
    at      INTEGER NOT NULL,                -- by the runner's clock
    PRIMARY KEY (runbook, seq)
) STRICT, WITHOUT ROWID;
