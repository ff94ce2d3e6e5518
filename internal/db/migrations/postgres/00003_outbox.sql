-- +goose Up
-- What is to be told to people and staff. A row is written in the transaction of its cause, so a message
-- is sent if and only if that happened. It holds no address and no name: those are read when it is sent.
CREATE TABLE outbox (
    tenant_id  TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    message_id TEXT COLLATE "C" NOT NULL, -- of the event, the reader and the channel: one event is told once
    event      TEXT COLLATE "C" NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C" NOT NULL, -- the person it is for, or ''
    owner      TEXT COLLATE "C" NOT NULL, -- the role of the staff it is for, or ''
    template   TEXT COLLATE "C" NOT NULL,
    language   TEXT COLLATE "C" NOT NULL,
    details    TEXT COLLATE "C" NOT NULL, -- JSON of ids and figures
    state      TEXT COLLATE "C" NOT NULL,
    tries      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL, -- when it is tried next; 0 for never
    ended_at   BIGINT NOT NULL, -- when it was sent, read, or given up
    outcome    TEXT COLLATE "C" NOT NULL, -- why it was given up, or the receipt of who took it
    PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX outbox_by_time ON outbox (tenant_id, next_at);
CREATE INDEX outbox_by_subject ON outbox (tenant_id, subject_id, created_at);
CREATE INDEX outbox_by_event ON outbox (tenant_id, event);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON outbox
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE outbox;
