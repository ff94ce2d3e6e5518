package drp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/vaulttest"
)

const tenant = "acme"

// world is a desk over a real vault, store and ledger.
type world struct {
	testing.TB
	clock    *vaulttest.Clock
	vault    *vault.Vault
	ring     *keyring.Ring
	desk     *drp.Desk
	registry *drp.Registry
	log      *ledger.Log
	app      vault.Caller
	told     []string // templates
}

func each(t *testing.T, run func(w *world)) {
	vaulttest.Each(t, func(t *testing.T, c *vaulttest.Clock, d *db.DB) { run(newWorld(t, c, d)) })
}

func sqliteWorld(t testing.TB) *world {
	c, d := vaulttest.SQLite(t)
	return newWorld(t, c, d)
}

func newWorld(t testing.TB, c *vaulttest.Clock, d *db.DB) *world {
	t.Helper()
	kit := vaulttest.New(t, c, d, testPolicy(), nil)
	w := &world{TB: t, clock: c, vault: kit.Vault, ring: kit.Ring, log: kit.Ledger, registry: &drp.Registry{DB: d, Gone: kit.Ring}}
	cal, _ := calendar.Of("AE")
	zone, err := time.LoadLocation(cal.Zone)
	w.must(err)
	w.desk = &drp.Desk{Book: w.registry, Rights: &rights.Desk{
		Vault: w.vault, Clocks: &obligation.Engine{DB: d, Calendar: cal, Zone: zone}, Ledger: w.log, Policy: w.vault.Policy, Promises: promises(), Changed: drp.Changed,
		Tell: func(tx *db.Tx, m notify.Message) error {
			w.told = append(w.told, m.Template)
			return notify.Enqueue(tx, m)
		},
	}}
	w.app = kit.Caller(t, "app", []string{"account", "partners"}, []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights}, tenant, "other")
	return w
}

func testPolicy() *policy.Policy {
	all := []policy.Action{policy.Read, policy.Write, policy.Delete}
	sees := []policy.Sight{{DataSet: "identity", Fields: []string{"name", "email", "phone"}}}
	shares := append(append([]policy.Action{}, all...), policy.Disclose)
	return &policy.Policy{
		Version: "2026-01-01", Regions: []policy.Region{{ID: "here", Country: "AE", Place: "Here"}}, Environments: []string{"test"},
		Organisation: policy.Organisation{Name: "Acme", Contact: "privacy@acme.example", Authority: policy.Authority{Name: "The Office", URL: "https://office.example"}},
		Backups:      policy.Backups{Epoch: 7 * 24 * time.Hour, Horizon: 21 * 24 * time.Hour},
		Contacts:     policy.Contacts{Purpose: "account", Email: "identity.email", Phone: "identity.phone"},
		Data: []policy.DataSet{{ID: "identity", Title: "Who you are", Storage: policy.Stored, Fields: []policy.Field{
			{ID: "name", Title: "Name", Type: policy.Text}, {ID: "email", Title: "Email", Type: policy.Email, Find: true},
			{ID: "phone", Title: "Phone", Type: policy.Phone, Find: true, Optional: true},
		}}},
		Recipients: []policy.Recipient{
			{ID: "host", Name: "Host", Role: "processor", Region: "here", Does: "hosting"},
			{ID: "broker", Name: "Broker", Role: "controller", Region: "here", Does: "advertising"},
		},
		Purposes: []policy.Purpose{
			{ID: "account", Title: "Account", Basis: policy.Contract, May: shares, Sees: sees, Recipients: []string{"host"}, UnderRestriction: true},
			{ID: "partners", Title: "Partners", Basis: policy.Consent, May: shares, Sees: sees, Recipients: []string{"broker"}},
			{ID: "market", Title: "Market", Basis: policy.LegitimateInterests, Interest: "i", May: shares, Sees: sees, Recipients: []string{"broker", "host"}},
			{ID: "tips", Title: "Tips", Basis: policy.Consent, May: all, Sees: sees},
		},
		Clauses: []policy.Clause{{ID: "c-rights"}},
	}
}

