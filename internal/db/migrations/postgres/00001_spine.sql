-- The spine: tenants, keys, records, ledger. Times are microseconds since 1970 UTC, 0 for none.
-- tenant_id comes first in every key of tenant data: it is the column by which the store is divided.
-- COLLATE "C" orders text as SQLite does, whatever the database's locale.

-- +goose Up
CREATE TABLE tenants (
    tenant_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    title       TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'erased')),
    created_at  BIGINT NOT NULL
);

CREATE TABLE meta (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE credentials (
    credential_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title         TEXT COLLATE "C" NOT NULL,
    secret_hash   BYTEA NOT NULL,
    tenants       TEXT COLLATE "C" NOT NULL, -- JSON lists
    purposes      TEXT COLLATE "C" NOT NULL,
    scopes        TEXT COLLATE "C" NOT NULL,
    environment   TEXT COLLATE "C" NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE evidence (
    clause_id TEXT COLLATE "C" NOT NULL,
    control   TEXT COLLATE "C" NOT NULL,
    probed_at BIGINT NOT NULL,
    outcome   TEXT COLLATE "C" NOT NULL,
    detail    TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (clause_id, control, probed_at)
);

CREATE TABLE tenant_keys (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    key_id     TEXT COLLATE "C" NOT NULL,
    epoch      BIGINT NOT NULL,
    wrapped    BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);

CREATE TABLE subjects (
    tenant_id     TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id    TEXT COLLATE "C" NOT NULL,
    tenant_key_id TEXT COLLATE "C" NOT NULL,
    key_id        TEXT COLLATE "C" NOT NULL,
    wrapped       BYTEA NOT NULL,
    sealed        BYTEA NOT NULL, -- alias, consents, objections, restriction
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
);
CREATE INDEX subjects_by_tenant_key ON subjects (tenant_id, tenant_key_id, subject_id);

CREATE TABLE records (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT COLLATE "C" NOT NULL,
    data_set   TEXT COLLATE "C" NOT NULL,
    record_id  TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, data_set, record_id)
);

CREATE TABLE lookups (
    tenant_id     TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    data_set      TEXT COLLATE "C" NOT NULL,
    field         TEXT COLLATE "C" NOT NULL,
    hash          BYTEA NOT NULL, -- keyed hash of the value
    slot          TEXT COLLATE "C" NOT NULL, -- '' for a unique field, else the record: what makes the key unique
    subject_id    TEXT COLLATE "C" NOT NULL,
    record_id     TEXT COLLATE "C" NOT NULL,
    tenant_key_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, data_set, field, hash, slot)
);
CREATE INDEX lookups_by_record ON lookups (tenant_id, subject_id, data_set, record_id);

CREATE TABLE blobs (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    blob_id    TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    size       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, blob_id)
);
CREATE INDEX blobs_by_subject ON blobs (tenant_id, subject_id);

CREATE TABLE idempotency (
    tenant_id     TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    credential_id TEXT COLLATE "C" NOT NULL,
    key_hash      BYTEA NOT NULL,
    request_hash  BYTEA NOT NULL,
    subject_id    TEXT COLLATE "C" NOT NULL,
    outcome       BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, credential_id, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);
CREATE INDEX idempotency_by_subject ON idempotency (tenant_id, subject_id);

CREATE TABLE sweeps (
    tenant_id    TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id   TEXT COLLATE "C" NOT NULL, -- '' for the whole tenant
    requested_at BIGINT NOT NULL,
    done_at      BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
);

CREATE TABLE ledger_heads (
    tenant_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    size       BIGINT NOT NULL,
    edge       BYTEA NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE ledger_chunks (
    tenant_id TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    first     BIGINT NOT NULL,
    count     BIGINT NOT NULL,
    entries   BYTEA NOT NULL,
    hashes    BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, first)
);

-- Whose turn it is to write: every transaction that writes for a tenant locks the tenant's row first,
-- so that its writes follow one another however many servers there are. '' is the organisation's.
CREATE TABLE turns (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- The second wall between tenants. FORCE binds the owner too; a session that has not set app.tenant
-- sees nothing, since no tenant_id is NULL or ''.
ALTER TABLE tenant_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenant_keys
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE subjects ENABLE ROW LEVEL SECURITY;
ALTER TABLE subjects FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON subjects
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE records ENABLE ROW LEVEL SECURITY;
ALTER TABLE records FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON records
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE lookups ENABLE ROW LEVEL SECURITY;
ALTER TABLE lookups FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON lookups
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE blobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE blobs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON blobs
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON idempotency
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE sweeps ENABLE ROW LEVEL SECURITY;
ALTER TABLE sweeps FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON sweeps
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE ledger_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON ledger_heads
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
ALTER TABLE ledger_chunks ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_chunks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON ledger_chunks
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE turns;
DROP TABLE ledger_chunks;
DROP TABLE ledger_heads;
DROP TABLE sweeps;
DROP TABLE idempotency;
DROP TABLE blobs;
DROP TABLE lookups;
DROP TABLE records;
DROP TABLE subjects;
DROP TABLE tenant_keys;
DROP TABLE evidence;
DROP TABLE credentials;
DROP TABLE meta;
DROP TABLE tenants;
