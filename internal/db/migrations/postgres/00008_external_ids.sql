-- +goose Up
-- By which ids systems outside the vault know a person, under the person's key.
CREATE TABLE external_ids (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,
    set_at     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
);

ALTER TABLE external_ids ENABLE ROW LEVEL SECURITY;
ALTER TABLE external_ids FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON external_ids
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- Walks through those systems that have begun: an erasure of a person or of all the tenant's people, or what
-- else a system is told. A row outlives its person and its tenant, and names nobody.
CREATE TABLE walks (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    walk_id    TEXT COLLATE "C" NOT NULL,
    about      TEXT COLLATE "C" NOT NULL, -- the request it is for; '' for none
    action     TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL, -- '' once the person was erased, and for a tenant
    purposes   TEXT COLLATE "C" NOT NULL, -- comma-separated
    epoch      BIGINT NOT NULL, -- of the walk's own key; 0 for none
    key_id     TEXT COLLATE "C" NOT NULL,
    wrapped    BYTEA NOT NULL,
    lines      TEXT COLLATE "C" NOT NULL, -- JSON: what was done, by system and table
    people     BIGINT NOT NULL, -- gone through, or to be: see state
    tries      BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL,
    next_at    BIGINT NOT NULL, -- when it goes on; 0 for never
    ended_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, walk_id)
);
CREATE INDEX walks_by_about ON walks (tenant_id, about);
CREATE INDEX walks_by_next ON walks (tenant_id, next_at);

ALTER TABLE walks ENABLE ROW LEVEL SECURITY;
ALTER TABLE walks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON walks
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- The external ids of those whom an erasure has still to reach, some people a row, under the walk's key.
CREATE TABLE walk_people (
    tenant_id TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    walk_id   TEXT COLLATE "C" NOT NULL,
    part      TEXT COLLATE "C" NOT NULL,
    sealed    BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, walk_id, part)
);

ALTER TABLE walk_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE walk_people FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON walk_people
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE walk_people;
DROP TABLE walks;
DROP TABLE external_ids;
