-- +goose Up
-- What people ask by their rights (GDPR ch. III). A row outlives the person: once they are erased it
-- names nobody, and still proves which right was asked for, when, and when it was answered.
CREATE TABLE requests (
    tenant_id       TEXT    NOT NULL CHECK (tenant_id <> ''),
    request_id      TEXT    NOT NULL,
    subject_id      TEXT    NOT NULL, -- '' once the person was erased
    right_id        TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    clauses         TEXT    NOT NULL, -- those that promise the right, comma-separated
    ground          TEXT    NOT NULL, -- the legal ground of a refusal
    reason          TEXT    NOT NULL, -- why it takes longer, or is void
    sealed          BLOB    NOT NULL, -- what was asked, under the person's key
    opened_at       INTEGER NOT NULL,
    acknowledged_at INTEGER NOT NULL,
    asked_at        INTEGER NOT NULL, -- for proof of identity
    extended_at     INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL,
    link_hash       BLOB    NOT NULL, -- of the link to the package; empty without one
    link_until      INTEGER NOT NULL,
    link_used_at    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_by_state ON requests (tenant_id, state, request_id);
CREATE INDEX requests_by_subject ON requests (tenant_id, subject_id);
CREATE INDEX requests_by_link ON requests (tenant_id, link_hash);

-- +goose Down
DROP TABLE requests;
