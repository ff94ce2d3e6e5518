-- The spine: tenants, keys, records, ledger. Times are microseconds since 1970 UTC, 0 for none.
-- tenant_id comes first in every key of tenant data: it is the column by which the store is divided.

-- +goose Up
CREATE TABLE tenants (
    tenant_id   TEXT    NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    title       TEXT    NOT NULL,
    region      TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('active', 'erased')),
    created_at  INTEGER NOT NULL
) STRICT, ;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, ;

CREATE TABLE credentials (
    credential_id TEXT    NOT NULL PRIMARY KEY,
    title         TEXT    NOT NULL,
    secret_hash   BLOB    NOT NULL,
    tenants       TEXT    NOT NULL, -- JSON lists
    purposes      TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    environment   TEXT    NOT NULL,
    expires_at    INTEGER NOT NULL,
    revoked_at    INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, ;

CREATE TABLE evidence (
    clause_id TEXT    NOT NULL,
    control   TEXT    NOT NULL,
    probed_at INTEGER NOT NULL,
    outcome   TEXT    NOT NULL,
    detail    TEXT    NOT NULL, -- JSON
    PRIMARY KEY (clause_id, control, probed_at)
) STRICT, ;

CREATE TABLE tenant_keys (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    key_id     TEXT    NOT NULL,
    epoch      INTEGER NOT NULL,
    wrapped    BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
) STRICT, ;

CREATE TABLE subjects (
    tenant_id     TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id    TEXT    NOT NULL,
    tenant_key_id TEXT    NOT NULL,
    key_id        TEXT    NOT NULL,
    wrapped       BLOB    NOT NULL,
    sealed        BLOB    NOT NULL, -- alias, consents, objections, restriction
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
) STRICT;
CREATE INDEX subjects_by_tenant_key ON subjects (tenant_id, tenant_key_id, subject_id);

CREATE TABLE records (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT    NOT NULL,
    data_set   TEXT    NOT NULL,
    record_id  TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, data_set, record_id)
) STRICT;

CREATE TABLE lookups (
    tenant_id     TEXT NOT NULL CHECK (tenant_id <> ''),
    data_set      TEXT NOT NULL,
    field         TEXT NOT NULL,
    hash          BLOB NOT NULL, -- keyed hash of the value
    slot          TEXT NOT NULL, -- '' for a unique field, else the record: what makes the key unique
    subject_id    TEXT NOT NULL,
    record_id     TEXT NOT NULL,
    tenant_key_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, data_set, field, hash, slot)
) STRICT, ;
CREATE INDEX lookups_by_record ON lookups (tenant_id, subject_id, data_set, record_id);

CREATE TABLE blobs (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    blob_id    TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, blob_id)
) STRICT, ;
CREATE INDEX blobs_by_subject ON blobs (tenant_id, subject_id);

CREATE TABLE idempotency (
    tenant_id     TEXT    NOT NULL CHECK (tenant_id <> ''),
    credential_id TEXT    NOT NULL,
    key_hash      BLOB    NOT NULL,
    request_hash  BLOB    NOT NULL,
    subject_id    TEXT    NOT NULL,
    outcome       BLOB    NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, credential_id, key_hash)
) STRICT, ;
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);
CREATE INDEX idempotency_by_subject ON idempotency (tenant_id, subject_id);

CREATE TABLE sweeps (
    tenant_id    TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id   TEXT    NOT NULL, -- '' for the whole tenant
    requested_at INTEGER NOT NULL,
    done_at      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
) STRICT, ;

CREATE TABLE ledger_heads (
    tenant_id  TEXT    NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    size       INTEGER NOT NULL,
    edge       BLOB    NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, ;

CREATE TABLE ledger_chunks (
    tenant_id TEXT    NOT NULL CHECK (tenant_id <> ''),
    first     INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    entries   BLOB    NOT NULL,
    hashes    BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, first)
) STRICT;

-- +goose Down
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
