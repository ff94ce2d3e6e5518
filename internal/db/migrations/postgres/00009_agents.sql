-- +goose Up
-- Agents who act for people by the Data Rights Protocol: whom the operator trusts, with which key, and the
-- business and tenant that each may ask. They are organisations: no row names a person.
CREATE TABLE agents (
    registration_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    agent_id        TEXT COLLATE "C" NOT NULL, -- as the network's directory knows the agent
    business_id     TEXT COLLATE "C" NOT NULL, -- as it knows the business that is asked
    tenant_id       TEXT COLLATE "C" NOT NULL, -- whose people those of the business are
    title           TEXT COLLATE "C" NOT NULL,
    verify_key      BYTEA NOT NULL, -- Ed25519
    callback        TEXT COLLATE "C" NOT NULL, -- where its status callbacks begin; '' for none
    verification    TEXT COLLATE "C" NOT NULL, -- where people prove who they are
    trusts          TEXT COLLATE "C" NOT NULL, -- claims whose verification by the agent counts, comma-separated
    within          TEXT COLLATE "C" NOT NULL, -- how long proof of identity is waited for
    token_hash      BYTEA NOT NULL, -- SHA-256 of the bearer token; empty before the first
    paired_at       BIGINT NOT NULL, -- the issued-at of the message that made the token
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX agents_by_pair ON agents (agent_id, business_id);
CREATE INDEX agents_by_token ON agents (token_hash);

-- What agents asked. Whose data it is about stands in the request alone.
CREATE TABLE agent_requests (
    tenant_id        TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    exercise_id      TEXT COLLATE "C" NOT NULL,
    registration_id  TEXT COLLATE "C" NOT NULL,
    agent_id         TEXT COLLATE "C" NOT NULL,
    agent_request_id TEXT COLLATE "C" NOT NULL, -- the agent's own name for it
    exercise         TEXT COLLATE "C" NOT NULL,
    regime           TEXT COLLATE "C" NOT NULL,
    request_id       TEXT COLLATE "C" NOT NULL, -- the request it opened; '' where it was denied at once
    other_id         TEXT COLLATE "C" NOT NULL, -- a second one, where an opt-out takes two
    denied           TEXT COLLATE "C" NOT NULL, -- why it was denied at once
    digest           BYTEA NOT NULL, -- SHA-256 of the signed message: it has one effect
    callback         TEXT COLLATE "C" NOT NULL, -- where the agent is told; '' for nowhere
    told             BYTEA NOT NULL, -- SHA-256 of the status it was last told
    tries            BIGINT NOT NULL,
    received_at      BIGINT NOT NULL,
    ended_at         BIGINT NOT NULL,
    next_at          BIGINT NOT NULL, -- when it is looked at again
    PRIMARY KEY (tenant_id, exercise_id)
);
CREATE UNIQUE INDEX agent_requests_by_digest ON agent_requests (tenant_id, digest);
CREATE INDEX agent_requests_by_request ON agent_requests (tenant_id, request_id);
CREATE INDEX agent_requests_by_other ON agent_requests (tenant_id, other_id);
CREATE INDEX agent_requests_by_next ON agent_requests (tenant_id, next_at);

ALTER TABLE agent_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON agent_requests
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE agent_requests;
DROP TABLE agents;
