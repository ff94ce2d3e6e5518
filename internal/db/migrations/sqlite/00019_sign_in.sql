-- +goose Up
-- By what somebody is found beside their records: the account they have with an identity provider. The hash is
-- keyed by the tenant's key of the epoch; the value lies sealed under the person's key, to be hashed anew.
CREATE TABLE handles (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    kind       TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    subject_id TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    made_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX handles_by_subject ON handles (tenant_id, subject_id, kind);

-- Sign-ins that went out to a provider and have not come back: each comes back once. Hashes alone; whose they will
-- be is not known.
CREATE TABLE sign_ins (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    state_hash BLOB    NOT NULL,
    provider   TEXT    NOT NULL,
    browser    BLOB    NOT NULL, -- the hash of the cookie of the browser that it began in
    subject_id TEXT    NOT NULL, -- who adds the provider to their account; '' for who signs in
    back       TEXT    NOT NULL, -- where they wanted to go
    until_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, state_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_by_time ON sign_ins (tenant_id, until_at);

-- Members of staff by the account they have with an identity provider, of which a keyed hash is kept.
CREATE TABLE staff_identities (
    tenant_id     TEXT    NOT NULL CHECK (tenant_id <> ''),
    identity_hash BLOB    NOT NULL,
    member_id     TEXT    NOT NULL,
    made_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, identity_hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE staff_identities;
DROP TABLE sign_ins;
DROP TABLE handles;
