-- +goose Up
-- What is to be told to people and staff. A row is written in the transaction of its cause, so a message
-- is sent if and only if that happened. It holds no address and no name: those are read when it is sent.
CREATE TABLE outbox (
    tenant_id  TEXT    NOT NULL CHECK (tenant_id <> ''),
    message_id TEXT    NOT NULL, -- of the event, the reader and the channel: one event is told once
    event      TEXT    NOT NULL,
    channel    TEXT    NOT NULL,
    subject_id TEXT    NOT NULL, -- the person it is for, or ''
    owner      TEXT    NOT NULL, -- the role of the staff it is for, or ''
    template   TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    details    TEXT    NOT NULL, -- JSON of ids and figures
    state      TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL, -- when it is tried next; 0 for never
    ended_at   INTEGER NOT NULL, -- when it was sent, read, or given up
    outcome    TEXT    NOT NULL, -- why it was given up, or the receipt of who took it
    PRIMARY KEY (tenant_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_time ON outbox (tenant_id, next_at);
CREATE INDEX outbox_by_subject ON outbox (tenant_id, subject_id, created_at);
CREATE INDEX outbox_by_event ON outbox (tenant_id, event);

-- +goose Down
DROP TABLE outbox;
