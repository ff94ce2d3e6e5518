package db_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

// attacker connects with raw SQL as the server's own role: what an injected statement could do.
func attacker(t *testing.T, c db.Config) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func pgStore(t *testing.T) (db.Config, *db.DB) {
	t.Helper()
	c := dbtest.Postgres(t)
	return c, dbtest.Open(t, c)
}

// rowFor are the values of one row of any table, by type.
func rowFor(table db.Table, tenant, id string) (columns, values string) {
	var c, v []string
	for _, column := range table.Columns {
		c = append(c, column.Name)
		switch {
		case column.Name == "tenant_id":
			v = append(v, "'"+tenant+"'")
		case column.Type == db.Text:
			v = append(v, "'"+id+"'")
		case column.Type == db.Integer:
			v = append(v, "1")
		default:
			v = append(v, `'\x6162'`)
		}
	}
	return strings.Join(c, ", "), strings.Join(v, ", ")
}

func tenantTables(t *testing.T) (list []db.Table) {
	t.Helper()
	for _, table := range db.Tables() {
		if table.PerTenant {
			list = append(list, table)
		}
	}
	if len(list) != 35 {
		t.Fatalf("%d tables of tenant data", len(list))
	}
	return list
}

func plant(t *testing.T, d *db.DB, tenant string) {
	t.Helper()
	for _, table := range tenantTables(t) {
		columns, values := rowFor(table, tenant, "planted")
		write(t, d, tenant, "INSERT INTO "+table.Name+" ("+columns+") VALUES ("+values+")")
	}
}

// TestRowsOfOthers: in every table of tenant data, another tenant's rows can be neither seen nor
// touched, and none can be slipped to it; without a tenant there is nothing at all.
func TestRowsOfOthers(t *testing.T) {
	c, d := pgStore(t)
	plant(t, d, "victim")
	conn := attacker(t, c)
	for _, as := range []string{"", "SET app.tenant = ''", "SET app.tenant = 'mallory'", "SET app.tenant = 'victi_'", "SET app.tenant = '%'"} {
		if _, err := conn.Exec(t.Context(), "RESET ALL; "+as); err != nil {
			t.Fatal(err)
		}
		for _, table := range tenantTables(t) {
			touchOthers(t, conn, as, table)
		}
	}
	for _, table := range tenantTables(t) {
		var n int
		if err := d.Get(t.Context(), "victim", "SELECT count(*) FROM "+table.Name+" WHERE tenant_id = $1", []any{"victim"}, &n); err != nil || n != 1 {
			t.Errorf("%s: the victim has %d rows, %v", table.Name, n, err)
		}
	}
}

func touchOthers(t *testing.T, conn *pgx.Conn, as string, table db.Table) {
	t.Helper()
	ctx := t.Context()
	for _, query := range []string{
		"SELECT * FROM " + table.Name,
		"SELECT * FROM " + table.Name + " WHERE tenant_id = 'victim'",
		"SELECT * FROM " + table.Name + " WHERE true OR 1/0 = 1 FOR UPDATE",
		"DELETE FROM " + table.Name + " WHERE tenant_id = 'victim'",
		"DELETE FROM " + table.Name,
		"UPDATE " + table.Name + " SET tenant_id = current_setting('app.tenant') WHERE tenant_id = 'victim'",
		"WITH gone AS (DELETE FROM " + table.Name + " RETURNING *) SELECT * FROM gone",
	} {
		tag, err := conn.Exec(ctx, query)
		if err == nil && tag.RowsAffected() != 0 {
			t.Errorf("%s as %q reached %d rows", query, as, tag.RowsAffected())
		}
	}
	columns, values := rowFor(table, "victim", "slipped")
	for _, insert := range []string{
		"INSERT INTO " + table.Name + " (" + columns + ") VALUES (" + values + ")",
		"INSERT INTO " + table.Name + " (" + columns + ") VALUES (" + values + ") ON CONFLICT DO NOTHING",
		"INSERT INTO " + table.Name + " (" + columns + ") VALUES (" + values + ") ON CONFLICT (" + strings.Join(table.Key, ", ") + ") DO UPDATE SET tenant_id = 'mallory'",
	} {
		if _, err := conn.Exec(ctx, insert); err == nil {
			t.Errorf("%s as %q was let through", insert, as)
		}
	}
	var out bytes.Buffer
	if _, err := conn.PgConn().CopyTo(ctx, &out, "COPY "+table.Name+" TO STDOUT"); err == nil && out.Len() > 0 {
		t.Errorf("COPY %s as %q gave %d bytes", table.Name, as, out.Len())
	}
	if _, err := conn.PgConn().CopyFrom(ctx, strings.NewReader(""), "COPY "+table.Name+" FROM STDIN"); err == nil {
		t.Errorf("COPY %s FROM STDIN was let through", table.Name)
	}
}

