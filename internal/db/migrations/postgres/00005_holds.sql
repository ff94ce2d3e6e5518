-- +goose Up
-- Legal holds: what of a person is kept when they are erased, why, and until when. What is kept then is a
-- person of its own, under a key of its own, whom this row alone connects with the one who was erased.
CREATE TABLE holds (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT COLLATE "C" NOT NULL,
    hold_id    TEXT COLLATE "C" NOT NULL,
    reason     TEXT COLLATE "C" NOT NULL, -- an id: no text, which could be about somebody
    fields     TEXT COLLATE "C" NOT NULL, -- JSON list of data-set.field
    copy_id    TEXT COLLATE "C" NOT NULL, -- what was kept, as a person; '' until they are erased
    placed_at  BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
);
CREATE INDEX holds_by_end ON holds (tenant_id, until_at);

-- Certificates of erasure, from when the erasure is asked for. Once issued, none names the person.
CREATE TABLE certificates (
    tenant_id      TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    certificate_id TEXT COLLATE "C" NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    about          TEXT COLLATE "C" NOT NULL, -- the id that whoever asked gave it
    subject_id     TEXT COLLATE "C" NOT NULL, -- who is being erased; '' once they are, and for a tenant
    state          TEXT COLLATE "C" NOT NULL,
    keys           TEXT COLLATE "C" NOT NULL, -- JSON: ids of the keys destroyed
    removed        TEXT COLLATE "C" NOT NULL, -- JSON: what went, by table and data set
    entries        TEXT COLLATE "C" NOT NULL, -- JSON: from where in the ledger its entries are looked for
    opened_at      BIGINT NOT NULL,
    erased_at      BIGINT NOT NULL,
    issued_at      BIGINT NOT NULL,
    document       BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, certificate_id)
);
CREATE INDEX certificates_by_state ON certificates (tenant_id, state);
CREATE INDEX certificates_by_subject ON certificates (tenant_id, subject_id);

-- What a sweep has to tell when it is over, however often it was interrupted.
ALTER TABLE sweeps ADD COLUMN keys TEXT COLLATE "C" NOT NULL DEFAULT '';    -- ids of the keys destroyed, comma-separated
ALTER TABLE sweeps ADD COLUMN removed TEXT COLLATE "C" NOT NULL DEFAULT ''; -- JSON: rows removed so far, by table and data set

ALTER TABLE holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE holds FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON holds
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

ALTER TABLE certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificates FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON certificates
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
ALTER TABLE sweeps DROP COLUMN removed;
ALTER TABLE sweeps DROP COLUMN keys;
DROP TABLE certificates;
DROP TABLE holds;
