-- +goose Up
-- Agents who act for people by the Data Rights Protocol: whom the operator trusts, with which key, and the
-- business and tenant that each may ask. They are organisations: no row names a person.
CREATE TABLE agents (
    registration_id TEXT    NOT NULL PRIMARY KEY,
    agent_id        TEXT    NOT NULL, -- as the network's directory knows the agent
    business_id     TEXT    NOT NULL, -- as it knows the business that is asked
    tenant_id       TEXT    NOT NULL, -- whose people those of the business are
    title           TEXT    NOT NULL,
    verify_key      BLOB    NOT NULL, -- Ed25519
    callback        TEXT    NOT NULL, -- where its status callbacks begin; '' for none
    verification    TEXT    NOT NULL, -- where people prove who they are
    trusts          TEXT    NOT NULL, -- claims whose verification by the agent counts, comma-separated
    within          TEXT    NOT NULL, -- how long proof of identity is waited for
    token_hash      BLOB    NOT NULL, -- SHA-256 of the bearer token; empty before the first
    paired_at       INTEGER NOT NULL, -- the issued-at of the message that made the token
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agents_by_pair ON agents (agent_id, business_id);
CREATE INDEX agents_by_token ON agents (token_hash);

-- What agents asked. Whose data it is about stands in the request alone.
CREATE TABLE agent_requests (
    tenant_id        TEXT    NOT NULL CHECK (tenant_id <> ''),
    exercise_id      TEXT    NOT NULL,
    registration_id  TEXT    NOT NULL,
    agent_id         TEXT    NOT NULL,
    agent_request_id TEXT    NOT NULL, -- the agent's own name for it
    exercise         TEXT    NOT NULL,
    regime           TEXT    NOT NULL,
    request_id       TEXT    NOT NULL, -- the request it opened; '' where it was denied at once
    other_id         TEXT    NOT NULL, -- a second one, where an opt-out takes two
    denied           TEXT    NOT NULL, -- why it was denied at once
    digest           BLOB    NOT NULL, -- SHA-256 of the signed message: it has one effect
    callback         TEXT    NOT NULL, -- where the agent is told; '' for nowhere
    told             BLOB    NOT NULL, -- SHA-256 of the status it was last told
    tries            INTEGER NOT NULL,
    received_at      INTEGER NOT NULL,
    ended_at         INTEGER NOT NULL,
    next_at          INTEGER NOT NULL, -- when it is looked at again
    PRIMARY KEY (tenant_id, exercise_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agent_requests_by_digest ON agent_requests (tenant_id, digest);
CREATE INDEX agent_requests_by_request ON agent_requests (tenant_id, request_id);
CREATE INDEX agent_requests_by_other ON agent_requests (tenant_id, other_id);
CREATE INDEX agent_requests_by_next ON agent_requests (tenant_id, next_at);

-- +goose Down
DROP TABLE agent_requests;
DROP TABLE agents;