// insufficientPrivilege is the SQLSTATE that every attack must end with: another error could be a slip
// in the attack.
const insufficientPrivilege = "42501"

// TestWaysAround: nothing the server's role can say takes the wall down or looks over it.
func TestWaysAround(t *testing.T) {
	c, d := pgStore(t)
	plant(t, d, "victim")
	conn := attacker(t, c)
	attacks := []string{
		"ALTER TABLE records DISABLE ROW LEVEL SECURITY",
		"ALTER TABLE records NO FORCE ROW LEVEL SECURITY",
		"DROP POLICY own_tenant ON records",
		"ALTER POLICY own_tenant ON records USING (true)",
		"CREATE POLICY open ON records USING (true)",
		"ALTER TABLE records OWNER TO clause_server",
		"SET row_security = off; SELECT * FROM records",
		"SET ROLE clause_owner",
		"SET ROLE postgres",
		"SET SESSION AUTHORIZATION postgres",
		"ALTER ROLE clause_server BYPASSRLS",
		"ALTER ROLE clause_server SUPERUSER",
		"GRANT clause_owner TO clause_server",
		"CREATE ROLE helper SUPERUSER",
		"TRUNCATE records",
		"DROP TABLE records",
		"ALTER TABLE records RENAME TO gone",
		"ALTER TABLE records ADD COLUMN extra text",
		"CREATE INDEX leak ON records (sealed)",
		"COMMENT ON TABLE records IS 'x'",
		"CREATE TABLE public.copy AS SELECT * FROM records",
		"CREATE TEMP TABLE records (tenant_id text)",
		"CREATE VIEW public.peek AS SELECT * FROM records",
		"CREATE FUNCTION public.peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
		"CREATE FUNCTION pg_temp.leak(bytea) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
		"CREATE OPERATOR public.### (leftarg = text, rightarg = text, function = texteq)",
		"CREATE RULE steal AS ON INSERT TO records DO ALSO SELECT 1",
		"CREATE TRIGGER steal BEFORE INSERT ON records EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"CREATE SCHEMA mine",
		"CREATE EXTENSION dblink",
		"CREATE STATISTICS s ON tenant_id, sealed FROM records",
		"CREATE PUBLICATION p FOR TABLE records",
		"SELECT * FROM pg_statistic",
		"SELECT * FROM pg_authid",
		"SELECT pg_read_file('PG_VERSION')",
		"COPY meta TO PROGRAM 'cat'",
		"COPY meta TO '/tmp/stolen'",
		"SELECT lo_import('/etc/passwd')",
		"SELECT pg_switch_wal()",
		"ALTER SYSTEM SET fsync = off",
		"SET session_replication_role = replica",
		"UPDATE goose_db_version SET version_id = 0",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)",
	}
	for _, attack := range attacks {
		conn.Exec(t.Context(), "ROLLBACK; RESET ALL")
		_, err := conn.Exec(t.Context(), attack, pgx.QueryExecModeSimpleProtocol)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != insufficientPrivilege {
			t.Errorf("was not refused for want of privilege: %s: %v", attack, err)
		}
	}
	conn.Exec(t.Context(), "RESET ALL")
	var leaked int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stats WHERE schemaname = 'public' AND tablename = 'records'").Scan(&leaked); err != nil || leaked != 0 {
		t.Errorf("statistics show %d columns, %v", leaked, err)
	}
	plantAgain := dbtest.Open(t, c) // the store is as it was: Open's own checks pass
	var n int
	if err := plantAgain.Get(t.Context(), "victim", "SELECT count(*) FROM records WHERE tenant_id = $1", []any{"victim"}, &n); err != nil || n != 1 {
		t.Errorf("the victim has %d records, %v", n, err)
	}
}

