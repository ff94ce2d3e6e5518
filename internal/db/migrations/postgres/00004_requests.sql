-- +goose Up
-- What people ask by their rights (GDPR ch. III). A row outlives the person: once they are erased it
-- names nobody, and still proves which right was asked for, when, and when it was answered.
CREATE TABLE requests (
    tenant_id       TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    request_id      TEXT COLLATE "C" NOT NULL,
    subject_id      TEXT COLLATE "C" NOT NULL, -- '' once the person was erased
    right_id        TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    clauses         TEXT COLLATE "C" NOT NULL, -- those that promise the right, comma-separated
    ground          TEXT COLLATE "C" NOT NULL, -- the legal ground of a refusal
    reason          TEXT COLLATE "C" NOT NULL, -- why it takes longer, or is void
    sealed          BYTEA NOT NULL, -- what was asked, under the person's key
    opened_at       BIGINT NOT NULL,
    acknowledged_at BIGINT NOT NULL,
    asked_at        BIGINT NOT NULL, -- for proof of identity
    extended_at     BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL,
    link_hash       BYTEA NOT NULL, -- of the link to the package; empty without one
    link_until      BIGINT NOT NULL,
    link_used_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX requests_by_state ON requests (tenant_id, state, request_id);
CREATE INDEX requests_by_subject ON requests (tenant_id, subject_id);
CREATE INDEX requests_by_link ON requests (tenant_id, link_hash);

ALTER TABLE requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON requests
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE requests;
