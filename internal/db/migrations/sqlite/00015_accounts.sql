-- +goose Up
-- Who can sign in. What proves a person (password hash, second factor) is sealed under the person's key;
-- where they are reached stands in the vault alone.
CREATE TABLE accounts (
    tenant_id   TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id  TEXT    NOT NULL,
    state       TEXT    NOT NULL, -- enrolling, unverified, active
    sealed      BLOB    NOT NULL,
    totp_step   INTEGER NOT NULL, -- the last one taken: no code is taken twice
    created_at  INTEGER NOT NULL,
    verified_at INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL, -- when an account that was not verified is erased; 0 for never
    PRIMARY KEY (tenant_id, subject_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_expiry ON accounts (tenant_id, expires_at);

-- Codes sent by mail. The code itself is stored nowhere.
CREATE TABLE account_codes (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    code_id    TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- verify, recover
    tries      INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, code_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_codes_by_subject ON account_codes (tenant_id, subject_id, kind);

CREATE TABLE sessions (
    tenant_id   TEXT    NOT NULL CHECK (tenant_id <> ''),
    session_id  TEXT    NOT NULL,
    subject_id  TEXT    NOT NULL,
    secret_hash BLOB    NOT NULL,
    half        INTEGER NOT NULL, -- 1: the second factor is still to be proven
    began_at    INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    strong_at   INTEGER NOT NULL,
    until_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, session_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_subject ON sessions (tenant_id, subject_id);

-- +goose Down
DROP TABLE sessions;
DROP TABLE account_codes;
DROP TABLE accounts;
