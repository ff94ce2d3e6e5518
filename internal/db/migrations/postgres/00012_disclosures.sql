-- +goose Up
-- Which purposes disclose to whom, and since when they may. It is public, and names nobody.
CREATE TABLE disclosures (
    purpose    TEXT COLLATE "C" NOT NULL,
    recipient  TEXT COLLATE "C" NOT NULL,
    version_id TEXT COLLATE "C" NOT NULL, -- the version of the policy that brought it
    begins_at  BIGINT NOT NULL, -- from when data may go there; 0 until people were told
    PRIMARY KEY (purpose, recipient)
);

-- Who newly receives data by a version, as a JSON list of ids: people can opt out of them before it takes effect.
ALTER TABLE policy_versions ADD COLUMN recipients TEXT COLLATE "C" NOT NULL DEFAULT '[]';

-- The recipients that a tenant has allowed. The ledger says who did, and what was allowed before.
CREATE TABLE allowed_recipients (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    recipient  TEXT COLLATE "C" NOT NULL,
    allowed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, recipient)
);

-- Notices that people asked for on paper: a letter and a clock each.
CREATE TABLE written_notices (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    request_id TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    about      TEXT COLLATE "C" NOT NULL, -- the event that the notice is about
    asked_at   BIGINT NOT NULL,
    posted_at  BIGINT NOT NULL, -- 0 until the letter was posted
    PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX written_notices_by_subject ON written_notices (tenant_id, subject_id);

ALTER TABLE allowed_recipients ENABLE ROW LEVEL SECURITY;
ALTER TABLE allowed_recipients FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON allowed_recipients
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE written_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE written_notices FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON written_notices
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE written_notices;
DROP TABLE allowed_recipients;
ALTER TABLE policy_versions DROP COLUMN recipients;
DROP TABLE disclosures;
