package connected_test

import (
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
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

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/vaulttest"
)

const (
	tenant     = "acme"
	hookSecret = "a secret of at least 24 bytes"
)

// crm is a company's system behind a webhook. What it is told to break, it breaks.
type crm struct {
	mu     sync.Mutex
	people map[string]map[string]string // by external id: fields
	erased map[string]int64             // by the call's id
	told   []string                     // actions and purposes, as they came
	down   bool                         // answers 503
	lies   bool                         // says it erased, and has not
	hangs  chan struct{}                // not nil: answers when it is closed
}

type call struct {
	Action   string                     `json:"action"`
	ID       string                     `json:"id"`
	Values   []string                   `json:"values"`
	Purposes []string                   `json:"purposes"`
	Data     string                     `json:"data"`
	Fields   map[string]json.RawMessage `json:"fields"`
}

func (s *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var c call
	_ = json.Unmarshal(body, &c)
	s.mu.Lock()
	hangs := s.hangs
	s.mu.Unlock()
	if hangs != nil {
		select {
		case <-hangs:
		case <-r.Context().Done():
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return
	}
	n := int64(0)
	switch c.Action {
	case "export":
		for _, id := range c.Values {
			if f, ok := s.people[id]; ok {
				fields, _ := json.Marshal(f)
				fmt.Fprintf(w, `{"data":"identity","key":%q,"fields":%s}`+"\n", id, fields)
				n++
			}
		}
		fmt.Fprintf(w, `{"end":true,"rows":%d}`, n)
		return
	case "erase":
		if again, ok := s.erased[c.ID]; ok {
			n = again
			break
		}
		for _, id := range c.Values {
			if _, ok := s.people[id]; ok {
				n++
			}
			if !s.lies {
				delete(s.people, id)
			}
		}
		if !s.lies {
			s.erased[c.ID] = n
		}
	case "verify":
		for _, id := range c.Values {
			if _, ok := s.people[id]; ok {
				n++
			}
		}
	case "rectification":
		for _, id := range c.Values {
			for name, value := range c.Fields {
				var text string
				_ = json.Unmarshal(value, &text)
				if s.people[id] != nil && !s.lies {
					s.people[id][name] = text
				}
			}
			n++
		}
		s.told = append(s.told, "rectification of "+c.Data)
	case "restriction", "objection", "withdrawal":
		s.told = append(s.told, c.Action+" "+strings.Join(c.Purposes, ","))
	}
	fmt.Fprintf(w, `{"state":"done","rows":%d}`, n)
}

func (s *crm) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// world is a company: a vault, and two systems beside it that hold copies, a database and a webhook.
type world struct {
	*testing.T
	clock  *vaulttest.Clock
	vault  *vault.Vault
	log    *ledger.Log
	desk   *connected.Desk
	rights *rights.Desk
	ends   *retention.Desk
	shop   *sql.DB
	crm    *crm
	app    vault.Caller
	admin  vault.Caller
}

func each(t *testing.T, run func(w *world)) {
	vaulttest.Each(t, func(t *testing.T, c *vaulttest.Clock, d *db.DB) { run(newWorld(t, c, d)) })
}

func sqliteWorld(t *testing.T) *world {
	c, d := vaulttest.SQLite(t)
	return newWorld(t, c, d)
}

const mapping = `connectors:
- id: shop
  kind: sql
  engine: sqlite
  identifier: customer
  dsn: {env: SHOP}
  timeout: 20s
  tables:
  - {table: customers, key: id, data: identity, subject: {column: number}, columns: {first: name, mail: email}, correct: all, erase: delete}
  - {table: orders, key: id, data: notes, subject: {table: customers, from: customer, to: id}, columns: {memo: text}, erase: delete}
- id: crm
  kind: webhook
  identifier: email
  url: %s
  secret: {env: CRM}
  data: [identity]
  takes: [rectification, restriction, objection]
  private: [127.0.0.0/8]
  ca: %s
  attempts: 1
  call: 3s
  timeout: 4s
`

func newWorld(t *testing.T, c *vaulttest.Clock, d *db.DB) *world {
	t.Helper()
	p := testPolicy()
	kit := vaulttest.New(t, c, d, p, retention.Swept)
	w := &world{T: t, clock: c, vault: kit.Vault, log: kit.Ledger, admin: kit.Admin}
	w.systems(kit.Folder, p)
	cal, _ := calendar.Of("AE")
	zone, err := time.LoadLocation(cal.Zone)
	w.must(err)
	engine := &obligation.Engine{DB: d, Calendar: cal, Zone: zone}
	w.app = kit.Caller(t, "app", []string{"account", "security"}, []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights}, tenant, "other")
	w.ends = &retention.Desk{Vault: w.vault, Engine: engine, Ledger: w.log, Issuer: "Acme", Operator: w.admin, Outside: w.desk}
	w.rights = &rights.Desk{
		Vault: w.vault, Clocks: engine, Ledger: w.log, Policy: p, Outside: w.desk, Scratch: kit.Folder,
		Beside:   []rights.Part{rights.PartOf("external_ids", w.desk.KnownBy), rights.PartOf("systems_told", w.desk.WalksOf)},
		Promises: map[rights.Right][]rights.Promise{rights.Erasure: {{Answer: obligation.Duty{Kind: "request.erasure", Clause: "c-1", Limit: term("30 days"), Evidence: "answer"}}}},
		Erase:    w.erase,
	}
	return w
}

