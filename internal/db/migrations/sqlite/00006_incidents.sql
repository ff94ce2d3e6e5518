-- +goose Up
-- Breaches and legal demands: where each stands, in ids, words of fixed lists and figures.
CREATE TABLE incidents (
    tenant_id   TEXT    NOT NULL CHECK (tenant_id <> ''),
    incident_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    opened_at   INTEGER NOT NULL,
    wake_at     INTEGER NOT NULL, -- when the server has something to do for it; 0 for never
    details     TEXT    NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, incident_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incidents_by_wake ON incidents (tenant_id, wake_at);

-- The people whom a demand names, or whom alone a drill may tell. A row goes with its person.
CREATE TABLE incident_people (
    tenant_id   TEXT NOT NULL CHECK (tenant_id <> ''),
    incident_id TEXT NOT NULL,
    subject_id  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, incident_id, subject_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_people_by_subject ON incident_people (tenant_id, subject_id);

-- +goose Down
DROP TABLE incident_people;
DROP TABLE incidents;
