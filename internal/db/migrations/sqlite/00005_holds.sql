-- +goose Up
-- Legal holds: what of a person is kept when they are erased, why, and until when. What is kept then is a
-- person of its own, under a key of its own, whom this row alone connects with the one who was erased.
CREATE TABLE holds (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    subject_id TEXT    NOT NULL,
    hold_id    TEXT    NOT NULL,
    reason     TEXT    NOT NULL, -- an id: no text, which could be about somebody
    fields     TEXT    NOT NULL, -- JSON list of data-set.field
    copy_id    TEXT    NOT NULL, -- what was kept, as a person; '' until they are erased
    placed_at  INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_by_end ON holds (tenant_id, until_at);

-- Certificates of erasure, from when the erasure is asked for. Once issued, none names the person.
CREATE TABLE certificates (
    tenant_id      TEXT    NOT NULL CHECK (tenant_id <> ''),
    certificate_id TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    about          TEXT    NOT NULL, -- the id that whoever asked gave it
    subject_id     TEXT    NOT NULL, -- who is being erased; '' once they are, and for a tenant
    state          TEXT    NOT NULL,
    keys           TEXT    NOT NULL, -- JSON: ids of the keys destroyed
    removed        TEXT    NOT NULL, -- JSON: what went, by table and data set
    entries        TEXT    NOT NULL, -- JSON: from where in the ledger its entries are looked for
    opened_at      INTEGER NOT NULL,
    erased_at      INTEGER NOT NULL,
    issued_at      INTEGER NOT NULL,
    document       BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, certificate_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificates_by_state ON certificates (tenant_id, state);
CREATE INDEX certificates_by_subject ON certificates (tenant_id, subject_id);

-- What a sweep has to tell when it is over, however often it was interrupted.
ALTER TABLE sweeps ADD COLUMN keys TEXT NOT NULL DEFAULT '';    -- ids of the keys destroyed, comma-separated
ALTER TABLE sweeps ADD COLUMN removed TEXT NOT NULL DEFAULT ''; -- JSON: rows removed so far, by table and data set

-- +goose Down
ALTER TABLE sweeps DROP COLUMN removed;
ALTER TABLE sweeps DROP COLUMN keys;
DROP TABLE certificates;
DROP TABLE holds;
