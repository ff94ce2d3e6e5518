package dbtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clause.dev/clause/internal/db"
)

// Listening is a PostgreSQL that listens at this machine's own address.
type Listening struct {
	db.Config

	server *server
}

// The lines of pg_hba.conf that let tests in: over the socket, and from this machine over the network.
const letIn = "local all all trust\nhost all all 127.0.0.1/32 trust\n"

// NewListening makes a database on a PostgreSQL of its own, whose rules the server's role may read.
func NewListening(t testing.TB) *Listening {
	t.Helper()
	bin, account, dir, err := place()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	port, err := Port()
	if err != nil {
		t.Fatal(err)
	}
	l := &Listening{server: &server{socket: dir, port: port}}
	if err := l.server.startWith(bin, dir, account, fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d", port)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.server.alive.Close() })
	if err := l.server.prepare(dir); err != nil {
		t.Fatal(err)
	}
	l.server.must(t, "postgres", "CREATE DATABASE reach OWNER "+Owner)
	l.server.must(t, "reach", "REVOKE ALL ON DATABASE reach FROM PUBLIC", "GRANT CONNECT ON DATABASE reach TO "+Server,
		"GRANT SELECT ON pg_hba_file_rules TO "+Server, "GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO "+Server)
	l.Admit(t, true)
	url := fmt.Sprintf("postgres://%%s@127.0.0.1:%d/reach?sslmode=disable", port)
	l.Config = db.Config{URL: fmt.Sprintf(url, Server), Migrate: fmt.Sprintf(url, Owner), Now: time.Now}
	return l
}

// Admit writes more lines into pg_hba.conf, besides those that let tests in, and has them take effect, or not yet.
func (l *Listening) Admit(t testing.TB, reload bool, lines ...string) {
	t.Helper()
	text := letIn + strings.Join(append(lines, ""), "\n")
	if err := os.WriteFile(l.server.socket+"/data/pg_hba.conf", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if !reload {
		return
	}
	before := l.server.loaded(t)
	l.server.must(t, "postgres", "SELECT pg_reload_conf()")
	for range 6000 { // it is a signal: it is followed later
		if l.server.loaded(t).After(before) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("PostgreSQL does not read its rules again")
}

// loaded is when PostgreSQL read its configuration, by which a connection made now was let in.
func (s *server) loaded(t testing.TB) (at time.Time) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url(Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "SELECT pg_conf_load_time()").Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}

// Revoke takes from the server's role what lets it read the rules.
func (l *Listening) Revoke(t testing.TB) {
	t.Helper()
	l.server.must(t, "reach", "REVOKE SELECT ON pg_hba_file_rules FROM "+Server)
}
