-- +goose Up
-- Passkeys. The key, its name and when it was used are sealed under the person's key. A row's id is a keyed
-- hash of the credential's: no two people have one.
CREATE TABLE passkeys (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    passkey_id TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,
    added_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, passkey_id)
);
CREATE INDEX passkeys_by_subject ON passkeys (tenant_id, subject_id, added_at);

-- Challenges that were answered, until they are over: none is answered twice.
CREATE TABLE spent_challenges (
    tenant_id    TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    challenge_id TEXT COLLATE "C" NOT NULL,
    until_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, challenge_id)
);
CREATE INDEX spent_challenges_by_end ON spent_challenges (tenant_id, until_at);

ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkeys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON passkeys
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE spent_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE spent_challenges FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON spent_challenges
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE spent_challenges;
DROP TABLE passkeys;
