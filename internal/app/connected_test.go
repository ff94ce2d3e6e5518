package app_test

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
)

// beside are a company's systems beside its vault: a database, and one behind a webhook that takes its time.
type beside struct {
	mu     sync.Mutex
	people map[string]bool  // in the CRM, by address
	erased map[string]int64 // by the call's id
	calls  int
	shop   *sql.DB
	env    []string // of a server that reaches them
}

func (b *beside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Action, ID string
		Values     []string
	}
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	if c.Action == "erase" {
		time.Sleep(30 * time.Millisecond)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var n int64
	for _, id := range c.Values {
		if b.people[id] {
			n++
		}
	}
	switch c.Action {
	case "export":
		for _, id := range c.Values {
			if b.people[id] {
				fmt.Fprintf(w, `{"data":"identity","key":"1","fields":{"email":%q}}`+"\n", id)
			}
		}
		fmt.Fprintf(w, `{"end":true,"rows":%d}`, n)
		return
	case "erase":
		b.calls++
		if before, again := b.erased[c.ID]; again {
			n = before
			break
		}
		for _, id := range c.Values {
			delete(b.people, id)
		}
		b.erased[c.ID] = n
	}
	fmt.Fprintf(w, `{"state":"done","rows":%d}`, n)
}

func systemsBeside(t *testing.T, people int) *beside {
	t.Helper()
	folder := t.TempDir()
	b := &beside{people: map[string]bool{}, erased: map[string]int64{}}
	file := filepath.Join(folder, "shop.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.shop, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.shop.Close() })
	if _, err := b.shop.Exec(`CREATE TABLE customers (id INTEGER PRIMARY KEY, number TEXT UNIQUE, first TEXT)`); err != nil {
		t.Fatal(err)
	}
	for n := range people {
		b.people[address(n)] = true
		if _, err := b.shop.Exec(`INSERT INTO customers VALUES (?1, ?2, '=Amal')`, n, number(n)); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewTLSServer(b)
	t.Cleanup(server.Close)
	ca := filepath.Join(folder, "ca.pem")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(filepath.Join(folder, "connect.yaml"), `connectors:
- {id: shop, kind: sql, engine: sqlite, identifier: customer, dsn: {env: TEST_SHOP}, tables: [
   {table: customers, key: id, data: identity, subject: {column: number}, columns: {first: first_name}, erase: delete}]}
- {id: crm, kind: webhook, identifier: email, url: `+server.URL+`, secret: {env: TEST_CRM}, data: [identity], private: [127.0.0.0/8], ca: `+ca+`}
`)
	b.env = []string{"CLAUSE_CONNECT=" + filepath.Join(folder, "connect.yaml"), "TEST_SHOP=" + file, "TEST_CRM=a secret of at least 24 bytes"}
	return b
}

func address(n int) string { return fmt.Sprintf("amal.%d@example.com", n) }
func number(n int) string  { return fmt.Sprintf("c-%d", n) }

// has reports where somebody's rows are.
func (b *beside) has(t *testing.T, n int) (shop, crm bool) {
	t.Helper()
	var rows int
	if err := b.shop.QueryRow(`SELECT COUNT(*) FROM customers WHERE number = ?1`, number(n)).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return rows > 0, b.people[address(n)]
}

// TestKilledWhileWalking kills a server while it erases people in systems outside. The next one goes on: every
// request that was begun ends when each system reads back empty, and nobody else's rows are touched. Then the
// tenant leaves, and what the certificate says of the systems verifies.
func TestKilledWhileWalking(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		const people = 24
		b := systemsBeside(t, people)
		killedWhileWalking(t, b, setUp(t, t.TempDir(), append(env, b.env...)...), people)
	})
}

