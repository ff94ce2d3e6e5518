-- +goose Up
-- What is owed by a time. duty is the figures as they were when the clock began: a policy that changes
-- does not change what was promised before.
CREATE TABLE clocks (
    tenant_id     TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    clock_id      TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    clause_id     TEXT COLLATE "C" NOT NULL,
    about         TEXT COLLATE "C" NOT NULL, -- id of what it is about, never of a person
    duty          TEXT COLLATE "C" NOT NULL, -- JSON
    state         TEXT COLLATE "C" NOT NULL,
    opened_at     BIGINT NOT NULL,
    target_at     BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    wake_at       BIGINT NOT NULL, -- when it has something to do; 0 for never
    stage         BIGINT NOT NULL, -- how many of its marks it has passed
    awaits        TEXT COLLATE "C" NOT NULL, -- the event that sets its end
    paused_at     BIGINT NOT NULL,
    paused_until  BIGINT NOT NULL,
    pause_reason  TEXT COLLATE "C" NOT NULL,
    ended_at      BIGINT NOT NULL,
    evidence_kind TEXT COLLATE "C" NOT NULL,
    evidence      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, clock_id)
);
CREATE INDEX clocks_by_wake ON clocks (tenant_id, wake_at);
CREATE INDEX clocks_by_clause ON clocks (tenant_id, clause_id, state, due_at);
CREATE INDEX clocks_by_about ON clocks (tenant_id, about);

-- When each tenant's clocks next have something to do, so that an idle tick looks at one row.
CREATE TABLE wakes (
    name    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    next_at BIGINT NOT NULL
);
CREATE INDEX wakes_by_time ON wakes (next_at);

ALTER TABLE clocks ENABLE ROW LEVEL SECURITY;
ALTER TABLE clocks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON clocks
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE wakes;
DROP TABLE clocks;
