-- +goose Up
-- The organisation's staff: ids, words of the policy and hashes of keys; who they are stands nowhere.
CREATE TABLE staff (
    tenant_id  TEXT NOT NULL CHECK (tenant_id <> ''),
    member_id  TEXT NOT NULL,
    state      TEXT NOT NULL, -- active, ended
    key_hash   BLOB NOT NULL,
    until_at   INTEGER NOT NULL, -- when the key ends
    review_by  INTEGER NOT NULL, -- when the access lapses; 0 for never
    created_at INTEGER NOT NULL,
    details    TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, member_id)
) STRICT, WITHOUT ROWID;

-- Leave for one of staff to see a tenant's data.
CREATE TABLE grants (
    tenant_id TEXT NOT NULL CHECK (tenant_id <> ''),
    grant_id  TEXT NOT NULL,
    holder    TEXT NOT NULL,
    state     TEXT NOT NULL, -- requested, live, expired, lapsed, withdrawn, revoked
    asked_at  INTEGER NOT NULL,
    until_at  INTEGER NOT NULL,
    review_by INTEGER NOT NULL, -- when it lapses; 0 for never
    wake_at   INTEGER NOT NULL, -- when a live one ends by itself; 0 for never
    uses      INTEGER NOT NULL,
    used_at   INTEGER NOT NULL,
    details   TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, grant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_holder ON grants (tenant_id, holder, state);
CREATE INDEX grants_by_time ON grants (tenant_id, asked_at, grant_id);
CREATE INDEX grants_by_wake ON grants (tenant_id, wake_at);

-- +goose Down
DROP TABLE grants;
DROP TABLE staff;
