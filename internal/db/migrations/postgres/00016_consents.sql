-- +goose Up
-- What people consented to, and withdrew, and what they were shown when they did (GDPR art. 7(1)): all of it
-- sealed under the person's key.
CREATE TABLE consents (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT COLLATE "C" NOT NULL,
    consent_id TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, consent_id)
);

ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE consents FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON consents
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE consents;