func promises() map[rights.Right][]rights.Promise {
	all := map[rights.Right][]rights.Promise{}
	limit, _ := policy.ParseTerm("30 days")
	extend, _ := policy.ParseTerm("2 months")
	for _, right := range rights.All() {
		all[right] = []rights.Promise{{Extend: extend, Answer: obligation.Duty{Kind: "request." + string(right), Clause: "c-rights", Limit: limit, Evidence: "answer"}}}
	}
	return all
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

// person is somebody of the tenant with an email, and a telephone unless that is "".
func (w *world) person(email, phone string) string {
	w.Helper()
	id, err := w.vault.CreateSubject(w.Context(), w.app, tenant, vault.Idempotency{})
	w.must(err)
	f := vault.Fields{"name": json.RawMessage(`"Amal"`), "email": json.RawMessage(`"` + email + `"`)}
	if phone != "" {
		f["phone"] = json.RawMessage(`"` + phone + `"`)
	}
	_, err = w.vault.Put(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: id, DataSet: "identity", Purpose: "account"}, f, vault.Condition{}, vault.Idempotency{})
	w.must(err)
	return id
}

// agent is an authorised agent with its own key.
type agent struct {
	w     *world
	known drp.Agent
	key   ed25519.PrivateKey
	token string
}

func (w *world) agent(id string, change ...func(*drp.Agent)) *agent {
	w.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	within, _ := policy.ParseTerm("14 days")
	known := drp.Agent{
		Agent: id, Business: "ACME", Tenant: tenant, Title: "Helper", Key: public, Verification: "https://acme.example/me/{request}", Trusts: []string{"email"}, Within: within,
	}
	for _, ch := range change {
		ch(&known)
	}
	known, err = w.registry.Add(w.Context(), "operator", w.vault.Policy, known)
	w.must(err)
	return &agent{w: w, known: known, key: private}
}

type fields = map[string]any

// envelope are the fields that the protocol checks, as of now.
func (a *agent) envelope(more fields) fields {
	now := a.w.clock.Now()
	f := fields{
		"agent-id": a.known.Agent, "business-id": a.known.Business, "issued-at": now.Format(time.RFC3339Nano), "expires-at": now.Add(10 * time.Minute).Format(time.RFC3339),
		"drp.version": "1.0",
	}
	maps.Copy(f, more)
	return f
}

func (a *agent) sign(f fields) []byte {
	text, err := json.Marshal(f)
	a.w.must(err)
	return a.signText(text)
}

func (a *agent) signText(text []byte) []byte {
	return []byte(base64.StdEncoding.EncodeToString(append(ed25519.Sign(a.key, text), text...)))
}

// pair fetches a token.
func (a *agent) pair() *agent {
	a.w.Helper()
	got, err := a.w.desk.Pair(a.w.Context(), a.known.Agent, a.sign(a.envelope(nil)))
	a.w.must(err)
	a.token = got.Token
	return a
}

// by is the agent as its token proves it.
func (a *agent) by() drp.Agent {
	a.w.Helper()
	known, err := a.w.desk.Authenticate(a.w.Context(), a.token)
	a.w.must(err)
	return known
}

func (a *agent) send(body []byte) (api.ExerciseStatus, error) {
	return a.w.desk.Exercise(a.w.Context(), a.by(), body)
}

// ask exercises a right for whoever has the email, which the agent has verified.
func (a *agent) ask(exercise, email string, more ...fields) api.ExerciseStatus {
	a.w.Helper()
	f := fields{"exercise": exercise, "regime": "ccpa", "name": "Amal", "email": email, "email_verified": true}
	for _, m := range more {
		maps.Copy(f, m)
	}
	s, err := a.send(a.sign(a.envelope(f)))
	a.w.must(err)
	return s
}

func (a *agent) status(id string) api.ExerciseStatus {
	a.w.Helper()
	s, err := a.w.desk.Status(a.w.Context(), a.by(), id)
	a.w.must(err)
	return s
}

// requests are those that an agent's request opened.
func (w *world) requests(id string) []string {
	w.Helper()
	page, _, err := w.desk.Asked(w.Context(), w.app, tenant, "", 100)
	w.must(err)
	for _, a := range page {
		if a.ID == id {
			return a.Requests
		}
	}
	w.Fatalf("%s was not asked", id)
	return nil
}

func (w *world) answer(id string) string {
	w.Helper()
	_, link, err := w.desk.Rights.Answer(w.Context(), w.app, tenant, id, nil)
	w.must(err)
	return link
}

// rows is all that the store keeps of what agents asked, as text.
func (w *world) rows() string {
	w.Helper()
	var b strings.Builder
	w.must(w.vault.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		return tx.Each(`SELECT agent_id, agent_request_id, exercise, regime, request_id, other_id, denied, callback FROM agent_requests WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var c [8]string
			err := scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7])
			b.WriteString(strings.Join(c[:], " ") + "\n")
			return err
		})
	}))
	return b.String()
}
