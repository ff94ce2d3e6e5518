-- +goose Up
-- What is owed by a time. duty is the figures as they were when the clock began: a policy that changes
-- does not change what was promised before.
CREATE TABLE clocks (
    tenant_id     TEXT    NOT NULL CHECK (tenant_id <> ''),
    clock_id      TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    clause_id     TEXT    NOT NULL,
    about         TEXT    NOT NULL, -- id of what it is about, never of a person
    duty          TEXT    NOT NULL, -- JSON
    state         TEXT    NOT NULL,
    opened_at     INTEGER NOT NULL,
    target_at     INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    wake_at       INTEGER NOT NULL, -- when it has something to do; 0 for never
    stage         INTEGER NOT NULL, -- how many of its marks it has passed
    awaits        TEXT    NOT NULL, -- the event that sets its end
    paused_at     INTEGER NOT NULL,
    paused_until  INTEGER NOT NULL,
    pause_reason  TEXT    NOT NULL,
    ended_at      INTEGER NOT NULL,
    evidence_kind TEXT    NOT NULL,
    evidence      TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, clock_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX clocks_by_wake ON clocks (tenant_id, wake_at);
CREATE INDEX clocks_by_clause ON clocks (tenant_id, clause_id, state, due_at);
CREATE INDEX clocks_by_about ON clocks (tenant_id, about);

-- When each tenant's clocks next have something to do, so that an idle tick looks at one row.
CREATE TABLE wakes (
    name    TEXT    NOT NULL PRIMARY KEY,
    next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX wakes_by_time ON wakes (next_at);

-- +goose Down
DROP TABLE wakes;
DROP TABLE clocks;
