-- +goose Up
-- Security tests, their findings, exercises, and what researchers report: ids, words of fixed lists and
-- figures. What a researcher wrote is sealed.
CREATE TABLE assurance (
    tenant_id TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    item_id   TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    state     TEXT COLLATE "C" NOT NULL,
    about     TEXT COLLATE "C" NOT NULL, -- the application; '' for none
    reference TEXT COLLATE "C" NOT NULL, -- the company's own id of it; '' for none
    opened_at BIGINT NOT NULL,
    wake_at   BIGINT NOT NULL, -- when the server has something to do for it; 0 for never
    details   TEXT COLLATE "C" NOT NULL, -- JSON
    epoch     BIGINT NOT NULL, -- whose key opens sealed; 0 for none
    sealed    BYTEA NOT NULL, -- what a researcher wrote
    PRIMARY KEY (tenant_id, item_id)
);
CREATE INDEX assurance_by_kind ON assurance (tenant_id, kind, opened_at, item_id);
CREATE INDEX assurance_by_about ON assurance (tenant_id, kind, about, state);
CREATE INDEX assurance_by_reference ON assurance (tenant_id, kind, reference);
CREATE INDEX assurance_by_wake ON assurance (tenant_id, wake_at);

ALTER TABLE assurance ENABLE ROW LEVEL SECURITY;
ALTER TABLE assurance FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON assurance
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE assurance;