func killedWhileWalking(t *testing.T, b *beside, p *place, people int) {
	s := p.serveAcme(t)
	_, key := s.application(p.admin, "data", "subjects", "rights")
	c := s.client(key)
	requests := make([]string, people)
	subjects := make([]string, people)
	for n := range people {
		subjects[n], requests[n] = asking(t, c, n)
	}
	var working sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, id := range requests[:people-4] { // four do not ask to be answered
		working.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, _ = c.Answer(t.Context(), "acme", id) // the server may be gone
		})
	}
	for until := time.Now().Add(startWithin); time.Now().Before(until); time.Sleep(time.Millisecond) {
		b.mu.Lock()
		calls := b.calls
		b.mu.Unlock()
		if calls >= people/4 {
			break
		}
	}
	s.kill()
	working.Wait()
	s = p.serve(t)
	c = s.client(key)
	cut, answered := 0, 0
	for n, id := range requests {
		r := endOf(t, c, id)
		shop, crm := b.has(t, n)
		switch {
		case r.State == "answered":
			answered++
			if shop || crm || r.Subject != "" || len(r.Systems) != 2 || r.Systems[0].State != "done" || r.Systems[1].State != "done" {
				t.Errorf("request %d is answered, in the shop %v, in the CRM %v: %+v", n, shop, crm, r)
			}
		case r.State != "received" || !shop || !crm:
			t.Errorf("request %d is %s, in the shop %v, in the CRM %v: %+v", n, r.State, shop, crm, r.Systems)
		default:
			cut++
		}
	}
	t.Logf("%d requests were begun and are answered, %d were not begun", answered, cut)
	if answered < people/4 || cut < 4 {
		t.Errorf("%d are answered, %d open", answered, cut)
	}
	outsidePackage(t, s, c, subjects[people-1])
	leaves(t, s, p.admin, b)
}

// asking is somebody who asks for erasure, known to the systems by their number.
func asking(t *testing.T, c *client.Client, n int) (subject, request string) {
	t.Helper()
	person, err := c.CreateSubject(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetExternalIDs(t.Context(), "acme", person, map[string][]string{"customer": {number(n)}, "email": {address(n)}}); err != nil {
		t.Fatal(err)
	}
	r, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: person, Right: "erasure"})
	if err != nil {
		t.Fatal(err)
	}
	return person, r.ID
}

// endOf waits for the end of a request that is being carried out.
func endOf(t *testing.T, c *client.Client, id string) (r api.Request) {
	t.Helper()
	var err error
	for until := time.Now().Add(2 * startWithin); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if r, err = c.Request(t.Context(), "acme", id); err != nil || r.State != "carrying-out" {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outsidePackage has somebody's package hold what the systems do.
func outsidePackage(t *testing.T, s *child, c *client.Client, person string) {
	t.Helper()
	systems, err := c.Connected(t.Context(), "acme")
	if err != nil || len(systems) != 2 || systems[0].Kind != "sql" || systems[1].ID != "crm" {
		t.Errorf("the systems are %+v, %v", systems, err)
	}
	r, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: person, Right: "access"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Answer(t.Context(), "acme", r.ID)
	if err != nil || len(a.Request.Systems) != 2 {
		t.Fatalf("%+v, %v", a, err)
	}
	body, err := s.client("").Download(t.Context(), a.Link)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	files := unzipped(t, body)
	if !strings.Contains(files["connected/shop/identity.csv"], "'=Amal") || !strings.Contains(files["connected/crm/identity.csv"], "amal.") {
		t.Errorf("the package has %q", files["data.json"])
	}
}

// leaves off-boards the tenant, and checks what the certificate says of the systems.
func leaves(t *testing.T, s *child, admin string, b *beside) {
	t.Helper()
	var rows int64
	if err := b.shop.QueryRow(`SELECT COUNT(*) FROM customers`).Scan(&rows); err != nil || rows < 4 {
		t.Fatalf("%d rows are in the shop: %v", rows, err)
	}
	c := s.client(admin)
	o, err := c.OffBoard(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(2 * startWithin); o.Certificate.State != "issued" && time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if o, err = c.OffBoarding(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
	}
	document, err := c.CertificateDocument(t.Context(), "acme", o.Certificate.ID)
	if err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	got, err := proof.VerifyCertificate(document, "")
	if err != nil || got.Removed["connected.shop"] != rows || got.Removed["connected.crm"] != rows {
		t.Errorf("the certificate says that went %v of %d, %v", got.Removed, rows, err)
	}
	if len(b.people) != 0 {
		t.Errorf("%d people are in the CRM", len(b.people))
	}
}

// unzipped are the files of a package, by name.
func unzipped(t *testing.T, body io.Reader) map[string]string {
	t.Helper()
	archive, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}
