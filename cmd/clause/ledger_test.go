package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

const auditor = "clause_auditor_secret"

// ledgerStory is a server whose ledgers a stranger verifies from the command line.
type ledgerStory struct {
	t      *testing.T
	db     *db.DB
	log    *ledger.Log
	url    string
	folder string
}

func newLedgerStory(t *testing.T) *ledgerStory {
	d := dbtest.Open(t, dbtest.SQLite(t))
	s := &ledgerStory{t: t, db: d, log: ledger.New(d, ed25519.NewKeyFromSeed(make([]byte, 32)), "clause.test"), folder: t.TempDir()}
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // hand-shakes that a story means to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	s.put("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	s.put("credential", []byte(auditor+"\n"))
	for _, tenant := range []string{"acme", "beta"} {
		s.exec("", `INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, '', 'r', 'test', 'active', 0)`, tenant)
	}
	for range 6 {
		s.write("acme", 50)
		s.write("beta", 2)
		if err := s.log.Anchor(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// answer is how the server's front door answers: hashes for anybody, entries for auditors.
func (s *ledgerStory) answer(w http.ResponseWriter, r *http.Request) {
	tenant, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/ledger/"), "/")
	if strings.Contains(path, "entries") && r.Header.Get("Authorization") != "Bearer "+auditor {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	out, err := s.log.Serve(r.Context(), tenant, path)
	switch {
	case fault.Is(err, fault.NotFound):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		_, _ = w.Write(out.Body)
	}
}

func (s *ledgerStory) write(tenant string, n int) {
	s.t.Helper()
	err := s.db.Write(context.Background(), tenant, func(tx *db.Tx) error {
		for i := range n {
			if err := ledger.Append(tx, proof.Entry{Kind: "record.get", Record: fmt.Sprint("r", i), Answer: proof.Allow}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *ledgerStory) exec(tenant, query string, args ...any) {
	s.t.Helper()
	err := s.db.Write(context.Background(), tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *ledgerStory) put(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *ledgerStory) path(name string) string { return filepath.Join(s.folder, name) }

// verify runs the command and wants the exit status and each text in what it prints.
func (s *ledgerStory) verify(want int, args []string, texts ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	got := run(append([]string{"ledger", "verify"}, args...), &env{Stdout: &out, Stderr: &out, Context: context.Background()})
	if got != want {
		s.t.Errorf("%v: status %d, want %d:\n%s", args, got, want, out.String())
	}
	for _, text := range texts {
		if !strings.Contains(out.String(), text) {
			s.t.Errorf("%v: no %q in\n%s", args, text, out.String())
		}
	}
	if strings.Contains(out.String(), auditor) {
		s.t.Errorf("%v: the credential was printed", args)
	}
	return out.String()
}

func (s *ledgerStory) server(more ...string) []string {
	return append([]string{s.url, "--ca", s.path("ca.pem"), "--credential-file", s.path("credential")}, more...)
}

// alter changes a word in entry 110 of acme's log.
func (s *ledgerStory) alter() {
	s.t.Helper()
	var data []byte
	err := s.db.Read(context.Background(), "acme", func(tx *db.Tx) error {
		return tx.One(`SELECT entries FROM ledger_chunks WHERE tenant_id = 'acme' AND first = 100`, nil, &data)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(`"record":"r10"`), []byte(`"record":"r99"`), 1)
	s.exec("acme", `UPDATE ledger_chunks SET entries = $1 WHERE tenant_id = 'acme' AND first = 100`, data)
}

func TestLedgerVerifyAServer(t *testing.T) {
	s := newLedgerStory(t)
	key := s.log.VerifierKey("acme")
	s.verify(0, s.server(), "_org: 12 entries", "acme: 300 entries", "beta: 12 entries", "6 earlier heads", "--key 'clause.test/acme+")
	if out := s.verify(0, s.server("--key", key), "verified  acme: 300 entries"); strings.Contains(out, "says itself") {
		t.Errorf("a given key was called the server's own:\n%s", out)
	}
	s.verify(0, s.server("--tenant", "beta", "--key", key), "beta: 12 entries")
	s.verify(3, s.server("--tenant", "nobody", "--key", key), "not read  nobody")
	s.verify(3, []string{s.url, "--ca", s.path("ca.pem"), "--tenant", "acme"}, "not read  acme", "401")
	s.verify(3, []string{s.url, "--tenant", "acme"}, "not read  acme", "certificate")

	s.alter()
	s.verify(1, s.server(), "ALTERED   acme", "entry 110: the entry's bytes are not those that were logged", "verified  beta")
	var outcome struct {
		Verified bool
		Logs     []verified
	}
	if err := json.Unmarshal([]byte(s.verify(1, s.server("--json"))), &outcome); err != nil {
		t.Fatal(err)
	}
	if outcome.Verified || len(outcome.Logs) != 3 || outcome.Logs[1].Findings[0].Index != 110 || !outcome.Logs[2].Verified {
		t.Errorf("%+v", outcome)
	}
}

// TestLedgerVerifyRemembers: a server that rolls its logs back, anchors and all, and signs anew.
func TestLedgerVerifyRemembers(t *testing.T) {
	s := newLedgerStory(t)
	s.verify(0, s.server("--save", s.path("memory")))
	s.write("acme", 10)
	s.verify(0, s.server("--since", s.path("memory"), "--save", s.path("memory")), "acme: 310 entries", "7 earlier heads")

	for _, table := range []string{"ledger_chunks", "ledger_heads"} {
		for _, tenant := range []string{"acme", db.Organisation} {
			s.exec(tenant, `DELETE FROM `+table+` WHERE tenant_id = $1`, tenant)
		}
	}
	s.exec("", `DELETE FROM meta`)
	s.write("acme", 320)
	if err := s.log.Anchor(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.verify(0, s.server(), "acme: 320 entries")
	s.verify(1, s.server("--since", s.path("memory")), "ALTERED   acme", "ALTERED   _org", "is not what it was by the remembered checkpoint", "verified  beta")

	before, err := os.ReadFile(s.path("memory"))
	if err != nil {
		t.Fatal(err)
	}
	s.verify(1, s.server("--since", s.path("memory"), "--save", s.path("memory")))
	after, err := os.ReadFile(s.path("memory"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("an altered log was remembered: %v\n%s\n%s", err, before, after)
	}

	// Another key is another log, however well it signs.
	s.log = ledger.New(s.db, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)), "clause.test")
	s.verify(1, s.server("--since", s.path("memory"), "--tenant", "beta"), "ALTERED   beta", "not signed by the key of clause.test/beta")
}

func TestLedgerVerifyAFile(t *testing.T) {
	s := newLedgerStory(t)
	var export bytes.Buffer
	if err := s.log.Export(context.Background(), "acme", &export); err != nil {
		t.Fatal(err)
	}
	s.put("acme.tar", export.Bytes())
	s.verify(0, []string{s.path("acme.tar"), "--save", s.path("memory")}, "verified  acme: 300 entries")
	s.verify(0, []string{s.path("acme.tar"), "--since", s.path("memory"), "--key", s.log.VerifierKey(organisation)}, "1 earlier heads")
	s.verify(1, []string{s.path("acme.tar"), "--tenant", "beta", "--key", s.log.VerifierKey("beta")}, "ALTERED")
	s.put("altered.tar", bytes.Replace(export.Bytes(), []byte(`"answer":"allow"`), []byte(`"answer":"allou"`), 1))
	s.verify(1, []string{s.path("altered.tar")}, "entry 0: the entry's answer")
	s.put("short.tar", export.Bytes()[:30000])
	s.verify(2, []string{s.path("short.tar")}, "ends too soon")
	s.put("noise.tar", bytes.Repeat([]byte("noise"), 1000))
	s.verify(2, []string{s.path("noise.tar")}, "not an export of a ledger")
}

func TestLedgerVerifyUsage(t *testing.T) {
	s := newLedgerStory(t)
	s.put("two", []byte("a b"))
	s.put("empty", nil)
	for _, c := range []struct {
		args []string
		text string
	}{
		{nil, "expected"},
		{[]string{s.path("nothing.tar")}, "name a server as https://"},
		{[]string{s.url, "--ca", s.path("nothing")}, "there is no file"},
		{[]string{s.url, "--ca", s.path("credential")}, "no certificate"},
		{s.server("--since", s.path("nothing")), "the file that --save wrote"},
		{s.server("--since", s.path("ca.pem")), "the file that --save wrote"},
		{[]string{s.url, "--credential-file", s.path("two")}, "does not hold one key"},
		{[]string{s.url, "--credential-file", s.path("empty")}, "does not hold one key"},
		{[]string{"http://clause.example", "--credential-file", s.path("credential")}, "in the clear"},
		{[]string{"ftp://clause.example"}, "like https://"},
		{s.server("--tenant", "../x"), "tenant's id is malformed"},
		{s.server("--save", s.path("no/such/folder")), "cannot be written"},
		{s.server("--key", "nonsense"), "verifier key is malformed"},
	} {
		s.verify(2, c.args, c.text)
	}
}
