-- +goose Up
-- The organisation's staff: ids, words of the policy and hashes of keys; who they are stands nowhere.
CREATE TABLE staff (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    member_id  TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL, -- active, ended
    key_hash   BYTEA NOT NULL,
    until_at   BIGINT NOT NULL, -- when the key ends
    review_by  BIGINT NOT NULL, -- when the access lapses; 0 for never
    created_at BIGINT NOT NULL,
    details    TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, member_id)
);

-- Leave for one of staff to see a tenant's data.
CREATE TABLE grants (
    tenant_id TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    grant_id  TEXT COLLATE "C" NOT NULL,
    holder    TEXT COLLATE "C" NOT NULL,
    state     TEXT COLLATE "C" NOT NULL, -- requested, live, expired, lapsed, withdrawn, revoked
    asked_at  BIGINT NOT NULL,
    until_at  BIGINT NOT NULL,
    review_by BIGINT NOT NULL, -- when it lapses; 0 for never
    wake_at   BIGINT NOT NULL, -- when a live one ends by itself; 0 for never
    uses      BIGINT NOT NULL,
    used_at   BIGINT NOT NULL,
    details   TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, grant_id)
);
CREATE INDEX grants_by_holder ON grants (tenant_id, holder, state);
CREATE INDEX grants_by_time ON grants (tenant_id, asked_at, grant_id);
CREATE INDEX grants_by_wake ON grants (tenant_id, wake_at);

ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON staff
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE grants FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON grants
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE grants;
DROP TABLE staff;
