package connect

import (
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"clause.dev/clause/internal/db/dbtest"
)

// mariadbServer is the MariaDB of this test binary, started at its first use.
var mariadbServer = sync.OnceValues(startMariaDB)

type mariadbd struct {
	port  int
	alive io.WriteCloser // held open by this process; its end stops the server and removes its folder
}

// superviseMariaDB starts the server, waits until standard input ends, stops it and cleans up.
const superviseMariaDB = `
"$1" --no-defaults --datadir="$2/data" --socket="$2/s" --bind-address=127.0.0.1 --port="$3" --skip-name-resolve \
	--innodb-buffer-pool-size=32M --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --skip-log-bin >"$2/log" 2>&1 &
pid=$!
read -r _
kill -KILL $pid
wait $pid
rm -rf "$2"
`

func startMariaDB() (*mariadbd, error) {
	const missing = "was not found: install it with apt-get install mariadb-server-core mariadb-client-core"
	program, err := exec.LookPath("mariadbd")
	if err != nil {
		if program = "/usr/sbin/mariadbd"; !there(program) {
			return nil, fmt.Errorf("mariadbd %s", missing)
		}
	}
	install, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return nil, fmt.Errorf("mariadb-install-db %s", missing)
	}
	account, err := mariadbAccount()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(memory(), "clause-mariadb-")
	if err != nil {
		return nil, err
	}
	if account != nil {
		if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
			return nil, err
		}
	}
	made := exec.Command(install, "--no-defaults", "--datadir="+dir+"/data", "--auth-root-authentication-method=normal", "--skip-test-db")
	made.Dir, made.SysProcAttr = dir, &syscall.SysProcAttr{Credential: account}
	if out, err := made.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	port, err := dbtest.Port()
	if err != nil {
		return nil, err
	}
	s := &mariadbd{port: port}
	shell := exec.Command("/bin/sh", "-c", superviseMariaDB, "sh", program, dir, strconv.Itoa(s.port))
	shell.Dir, shell.SysProcAttr = "/", &syscall.SysProcAttr{Credential: account, Setpgid: true}
	if s.alive, err = shell.StdinPipe(); err != nil {
		return nil, err
	}
	if err := shell.Start(); err != nil {
		return nil, err
	}
	for range 2400 {
		if err = s.run("", "SELECT 1"); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	s.alive.Close()
	return nil, fmt.Errorf("MariaDB does not answer: %w\n%s", err, log)
}

// memory returns a folder in memory if there is room in it, where fsync costs nothing; "" otherwise.
func memory() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < 1<<30 {
		return ""
	}
	return "/dev/shm"
}

func there(path string) bool { _, err := os.Stat(path); return err == nil }

// mariadbAccount is the account to run the server under; nil is ours.
func mariadbAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("running as root, and there is no user nobody to run MariaDB as")
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *mariadbd) dsn(user, database string) string {
	return fmt.Sprintf("%s@tcp(127.0.0.1:%d)/%s", user, s.port, database)
}

func (s *mariadbd) run(database string, statements ...string) error {
	d, err := sql.Open("mysql", s.dsn("root", database))
	if err != nil {
		return err
	}
	defer d.Close()
	for _, statement := range statements {
		if _, err := d.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func TestMain(m *testing.M) {
	if os.Getenv("CLAUSE_CONNECT_CHILD") != "" {
		child()
		return
	}
	_ = mysql.SetLogger(quiet{}) // it complains on the standard error while the server starts
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Print(...any) {}
