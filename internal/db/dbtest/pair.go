package dbtest

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
)

// Pair is a PostgreSQL with a standby, which has each write before it is acknowledged.
type Pair struct {
	db.Config // the URL names both: whichever takes writes answers

	first, second *server
}

// NewPair makes a database on two nodes. It is fatal if PostgreSQL is not installed.
func NewPair(t testing.TB) *Pair {
	t.Helper()
	p, err := newPair()
	if err != nil {
		t.Fatalf("two nodes of PostgreSQL for tests: %v", err)
	}
	t.Cleanup(func() {
		_, _ = p.first.alive.Close(), p.second.alive.Close()
	})
	p.first.must(t, "postgres", "CREATE DATABASE pair OWNER "+Owner)
	p.first.must(t, "pair", "REVOKE ALL ON DATABASE pair FROM PUBLIC", "GRANT CONNECT ON DATABASE pair TO "+Server)
	both := func(role string) string {
		return "postgres:///pair?host=" + p.first.socket + "," + p.second.socket + "&user=" + role + "&sslmode=disable&target_session_attrs=read-write&connect_timeout=2"
	}
	p.Config = db.Config{URL: both(Server), Migrate: both(Owner), Now: time.Now}
	return p
}

func newPair() (*Pair, error) {
	bin, account, dir, err := place()
	if err != nil {
		return nil, err
	}
	p := &Pair{first: &server{socket: dir}}
	if err := p.first.start(bin, dir, account); err != nil {
		return nil, err
	}
	if err := p.first.prepare(dir); err != nil {
		return nil, err
	}
	if _, _, dir, err = place(); err != nil {
		return nil, err
	}
	tool, err := filepath.EvalSymlinks(filepath.Join(bin, "initdb")) // what is linked elsewhere has its sisters where it is
	if err != nil {
		return nil, err
	}
	copied := exec.Command(filepath.Join(filepath.Dir(tool), "pg_basebackup"), "-h", p.first.socket, "-U", Superuser, "-D", dir+"/data", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
	copied.Dir = "/"
	copied.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	if out, err := copied.CombinedOutput(); err != nil {
		return nil, &failed{"pg_basebackup", err, out}
	}
	p.second = &server{socket: dir}
	if err := p.second.serve(bin, dir, account, "-c hot_standby=on"); err != nil {
		return nil, err
	}
	// From now on the first node waits for the second.
	if err := p.first.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"); err != nil {
		return nil, err
	}
	return p, p.second.answers()
}

type failed struct {
	what string
	err  error
	out  []byte
}

func (f *failed) Error() string { return f.what + ": " + f.err.Error() + "\n" + string(f.out) }

// answers waits until a node answers.
func (s *server) answers() (err error) {
	for range 2400 {
		if err = s.run("postgres", "SELECT 1"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// SwitchOver ends the first node as a power cut would, and has the second take over.
func (p *Pair) SwitchOver(t testing.TB) {
	t.Helper()
	p.first.alive.Close()
	p.second.must(t, "postgres", "SELECT pg_promote(true, 30)")
}
