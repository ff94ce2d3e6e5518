package app_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/notify/notifytest"
)

// programs is the folder of what is built.
var programs string

// The programs that tests run, and what builds them: once for the test binary, where a test asks.
var (
	program = built("clause", "cmd/clause")
	clesaro = built("clesaro", "examples/clesaro/app")
)

func built(name, from string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path := filepath.Join(programs, name)
		build := exec.Command("go", "build", "-o", path, "clause.dev/clause/"+from)
		if said, err := build.CombinedOutput(); err != nil {
			return "", &exec.Error{Name: string(said), Err: err}
		}
		return path, nil
	})
}

// atOnce is how many tests run at a time, unless the command line says: they wait for servers more than they compute.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	var err error
	if !given {
		err = flag.Set("test.parallel", atOnce)
	}
	if err == nil {
		programs, err = os.MkdirTemp("", "clause-program")
	}
	if err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(programs) // nothing hangs on it
	os.Exit(status)
}

// place is a server's folders, set up by clause init.
type place struct {
	folder, data string
	admin        string   // the key of the application that init makes
	env          []string // where the store is, if not in the data folder
	company      string   // whose policy it is, of the examples
}

// setUp runs clause init in the folder with Clesaro's policy, with more in its environment.
func setUp(t *testing.T, folder string, env ...string) *place {
	t.Helper()
	return setUpOf(t, "clesaro", folder, env...)
}

func setUpOf(t *testing.T, company, folder string, env ...string) *place {
	t.Helper()
	p := &place{folder: folder, data: filepath.Join(folder, "data"), env: env, company: company}
	if said, err := p.command(t, "init", "--admin-key", filepath.Join(p.folder, "admin.key")).CombinedOutput(); err != nil {
		t.Fatalf("clause init: %v\n%s", err, said)
	}
	key, err := os.ReadFile(filepath.Join(p.folder, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	p.admin = strings.TrimSpace(string(key))
	return p
}

func (p *place) policy(t *testing.T) string {
	t.Helper()
	return apptest.Root(t, "examples/"+p.company+"/policy.yaml")
}

func (p *place) command(t *testing.T, command string, more ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("clause cannot be built: %v", err)
	}
	args := append([]string{command, "--policy", p.policy(t), "--data", p.data,
		"--keys", filepath.Join(p.folder, "keys"), "--root-key", filepath.Join(p.folder, "root.key")}, more...)
	run := exec.Command(path, args...)
	run.Env = append(os.Environ(), p.env...)
	return run
}

// posts is a mail server, and the environment of a server that sends by it.
func posts(t *testing.T) (mail *notifytest.Sink, env []string) {
	t.Helper()
	mail = notifytest.Listen(t, true)
	ca := filepath.Join(t.TempDir(), "mail.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mail.Server.TLSConfig.Certificates[0].Certificate[0]})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return mail, []string{"CLAUSE_SMTP=smtps://" + mail.At, "CLAUSE_SMTP_CA=" + ca, "CLAUSE_MAIL_FROM=Acme <privacy@acme.example>"}
}

// child is a running clause serve.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	http   *http.Client
	said   bytes.Buffer // read it after end only
	exited chan error
}

// startWithin is how long a server may take until it serves, on a machine that does other things too.
const startWithin = time.Minute

// serve starts the server on a free port and waits until it serves. It is killed at the test's end.
func (p *place) serve(t *testing.T) *child {
	t.Helper()
	ready := filepath.Join(p.folder, "ready")
	s := &child{t: t, exited: make(chan error, 1)}
	s.cmd = p.command(t, "serve", "--listen", "127.0.0.1:0", "--ready-file", ready)
	s.cmd.Stderr = &s.said
	_ = os.Remove(ready) // of the server before this one
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.exited <- s.cmd.Wait() }()
	t.Cleanup(s.kill)
	for until := time.Now().Add(startWithin); ; time.Sleep(5 * time.Millisecond) {
		at, err := os.ReadFile(ready)
		if err == nil {
			s.url = "https://" + strings.TrimSpace(string(at))
			break
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			t.Fatalf("clause serve ended: %v\n%s", err, s.said.String())
		default:
		}
		if time.Now().After(until) {
			t.Fatal("clause serve does not serve")
		}
	}
	pem, err := os.ReadFile(filepath.Join(p.data, "tls", "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	s.http = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64,
	}}
	return s
}

// serveAcme is serve with the tenant acme.
func (p *place) serveAcme(t *testing.T) *child {
	t.Helper()
	s, acme := p.serve(t), newTenant("acme")
	acme.Region = parsed(t, p.company).Regions[0].ID
	if _, err := s.client(p.admin).CreateTenant(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	return s
}

// kill ends the process as a power cut would; on one that has ended it does nothing.
func (s *child) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	err := <-s.exited
	s.exited <- err
	s.http.CloseIdleConnections()
}

// end tells the server to end and returns its exit status.
func (s *child) end() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.exited:
		s.exited <- err
	case <-time.After(startWithin):
		s.t.Fatal("clause serve does not end")
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *child) client(key string) *client.Client {
	s.t.Helper()
	c, err := client.New(client.Config{URL: s.url, Key: key, HTTP: s.http})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// application makes an application of all purposes of Clesaro for the tenant acme.
func (s *child) application(admin string, scopes ...string) (id, key string) {
	s.t.Helper()
	var purposes []string
	for _, p := range apptest.Parse(s.t, nil).Purposes {
		purposes = append(purposes, p.ID)
	}
	made, key, err := s.client(admin).CreateApplication(s.t.Context(), api.NewApplication{
		Title: "test", Tenants: []string{"acme"}, Purposes: purposes, Scopes: scopes, Environment: "production",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return made.ID, key
}
