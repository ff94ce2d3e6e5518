-- +goose Up
-- The name that an application's client certificate bears; '' for none.
ALTER TABLE credentials ADD COLUMN certificate TEXT COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE credentials DROP COLUMN certificate;
