-- +goose Up
-- Passkeys. The key, its name and when it was used are sealed under the person's key. A row's id is a keyed
-- hash of the credential's: no two people have one.
CREATE TABLE passkeys (
    tenant_id  TEXT NOT NULL CHECK (tenant_id <> ''),
    passkey_id TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    added_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, passkey_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_subject ON passkeys (tenant_id, subject_id, added_at);

-- Challenges that were answered, until they are over: none is answered twice.
CREATE TABLE spent_challenges (
    tenant_id    TEXT NOT NULL CHECK (tenant_id <> ''),
    challenge_id TEXT NOT NULL,
    until_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, challenge_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_challenges_by_end ON spent_challenges (tenant_id, until_at);

-- +goose Down
DROP TABLE spent_challenges;
DROP TABLE passkeys;
