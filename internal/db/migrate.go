package db

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"net/url"

	"clause.dev/clause/internal/fault"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the database/sql driver that goose uses
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// migrateSQLite brings the file's tables up to date through a connection of its own.
func migrateSQLite(ctx context.Context, file string) error {
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)"
	handle, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fault.As("db.migrate", fault.Unavailable, err)
	}
	defer handle.Close()
	handle.SetMaxOpenConns(1)
	return migrate(ctx, handle, goose.DialectSQLite3, "migrations/sqlite")
}

// migrate applies what is missing and refuses a store of a newer version of Clause.
func migrate(ctx context.Context, handle *sql.DB, dialect database.Dialect, dir string, options ...goose.ProviderOption) error {
	const op = "db.migrate"
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	p, err := goose.NewProvider(dialect, handle, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return newerStore(op, have, newest)
	}
	return nil
}

func newerStore(op string, have, newest int64) error {
	return fault.New(op, fault.Conflict, "the store has schema version %d, this program knows %d", have, newest).
		WithHint("it was used by a newer version of Clause: run that one, or restore a backup made before")
}