// systems makes the database and the webhook, and connects to them.
func (w *world) systems(dir string, p *policy.Policy) {
	file := filepath.Join(dir, "shop.db")
	w.must(os.WriteFile(file, nil, 0o600))
	var err error
	w.shop, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	w.must(err)
	w.Cleanup(func() { w.shop.Close() })
	for _, s := range []string{
		`CREATE TABLE customers (id INTEGER PRIMARY KEY, number TEXT, first TEXT, mail TEXT)`,
		`CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), memo TEXT)`,
	} {
		_, err := w.shop.Exec(s)
		w.must(err)
	}
	w.crm = &crm{people: map[string]map[string]string{}, erased: map[string]int64{}}
	server := httptest.NewTLSServer(w.crm)
	w.Cleanup(server.Close)
	ca := filepath.Join(dir, "ca.pem")
	w.must(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	env := map[string]string{"SHOP": file, "CRM": hookSecret}
	c, err := connect.Parse("connect.yaml", []byte(fmt.Sprintf(mapping, server.URL, ca)), p, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	w.must(err)
	set, err := connect.New(c, time.Now)
	w.must(err)
	w.Cleanup(func() { set.Close() })
	w.desk = &connected.Desk{Vault: w.vault, Set: set, Except: func(t string) bool { return t == "other" }, Checks: &connected.Checks{}}
}

func testPolicy() *policy.Policy {
	all := []policy.Action{policy.Read, policy.Write, policy.Delete}
	p := &policy.Policy{
		Version: "2026-01-01", Regions: []policy.Region{{ID: "here", Country: "AE", Place: "Here"}}, Environments: []string{"test"},
		Organisation: policy.Organisation{Name: "Acme"}, Backups: policy.Backups{Epoch: 7 * 24 * time.Hour, Horizon: 21 * 24 * time.Hour},
		Data: []policy.DataSet{
			{ID: "identity", Title: "Who you are", Storage: policy.Stored, Fields: []policy.Field{
				{ID: "name", Title: "First name", Type: policy.Text}, {ID: "email", Title: "Email", Type: policy.Email, Optional: true},
			}},
			{ID: "notes", Title: "Notes", Storage: policy.Stored, Many: true, Fields: []policy.Field{{ID: "text", Title: "Text", Type: policy.Text}}},
		},
	}
	sees := []policy.Sight{{DataSet: "identity", Fields: []string{"name", "email"}}, {DataSet: "notes", Fields: []string{"text"}}}
	p.Purposes = []policy.Purpose{
		{ID: "account", Title: "Your account", Basis: policy.Contract, May: all, Sees: sees},
		{ID: "security", Title: "Security", Basis: policy.LegitimateInterests, Interest: "Safety.", May: all, Sees: sees},
	}
	p.Clauses = []policy.Clause{{ID: "c-1"}}
	return p
}

func term(s string) policy.Term {
	t, ok := policy.ParseTerm(s)
	if !ok {
		panic(s)
	}
	return t
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(err error, kind fault.Kind) {
	w.Helper()
	if !fault.Is(err, kind) {
		w.Fatalf("got %v (%s), want %s", err, fault.KindOf(err), kind)
	}
}

// person is somebody whom both systems know as n, with two orders.
func (w *world) person(n int) string {
	w.Helper()
	id := w.stranger(n)
	w.must(w.desk.SetIDs(w.Context(), w.app, tenant, id, ids(n)))
	return id
}

func ids(n int) map[string][]string {
	return map[string][]string{"customer": {fmt.Sprintf("c-%d", n)}, "email": {fmt.Sprintf("p%d@example.com", n)}}
}

// stranger is somebody whose ids there nobody told.
func (w *world) stranger(n int) string {
	w.Helper()
	id, err := w.vault.CreateSubject(w.Context(), w.app, tenant, vault.Idempotency{})
	w.must(err)
	name, _ := json.Marshal("Zoe")
	_, err = w.vault.Put(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: id, DataSet: "identity", Purpose: "account"}, vault.Fields{"name": name}, vault.Condition{}, vault.Idempotency{})
	w.must(err)
	_, err = w.shop.Exec(`INSERT INTO customers VALUES (?1, ?2, 'Zoe', 'zoe@example.com')`, n, fmt.Sprintf("c-%d", n))
	w.must(err)
	_, err = w.shop.Exec(`INSERT INTO orders (customer, memo) VALUES (?1, 'tea'), (?1, '=milk')`, n)
	w.must(err)
	w.crm.set(func() { w.crm.people[fmt.Sprintf("p%d@example.com", n)] = map[string]string{"name": "Zoe"} })
	return id
}

func (w *world) open(subject string, right rights.Right) string {
	w.Helper()
	r, err := w.rights.Open(w.Context(), w.app, tenant, rights.Ask{Subject: subject, Right: right})
	w.must(err)
	return r.ID
}

func (w *world) get(id string) rights.Request {
	w.Helper()
	r, err := w.rights.Get(w.Context(), w.app, tenant, id)
	w.must(err)
	return r
}

// inShop counts the rows of the shop.
func (w *world) inShop() (n int) {
	w.Helper()
	w.must(w.shop.QueryRow(`SELECT (SELECT COUNT(*) FROM customers) + (SELECT COUNT(*) FROM orders)`).Scan(&n))
	return n
}

// serve does what a server does by itself, at the present time.
func (w *world) serve() {
	w.Helper()
	_, finished := w.rights.Finish(w.Context(), tenant)
	w.must(errors.Join(w.vault.Sweep(w.Context()), w.ends.Run(w.Context()), w.desk.Run(w.Context()), finished))
	_, finished = w.rights.Finish(w.Context(), tenant)
	w.must(errors.Join(w.ends.Run(w.Context()), finished))
}

// says renders lines as a test reads them.
func says(lines connect.Report) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s.%s %s %d %s", l.System, l.Table, l.Did, l.Rows, l.State)
		if l.Why != "" {
			fmt.Fprintf(&b, ": %s", l.Why)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (w *world) mustSay(lines connect.Report, want ...string) {
	w.Helper()
	if got := says(lines); got != strings.Join(want, "\n") {
		w.Fatalf("the lines say\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
