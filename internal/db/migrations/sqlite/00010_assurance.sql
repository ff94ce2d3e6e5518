-- +goose Up
-- Security tests, their findings, exercises, and what researchers report: ids, words of fixed lists and
-- figures. What a researcher wrote is sealed.
CREATE TABLE assurance (
    tenant_id TEXT    NOT NULL CHECK (tenant_id <> ''),
    item_id   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    about     TEXT    NOT NULL, -- the application; '' for none
    reference TEXT    NOT NULL, -- the company's own id of it; '' for none
    opened_at INTEGER NOT NULL,
    wake_at   INTEGER NOT NULL, -- when the server has something to do for it; 0 for never
    details   TEXT    NOT NULL, -- JSON
    epoch     INTEGER NOT NULL, -- whose key opens sealed; 0 for none
    sealed    BLOB    NOT NULL, -- what a researcher wrote
    PRIMARY KEY (tenant_id, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX assurance_by_kind ON assurance (tenant_id, kind, opened_at, item_id);
CREATE INDEX assurance_by_about ON assurance (tenant_id, kind, about, state);
CREATE INDEX assurance_by_reference ON assurance (tenant_id, kind, reference);
CREATE INDEX assurance_by_wake ON assurance (tenant_id, wake_at);

-- +goose Down
DROP TABLE assurance;
