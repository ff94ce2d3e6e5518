-- +goose Up
-- An application's keys: while one takes the place of another, both work.
CREATE TABLE application_keys (
    key_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    credential_id TEXT COLLATE "C" NOT NULL,
    secret_hash   BYTEA NOT NULL, -- SHA-256 of the key
    expires_at    BIGINT NOT NULL, -- 0 for never
    created_at    BIGINT NOT NULL
);
CREATE INDEX application_keys_by_credential ON application_keys (credential_id);
CREATE INDEX application_keys_by_expiry ON application_keys (expires_at);
INSERT INTO application_keys (key_id, credential_id, secret_hash, expires_at, created_at)
    SELECT credential_id, credential_id, secret_hash, 0, created_at FROM credentials;
ALTER TABLE credentials DROP COLUMN secret_hash;

-- +goose Down
ALTER TABLE credentials ADD COLUMN secret_hash BYTEA NOT NULL DEFAULT '';
UPDATE credentials SET secret_hash = k.secret_hash FROM application_keys k WHERE k.key_id = credentials.credential_id;
DROP TABLE application_keys;
