-- +goose Up
-- What people consented to, and withdrew, and what they were shown when they did (GDPR art. 7(1)): all of it
-- sealed under the person's key.
CREATE TABLE consents (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT    NOT NULL,
    consent_id TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, consent_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE consents;
