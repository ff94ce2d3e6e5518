-- +goose Up
-- Who can sign in. What proves a person (password hash, second factor) is sealed under the person's key;
-- where they are reached stands in the vault alone.
CREATE TABLE accounts (
    tenant_id   TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id  TEXT    NOT NULL,
    state       TEXT    NOT NULL, -- enrolling, unverified, active
    sealed      BYTEA   NOT NULL,
    totp_step   BIGINT  NOT NULL, -- the last one taken: no code is taken twice
    created_at  BIGINT  NOT NULL,
    verified_at BIGINT  NOT NULL,
    expires_at  BIGINT  NOT NULL, -- when an account that was not verified is erased; 0 for never
    PRIMARY KEY (tenant_id, subject_id)
);
CREATE INDEX accounts_by_expiry ON accounts (tenant_id, expires_at);

-- Codes sent by mail. The code itself is stored nowhere.
CREATE TABLE account_codes (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    code_id    TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- verify, recover
    tries      BIGINT  NOT NULL,
    made_at    BIGINT  NOT NULL,
    until_at   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, code_id)
);
CREATE INDEX account_codes_by_subject ON account_codes (tenant_id, subject_id, kind);

CREATE TABLE sessions (
    tenant_id   TEXT    NOT NULL CHECK (tenant_id <> ''),
    session_id  TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    secret_hash BYTEA   NOT NULL,
    half        BIGINT  NOT NULL, -- 1: the second factor is still to be proven
    began_at    BIGINT  NOT NULL,
    seen_at     BIGINT  NOT NULL,
    strong_at   BIGINT  NOT NULL,
    until_at    BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, session_id)
);
CREATE INDEX sessions_by_subject ON sessions (tenant_id, subject_id);

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON accounts
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE account_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON account_codes
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sessions
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE sessions;
DROP TABLE account_codes;
DROP TABLE accounts;
