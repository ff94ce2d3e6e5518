package db

import (
	"context"

	"clause.dev/clause/internal/fault"
)

func openPostgres(context.Context, Config) (engine, error) {
	return nil, fault.New("db.openPostgres", fault.Unavailable, "PostgreSQL comes in the next commit")
}
