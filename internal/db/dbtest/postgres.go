package dbtest

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clause.dev/clause/internal/db"
)

// The roles of docs/store.md, and the one that made the cluster.
const (
	Superuser = "postgres"
	Owner     = "clause_owner"
	Server    = "clause_server"
)

// cluster is the PostgreSQL of this test binary, started at its first use.
var cluster = sync.OnceValues(startCluster)

var databases atomic.Int64

// server is a running PostgreSQL that listens on a Unix socket alone.
type server struct {
	socket string
	port   int // 0: the usual one
	// alive is held open by this process. When it closes, because the process ended in whatever
	// way, the shell around PostgreSQL stops it and removes its folder.
	alive io.WriteCloser
}

// Postgres returns the configuration of a new, empty database on a real PostgreSQL, with the roles of
// docs/store.md. It is fatal if PostgreSQL is not installed.
func Postgres(t testing.TB) db.Config {
	t.Helper()
	s, err := cluster()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	s.must(t, "postgres", "CREATE DATABASE "+name+" OWNER "+Owner)
	s.must(t, name, "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC", "GRANT CONNECT ON DATABASE "+name+" TO "+Server)
	t.Cleanup(func() { s.must(t, "postgres", "DROP DATABASE "+name+" WITH (FORCE)") })
	return db.Config{URL: s.url(Server, name), Migrate: s.url(Owner, name), Now: time.Now}
}

// As returns the URL of the same database for another role.
func As(t testing.TB, c db.Config, role string) string {
	t.Helper()
	u, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("user", role)
	u.RawQuery = q.Encode()
	return u.String()
}

// Analyze does in a database of Postgres what autovacuum, which is off in tests, does in others: the planner knows
// how much the tables hold.
func Analyze(t testing.TB, c db.Config) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), c.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "VACUUM ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

func (s *server) url(role, database string) string {
	q := url.Values{"host": {s.socket}, "user": {role}, "sslmode": {"disable"}}
	if s.port != 0 {
		q.Set("port", strconv.Itoa(s.port))
	}
	return "postgres:///" + database + "?" + q.Encode()
}

// must runs statements as the superuser.
func (s *server) must(t testing.TB, database string, statements ...string) {
	t.Helper()
	if err := s.run(database, statements...); err != nil {
		t.Fatal(err)
	}
}

func (s *server) run(database string, statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url(Superuser, database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// startCluster makes a cluster in a temporary folder and starts it.
func startCluster() (*server, error) {
	bin, account, dir, err := place()
	if err != nil {
		return nil, err
	}
	s := &server{socket: dir}
	if err := s.start(bin, dir, account); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, s.prepare(dir)
}

// place returns PostgreSQL's programs, the account it runs under, and a folder for its data.
func place() (bin string, account *syscall.Credential, dir string, err error) {
	if bin, err = binaries(); err != nil {
		return "", nil, "", err
	}
	if account, err = unprivileged(); err != nil {
		return "", nil, "", err
	}
	if dir, err = os.MkdirTemp(memory(), "clause-pg-"); err != nil {
		return "", nil, "", err
	}
	if account != nil {
		err = os.Chown(dir, int(account.Uid), int(account.Gid))
	}
	return bin, account, dir, err
}

// supervise starts PostgreSQL, waits until standard input ends, stops it and cleans up.
const supervise = `
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c shared_buffers=32MB \
	-c max_wal_size=64MB -c min_wal_size=32MB -c autovacuum=off -c jit=off $3 >"$2/log" 2>&1 &
pid=$!
read -r _
kill -QUIT $pid
wait $pid
rm -rf "$2"
`

// start starts it with little memory, as many run at a time. CLAUSE_POSTGRES has more settings, as a benchmark wants.
func (s *server) start(bin, dir string, account *syscall.Credential) error {
	return s.startWith(bin, dir, account, os.Getenv("CLAUSE_POSTGRES"))
}

func (s *server) startWith(bin, dir string, account *syscall.Credential, settings string) error {
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", dir+"/data", "-U", Superuser, "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=4")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s.serve(bin, dir, account, settings)
}

// serve starts PostgreSQL on the data that is in a folder.
func (s *server) serve(bin, dir string, account *syscall.Credential, settings string) error {
	shell := exec.Command("/bin/sh", "-c", supervise, "sh", bin, dir, settings)
	shell.Dir = "/"
	// A group of its own: Ctrl-C ends the tests, whose end then ends PostgreSQL.
	shell.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setpgid: true}
	var err error
	if s.alive, err = shell.StdinPipe(); err != nil {
		return err
	}
	return shell.Start()
}

// prepare waits until PostgreSQL answers and makes the roles.
func (s *server) prepare(dir string) error {
	var err error
	for range 2400 {
		if err = s.run("postgres", "SELECT 1"); err == nil {
			return s.run("postgres",
				"CREATE ROLE "+Owner+" LOGIN NOSUPERUSER NOBYPASSRLS",
				"CREATE ROLE "+Server+" LOGIN NOSUPERUSER NOBYPASSRLS")
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	s.alive.Close()
	return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, log)
}

// binaries finds PostgreSQL's programs; Debian keeps them out of PATH.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("initdb was not found: install it with apt-get install postgresql")
	}
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	if preferred := "/usr/lib/postgresql/15/bin/initdb"; slices.Contains(found, preferred) {
		return filepath.Dir(preferred), nil
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// unprivileged returns the account to run PostgreSQL under, which refuses to run as root; nil is ours.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root, and there is no user postgres: install it with apt-get install postgresql")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// memory returns a folder in memory if there is room in it, where fsync costs nothing; "" otherwise.
func memory() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < 1<<30 {
		return ""
	}
	return "/dev/shm"
}