// TestStatisticsShowNothing: values gathered by ANALYZE are not shown to the server's role.
func TestStatisticsShowNothing(t *testing.T) {
	c, d := pgStore(t)
	plant(t, d, "victim")
	super(t, c, "ANALYZE records")
	var rows int
	conn := attacker(t, c)
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stats WHERE tablename = 'records'").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows of statistics, %v", rows, err)
	}
}

func super(t *testing.T, c db.Config, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dbtest.As(t, c, dbtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// TestTenantDoesNotStick: the setting ends with its transaction; a pooled connection brings none along.
func TestTenantDoesNotStick(t *testing.T) {
	c, _ := pgStore(t)
	c.URL += "&pool_max_conns=1"
	d := dbtest.Open(t, c)
	plant(t, d, "victim")
	for _, tenant := range []string{"", "mallory"} {
		var n int
		if err := d.Get(t.Context(), tenant, "SELECT count(*) FROM records", nil, &n); err != nil || n != 0 {
			t.Errorf("tenant %q sees %d rows, %v", tenant, n, err)
		}
	}
}

// TestUnsafeDatabaseRefused: Open refuses what would make the wall or durability an illusion.
func TestUnsafeDatabaseRefused(t *testing.T) {
	cases := map[string]struct {
		sabotage, restore string
		role              string
	}{
		"superuser":          {role: dbtest.Superuser},
		"owner":              {role: dbtest.Owner},
		"bypassrls":          {"ALTER ROLE clause_server BYPASSRLS", "ALTER ROLE clause_server NOBYPASSRLS", ""},
		"createrole":         {"ALTER ROLE clause_server CREATEROLE", "ALTER ROLE clause_server NOCREATEROLE", ""},
		"member of owner":    {"GRANT clause_owner TO clause_server", "REVOKE clause_owner FROM clause_server", ""},
		"reads files":        {"GRANT pg_read_server_files TO clause_server", "REVOKE pg_read_server_files FROM clause_server", ""},
		"can create":         {"GRANT CREATE ON SCHEMA public TO clause_server", "REVOKE CREATE ON SCHEMA public FROM clause_server", ""},
		"asynchronous":       {"ALTER ROLE clause_server SET synchronous_commit = off", "ALTER ROLE clause_server RESET synchronous_commit", ""},
		"local commit":       {"ALTER ROLE clause_server SET synchronous_commit = local", "ALTER ROLE clause_server RESET synchronous_commit", ""},
		"no rls":             {"ALTER TABLE records DISABLE ROW LEVEL SECURITY", "ALTER TABLE records ENABLE ROW LEVEL SECURITY", ""},
		"rls not forced":     {"ALTER TABLE records NO FORCE ROW LEVEL SECURITY", "ALTER TABLE records FORCE ROW LEVEL SECURITY", ""},
		"a second policy":    {"CREATE POLICY open ON records USING (true)", "DROP POLICY open ON records", ""},
		"a different policy": {"ALTER POLICY own_tenant ON records USING (true)", "ALTER POLICY own_tenant ON records USING (tenant_id = current_setting('app.tenant', true))", ""},
		"older schema":       {"UPDATE goose_db_version SET version_id = -version_id", "UPDATE goose_db_version SET version_id = -version_id", ""},
		"newer schema":       {"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)", "DELETE FROM goose_db_version WHERE version_id = 9999", ""},
	}
	c, d := pgStore(t)
	d.Close()
	for name, sabotage := range cases {
		t.Run(name, func(t *testing.T) {
			bad := db.Config{URL: c.URL, Now: c.Now}
			if sabotage.role != "" {
				bad.URL = dbtest.As(t, c, sabotage.role)
			} else {
				super(t, c, sabotage.sabotage)
				defer super(t, c, sabotage.restore)
			}
			if opened, err := db.Open(t.Context(), bad); err == nil {
				opened.Close()
				t.Error("was opened")
			} else if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict {
				t.Errorf("refused as %v: %v", kind, err)
			}
		})
	}
	dbtest.Open(t, c) // and without sabotage it opens
}
