-- +goose Up
-- Which purposes disclose to whom, and since when they may. It is public, and names nobody.
CREATE TABLE disclosures (
    purpose    TEXT    NOT NULL,
    recipient  TEXT    NOT NULL,
    version_id TEXT    NOT NULL, -- the version of the policy that brought it
    begins_at  INTEGER NOT NULL, -- from when data may go there; 0 until people were told
    PRIMARY KEY (purpose, recipient)
) STRICT, WITHOUT ROWID;

-- Who newly receives data by a version, as a JSON list of ids: people can opt out of them before it takes effect.
ALTER TABLE policy_versions ADD COLUMN recipients TEXT NOT NULL DEFAULT '[]';

-- The recipients that a tenant has allowed. The ledger says who did, and what was allowed before.
CREATE TABLE allowed_recipients (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    recipient  TEXT    NOT NULL,
    allowed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, recipient)
) STRICT, WITHOUT ROWID;

-- Notices that people asked for on paper: a letter and a clock each.
CREATE TABLE written_notices (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    request_id TEXT    NOT NULL,
    subject_id TEXT    NOT NULL,
    about      TEXT    NOT NULL, -- the event that the notice is about
    asked_at   INTEGER NOT NULL,
    posted_at  INTEGER NOT NULL, -- 0 until the letter was posted
    PRIMARY KEY (tenant_id, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX written_notices_by_subject ON written_notices (tenant_id, subject_id);

-- +goose Down
DROP TABLE written_notices;
DROP TABLE allowed_recipients;
ALTER TABLE policy_versions DROP COLUMN recipients;
DROP TABLE disclosures;
