package rights_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/vaulttest"
)

const tenant = "acme"

// world is a desk over a real vault, store and ledger.
type world struct {
	testing.TB
	clock    *vaulttest.Clock
	vault    *vault.Vault
	desk     *rights.Desk
	log      *ledger.Log
	app      vault.Caller // of acme and other, with every scope
	mere     vault.Caller // without the scope rights
	stranger vault.Caller // of other alone
	sent     []notify.Message
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
	w := &world{TB: t, clock: c, vault: kit.Vault, log: kit.Ledger}
	w.desk = w.newDesk()
	held, scopes := []string{"account", "insights", "security"}, []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights, vault.ScopeAudit}
	w.app, w.mere, w.stranger = kit.Caller(t, "app", held, scopes, tenant, "other"), kit.Caller(t, "mere", held, scopes[:2], tenant), kit.Caller(t, "stranger", held, scopes, "other")
	return w
}

// newDesk is a desk as a restart makes it.
func (w *world) newDesk() *rights.Desk {
	cal, _ := calendar.Of("AE")
	zone, err := time.LoadLocation(cal.Zone)
	w.must(err)
	return &rights.Desk{
		Vault: w.vault, Clocks: &obligation.Engine{DB: w.vault.DB, Calendar: cal, Zone: zone}, Ledger: w.log, Policy: w.vault.Policy, Promises: promises(),
		Receipt: func(c *vault.Consent, subject string) ([]byte, error) {
			return publish.ConsentReceipt(c.Receipt, publish.Expressed{Record: c.ID, Principal: subject, At: c.At, Given: c.Given})
		},
		Tell: func(tx *db.Tx, m notify.Message) error {
			w.sent = append(w.sent, m)
			return notify.Enqueue(tx, m)
		},
	}
}

func testPolicy() *policy.Policy {
	all := []policy.Action{policy.Read, policy.Write, policy.Delete}
	p := &policy.Policy{
		Version: "2026-01-01", Regions: []policy.Region{{ID: "here", Country: "AE", Place: "Here"}}, Environments: []string{"test"},
		Organisation: policy.Organisation{Name: "Acme <&> Sons", Contact: "privacy@acme.example", Authority: policy.Authority{Name: "The Office", URL: "https://office.example"}},
		Backups:      policy.Backups{Epoch: 7 * 24 * time.Hour, Horizon: 21 * 24 * time.Hour},
		Contacts:     policy.Contacts{Purpose: "account", Email: "identity.email"},
		Data: []policy.DataSet{
			{ID: "identity", Title: "Who you are", Titles: policy.Titles{"ar": "من أنت"}, Storage: policy.Stored, Fields: []policy.Field{
				{ID: "name", Title: "First name", Titles: policy.Titles{"ar": "الاسم"}, Type: policy.Text}, {ID: "email", Title: "Email", Type: policy.Email, Unique: true},
			}},
			{ID: "notes", Title: "Notes", Storage: policy.Stored, Many: true, Fields: []policy.Field{
				{ID: "text", Title: "Text", Type: policy.Text}, {ID: "paid", Title: "Paid", Type: policy.Bool, Optional: true},
				{ID: "count", Title: "Count", Type: policy.Integer, Optional: true}, {ID: "scan", Title: "Scan", Type: policy.Blob, Optional: true},
			}},
			{ID: "sessions", Title: "Sessions", Storage: policy.Memory, Many: true, Source: policy.FromDevice, Fields: []policy.Field{{ID: "token", Title: "Token", Type: policy.Text}}},
			{ID: "empty", Title: "Nothing", Storage: policy.Stored, Fields: []policy.Field{{ID: "x", Title: "X", Type: policy.Text, Optional: true}}},
		},
		Recipients: []policy.Recipient{{ID: "host", Name: "Host Ltd", Role: "processor", Region: "here", Does: "hosting"}},
	}
	sees := func(sets ...string) (out []policy.Sight) {
		for _, id := range sets {
			set, _ := p.DataSet(id)
			s := policy.Sight{DataSet: id}
			for _, f := range set.Fields {
				s.Fields = append(s.Fields, f.ID)
			}
			out = append(out, s)
		}
		return out
	}
	p.Purposes = []policy.Purpose{
		{ID: "account", Title: "Your account", Basis: policy.Contract, May: all, Sees: sees("identity", "notes", "empty"), Recipients: []string{"host"}},
		{ID: "insights", Title: "Insights", Basis: policy.Consent, May: all, Sees: sees("notes")},
		{ID: "tips", Title: "Tips", Basis: policy.Consent, May: all, Sees: sees("notes")},
		{ID: "security", Title: "Security", Basis: policy.LegitimateInterests, Interest: "Keeping accounts safe.", May: all, Sees: sees("sessions", "notes")},
	}
	for _, id := range []string{"c-rights", "c-longer"} {
		p.Clauses = append(p.Clauses, policy.Clause{ID: id})
	}
	return p
}

