-- +goose Up
-- By what somebody is found beside their records: the account they have with an identity provider. The hash is
-- keyed by the tenant's key of the epoch; the value lies sealed under the person's key, to be hashed anew.
CREATE TABLE handles (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    kind       TEXT COLLATE "C" NOT NULL,
    hash       BYTEA   NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA   NOT NULL,
    made_at    BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, kind, hash)
);
CREATE INDEX handles_by_subject ON handles (tenant_id, subject_id, kind);

-- Sign-ins that went out to a provider and have not come back: each comes back once. Hashes alone; whose they will
-- be is not known.
CREATE TABLE sign_ins (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    state_hash BYTEA   NOT NULL,
    provider   TEXT COLLATE "C" NOT NULL,
    browser    BYTEA   NOT NULL, -- the hash of the cookie of the browser that it began in
    subject_id TEXT COLLATE "C" NOT NULL, -- who adds the provider to their account; '' for who signs in
    back       TEXT COLLATE "C" NOT NULL, -- where they wanted to go
    until_at   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, state_hash)
);
CREATE INDEX sign_ins_by_time ON sign_ins (tenant_id, until_at);

-- Members of staff by the account they have with an identity provider, of which a keyed hash is kept.
CREATE TABLE staff_identities (
    tenant_id     TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    identity_hash BYTEA   NOT NULL,
    member_id     TEXT COLLATE "C" NOT NULL,
    made_at       BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, identity_hash)
);

ALTER TABLE handles ENABLE ROW LEVEL SECURITY;
ALTER TABLE handles FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON handles
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE sign_ins ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_ins FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sign_ins
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE staff_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_identities FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON staff_identities
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE staff_identities;
DROP TABLE sign_ins;
DROP TABLE handles;
