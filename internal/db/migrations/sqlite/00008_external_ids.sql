-- +goose Up
-- By which ids systems outside the vault know a person, under the person's key.
CREATE TABLE external_ids (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT    NOT NULL,
    sealed     BLOB NOT NULL,
    set_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
) STRICT, WITHOUT ROWID;

-- Walks through those systems that have begun: an erasure of a person or of all the tenant's people, or what
-- else a system is told. A row outlives its person and its tenant, and names nobody.
CREATE TABLE walks (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    walk_id    TEXT    NOT NULL,
    about      TEXT    NOT NULL, -- the request it is for; '' for none
    action     TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    subject_id TEXT    NOT NULL, -- '' once the person was erased, and for a tenant
    purposes   TEXT    NOT NULL, -- comma-separated
    epoch      INTEGER NOT NULL, -- of the walk's own key; 0 for none
    key_id     TEXT    NOT NULL,
    wrapped    BLOB NOT NULL,
    lines      TEXT    NOT NULL, -- JSON: what was done, by system and table
    people     INTEGER NOT NULL, -- gone through, or to be: see state
    tries      INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    next_at    INTEGER NOT NULL, -- when it goes on; 0 for never
    ended_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, walk_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX walks_by_about ON walks (tenant_id, about);
CREATE INDEX walks_by_next ON walks (tenant_id, next_at);

-- The external ids of those whom an erasure has still to reach, some people a row, under the walk's key.
CREATE TABLE walk_people (
    tenant_id TEXT    NOT NULL CHECK (tenant_id <> ''),
    walk_id   TEXT    NOT NULL,
    part      TEXT    NOT NULL,
    sealed    BLOB NOT NULL,
    PRIMARY KEY (tenant_id, walk_id, part)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE walk_people;
DROP TABLE walks;
DROP TABLE external_ids;
