-- +goose Up
-- What somebody on call has to know and to answer: ids, words of fixed lists and figures.
CREATE TABLE alerts (
    tenant_id TEXT COLLATE "C" NOT NULL CHECK (tenant_id <> ''),
    alert_id  TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    cause     TEXT COLLATE "C" NOT NULL, -- an id that is the same whenever it is raised again
    state     TEXT COLLATE "C" NOT NULL,
    raised_at BIGINT NOT NULL,
    wake_at   BIGINT NOT NULL, -- when the server looks whether its cause is over; 0 for never
    details   TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant_id, alert_id)
);
-- A cause has one alert at a time.
CREATE UNIQUE INDEX alerts_by_cause ON alerts (tenant_id, kind, cause) WHERE state <> 'resolved';
CREATE INDEX alerts_by_time ON alerts (tenant_id, raised_at, alert_id);
CREATE INDEX alerts_by_wake ON alerts (tenant_id, wake_at);

ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON alerts
    USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));

-- +goose Down
DROP TABLE alerts;
