-- +goose Up
-- Breaches and legal demands: where each stands, in ids, words of fixed lists and figures.
CREATE TABLE incidents (
    tenant_id   TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    incident_id TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    opened_at   BIGINT NOT NULL,
    wake_at     BIGINT NOT NULL, -- when the server has something to do for it; 0 for never
    details     TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, incident_id)
);
CREATE INDEX incidents_by_wake ON incidents (tenant_id, wake_at);

-- The people whom a demand names, or whom alone a drill may tell. A row goes with its person.
CREATE TABLE incident_people (
    tenant_id   TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    incident_id TEXT COLLATE "C" NOT NULL,
    subject_id  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, incident_id, subject_id)
);
CREATE INDEX incident_people_by_subject ON incident_people (tenant_id, subject_id);

ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON incidents
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE incident_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_people FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON incident_people
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE incident_people;
DROP TABLE incidents;