func term(s string) policy.Term {
	t, ok := policy.ParseTerm(s)
	if !ok {
		panic(s)
	}
	return t
}

// promises: every right within 30 days with a receipt within 5 business days; access two months longer.
func promises() map[rights.Right][]rights.Promise {
	all := map[rights.Right][]rights.Promise{}
	for _, right := range rights.All() {
		p := rights.Promise{
			Acknowledge: obligation.Duty{Kind: "request." + string(right) + ".acknowledge", Clause: "c-rights", Limit: term("5 business days"), Evidence: "receipt"},
			Answer:      obligation.Duty{Kind: "request." + string(right), Clause: "c-rights", Limit: term("30 days"), Evidence: "answer"},
		}
		if right == rights.Access {
			p.Extend = term("2 months")
		}
		all[right] = []rights.Promise{p}
	}
	delete(all, rights.Portability) // which no clause promises
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

func (w *world) person() string {
	w.Helper()
	id, err := w.vault.CreateSubject(w.Context(), w.app, tenant, vault.Idempotency{})
	w.must(err)
	return id
}

func fields(pairs ...any) vault.Fields {
	f := vault.Fields{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i].(string)], _ = json.Marshal(pairs[i+1])
	}
	return f
}

func (w *world) put(subject, set, purpose string, f vault.Fields) string {
	w.Helper()
	stored, err := w.vault.Put(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: subject, DataSet: set, Purpose: purpose}, f, vault.Condition{}, vault.Idempotency{})
	w.must(err)
	return stored.Record
}

func (w *world) open(subject string, right rights.Right, purposes ...string) rights.Request {
	w.Helper()
	r, err := w.desk.Open(w.Context(), w.app, tenant, rights.Ask{Subject: subject, Right: right, Purposes: purposes})
	w.must(err)
	return r
}

func (w *world) answer(id string, corrections ...rights.Correction) (rights.Request, string) {
	w.Helper()
	r, link, err := w.desk.Answer(w.Context(), w.app, tenant, id, corrections)
	w.must(err)
	return r, link
}

func (w *world) get(id string) rights.Request {
	w.Helper()
	r, err := w.desk.Get(w.Context(), w.app, tenant, id)
	w.must(err)
	return r
}

// entries are those of the tenant's log about a request, the oldest first.
func (w *world) entries(id string) (all []proof.Entry) {
	w.Helper()
	recent, err := w.log.Recent(w.Context(), tenant, "", 100000)
	w.must(err)
	for _, e := range slices.Backward(recent) {
		if e.Detail["request"] == id || e.Detail["about"] == id {
			all = append(all, e)
		}
	}
	return all
}

func kinds(all []proof.Entry) (out []string) {
	for _, e := range all {
		out = append(out, e.Kind)
	}
	return out
}

// told are the templates of the messages about a request, each once.
func (w *world) told(id string) (all []string) {
	for _, m := range w.sent {
		if m.Details["request"] == id && !slices.Contains(all, m.Template) {
			all = append(all, m.Template)
		}
	}
	return all
}

// name is the first name of a person as the next read shows it.
func (w *world) name(subject string) (string, error) {
	r, err := w.vault.Get(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: subject, DataSet: "identity", Record: "main", Purpose: "account"})
	if err != nil {
		return "", err
	}
	var f struct{ Name string }
	w.must(json.Unmarshal(r.Fields, &f))
	return f.Name, nil
}

func (w *world) read(subject, record, purpose string) error {
	_, err := w.vault.Get(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: subject, DataSet: "notes", Record: record, Purpose: purpose})
	return err
}
