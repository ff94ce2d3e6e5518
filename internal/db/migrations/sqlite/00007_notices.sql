-- +goose Up
-- The versions of the policy: the one in force, those before it, and those that people are told of before
-- they take effect. It is public text, and names nobody.
CREATE TABLE policy_versions (
    version_id    TEXT    NOT NULL PRIMARY KEY,
    digest        TEXT    NOT NULL, -- SHA-256 of source
    base          TEXT    NOT NULL, -- digest of the version it was compared with; '' for none
    source        BLOB    NOT NULL, -- the file
    state         TEXT    NOT NULL,
    drill         TEXT    NOT NULL, -- the canary tenant whose people alone are told of it; '' for a real one
    changes       TEXT    NOT NULL, -- JSON: what changes materially, in sentences
    promises      TEXT    NOT NULL, -- JSON: what was promised of its notice, and the clocks of that
    asks          INTEGER NOT NULL, -- 1: people must be asked for consent, too
    effective_at  INTEGER NOT NULL, -- the beginning of the day it is dated; 0 for none
    registered_at INTEGER NOT NULL,
    passed_at     INTEGER NOT NULL, -- when everybody had last been gone through; 0 for never
    told_at       INTEGER NOT NULL, -- when the last notice went out; 0 while some wait
    since_at      INTEGER NOT NULL  -- when it took effect; 0 for never
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_versions_by_state ON policy_versions (state, registered_at);

-- +goose Down
DROP TABLE policy_versions;
