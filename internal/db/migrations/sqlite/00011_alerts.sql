-- +goose Up
-- What somebody on call has to know and to answer: ids, words of fixed lists and figures.
CREATE TABLE alerts (
    tenant_id TEXT NOT NULL CHECK (tenant_id <> ''),
    alert_id  TEXT NOT NULL,
    kind      TEXT NOT NULL,
    cause     TEXT NOT NULL, -- an id that is the same whenever it is raised again
    state     TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    wake_at   INTEGER NOT NULL, -- when the server looks whether its cause is over; 0 for never
    details   TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, alert_id)
) STRICT, WITHOUT ROWID;
-- A cause has one alert at a time.
CREATE UNIQUE INDEX alerts_by_cause ON alerts (tenant_id, kind, cause) WHERE state <> 'resolved';
CREATE INDEX alerts_by_time ON alerts (tenant_id, raised_at, alert_id);
CREATE INDEX alerts_by_wake ON alerts (tenant_id, wake_at);

-- +goose Down
DROP TABLE alerts;
