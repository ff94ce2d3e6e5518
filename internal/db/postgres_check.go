package db

import (
	"context"
	"io/fs"
	"strconv"
	"strings"

	"clause.dev/clause/internal/fault"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migratePostgres brings the tables up to date as their owner and grants the server's role what it
// needs, and no more. Several servers may do so at once.
func migratePostgres(ctx context.Context, url, server string) error {
	const op = "db.migrate"
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fault.New(op, fault.Invalid, "the owner's PostgreSQL URL cannot be read").WithField("Migrate")
	}
	if config.User == server {
		return fault.New(op, fault.Invalid, "the server's role and the owner's are the same").WithField("Migrate").
			WithHint("the server must not own its tables: see docs/store.md for the two roles")
	}
	handle := stdlib.OpenDB(*config)
	defer handle.Close()
	if err := handle.PingContext(ctx); err != nil {
		return pgFault(op, err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	if err := migrate(ctx, handle, goose.DialectPostgres, "migrations/postgres", goose.WithSessionLocker(locker)); err != nil {
		return err
	}
	tx, err := handle.BeginTx(ctx, nil)
	if err != nil {
		return pgFault(op, err)
	}
	defer tx.Rollback()
	for _, grant := range grants(server) {
		if _, err := tx.ExecContext(ctx, grant); err != nil {
			return pgFault(op, err)
		}
	}
	return pgFault(op, tx.Commit())
}

func grants(server string) []string {
	role := pgx.Identifier{server}.Sanitize()
	list := []string{
		// Grants wait for one another here, not in a deadlock or "tuple concurrently updated".
		"LOCK TABLE turns IN SHARE ROW EXCLUSIVE MODE",
		"GRANT SELECT ON goose_db_version TO " + role,
		"GRANT SELECT, INSERT, UPDATE ON turns TO " + role,
	}
	for _, t := range Tables() {
		list = append(list, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+pgx.Identifier{t.Name}.Sanitize()+" TO "+role)
	}
	return list
}

// check is one condition the database must meet, as a query that yields true when it does not.
type check struct {
	query string
	kind  fault.Kind
	msg   string
	hint  string
}

const reachable = "FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')"

func checks() []check {
	return []check{
		{"SELECT count(*) > 0 " + reachable + " AND r.rolsuper", fault.Invalid,
			"the server's role is a superuser", "row-level security does not bind it: use a role of its own, see docs/store.md"},
		{"SELECT count(*) > 0 " + reachable + " AND r.rolbypassrls", fault.Invalid,
			"the server's role has BYPASSRLS", "ALTER ROLE … NOBYPASSRLS"},
		{"SELECT count(*) > 0 " + reachable + " AND (r.rolcreaterole OR r.rolreplication)", fault.Invalid,
			"the server's role can create roles or replicate", "ALTER ROLE … NOCREATEROLE NOREPLICATION"},
		{`SELECT count(*) > 0 ` + reachable + ` AND r.rolname IN
			('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')`, fault.Invalid,
			"the server's role can reach the database machine's files or programs", "REVOKE those roles from it"},
		{`SELECT count(*) > 0 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'MEMBER')`, fault.Invalid,
			"the server's role owns the tables, or can become their owner", "let another role own and migrate them, see docs/store.md"},
		{`SELECT pg_has_role(current_user, datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()`, fault.Invalid,
			"the server's role owns the database", "ALTER DATABASE … OWNER TO the role that migrates"},
		{`SELECT has_schema_privilege(current_user, 'public', 'CREATE') OR has_database_privilege(current_user, current_database(), 'CREATE')`, fault.Invalid,
			"the server's role can create objects", "REVOKE CREATE ON SCHEMA public FROM PUBLIC, and from the role"},
		{"SELECT current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')", fault.Invalid,
			"synchronous_commit is not on: an acknowledged write could be lost", "ALTER ROLE or ALTER SYSTEM SET synchronous_commit = on"},
		{"SELECT current_setting('fsync') <> 'on' OR current_setting('full_page_writes') <> 'on'", fault.Invalid,
			"fsync or full_page_writes is off: a crash could lose or damage the store", "turn both on in postgresql.conf"},
		{"SELECT current_setting('server_encoding') <> 'UTF8'", fault.Invalid,
			"the database's encoding is not UTF8", "CREATE DATABASE … ENCODING 'UTF8'"},
	}
}

// checkPostgres refuses a database on which the promises could not be kept.
func checkPostgres(ctx context.Context, pool *pgxpool.Pool) error {
	const op = "db.openPostgres"
	for _, c := range checks() {
		var bad bool
		if err := pool.QueryRow(ctx, c.query).Scan(&bad); err != nil {
			return pgFault(op, err)
		}
		if bad {
			return fault.New(op, c.kind, "%s", c.msg).WithHint("%s", c.hint)
		}
	}
	if err := checkVersion(ctx, pool); err != nil {
		return err
	}
	return checkPolicies(ctx, pool)
}

// checkVersion makes sure that the tables are those this program knows.
func checkVersion(ctx context.Context, pool *pgxpool.Pool) error {
	const op = "db.openPostgres"
	newest, err := newestVersion("migrations/postgres")
	if err != nil {
		return err
	}
	var exists bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('public.goose_db_version') IS NOT NULL").Scan(&exists); err != nil {
		return pgFault(op, err)
	}
	var have int64
	if exists {
		if err := pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have); err != nil {
			return pgFault(op, err)
		}
	}
	switch {
	case have > newest:
		return newerStore(op, have, newest)
	case have < newest:
		return fault.New(op, fault.Invalid, "the store has schema version %d, this program needs %d", have, newest).
			WithHint("start it once with the owner's URL, so that it can migrate")
	}
	return nil
}

func newestVersion(dir string) (int64, error) {
	files, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return 0, fault.As("db.migrate", fault.Other, err)
	}
	number, _, _ := strings.Cut(files[len(files)-1].Name(), "_")
	v, err := strconv.ParseInt(number, 10, 64)
	return v, fault.As("db.migrate", fault.Other, err)
}

// checkPolicies makes sure that the second wall stands: row-level security on, forced, and with the
// one policy, on every table of tenant data.
func checkPolicies(ctx context.Context, pool *pgxpool.Pool) error {
	const op = "db.openPostgres"
	for _, t := range Tables() {
		if !t.PerTenant {
			continue
		}
		var guarded bool
		err := pool.QueryRow(ctx, `SELECT c.relrowsecurity AND c.relforcerowsecurity
			AND (SELECT count(*) = 1 AND bool_and(p.polpermissive AND p.polcmd = '*'
				AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = current_setting(''app.tenant''::text, true))'
				AND pg_get_expr(p.polwithcheck, p.polrelid) = pg_get_expr(p.polqual, p.polrelid))
				FROM pg_policy p WHERE p.polrelid = c.oid)
			FROM pg_class c WHERE c.oid = to_regclass('public.' || $1::text)`, t.Name).Scan(&guarded)
		if err != nil {
			return pgFault(op, err)
		}
		if !guarded {
			return fault.New(op, fault.Conflict, "row-level security on the table %s is not as it was made", t.Name).
				WithHint("someone has changed it: restore the policy of migrations/postgres before serving")
		}
	}
	return nil
}
