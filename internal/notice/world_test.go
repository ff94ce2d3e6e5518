package notice_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// source is the policy of a small firm. The marks in it are replaced to make the next version.
const source = `version: first
effective: 2027-01-01
organisation: {name: Acme, role: controller, address: London, contact: privacy@acme.example, website: https://acme.example}
calendar: GB
regions:
  london: {provider: Here, place: London, country: GB}
environments: [production]
backups: {epoch: 7d, horizon: 21d}
subjects:
  users: {title: Users}
data:
  login:
    title: Login
    category: identity
    fields:
      email: {title: Email, type: email, unique: true}
      address: {title: Address, type: text, optional: true}
purposes:
  service:
    title: Delivering the service
    basis: contract
    may: [read, write, delete, disclose]
    recipients: [carrier]
    sees:
      login: all
contacts: {purpose: service, email: login.email, address: login.address}
recipients:
  carrier: {name: Carrier, role: processor, region: london, does: Carries mail}
clauses:
  - id: who-gets-it
    section: Who
    text: Your data goes to whom this policy names. Whoever comes to it is announced 30 days before, and you can opt out.
    keep:
      - disclosure-notice: {ahead: 30 days, opt-out: true}
  - id: on-paper
    section: Notice
    text: Electronic notice rests on your consent; a letter is sent within 5 business days of asking.
    keep:
      - electronic-notice: {letter: 5 business days}
`

// next is the policy with one more recipient, dated a day.
func next(day string) string {
	return strings.NewReplacer("version: first", "version: next", "2027-01-01", day, "[carrier]", "[carrier, lender]",
		"does: Carries mail}", "does: Carries mail}\n  lender: {name: Lender, role: processor, region: london, does: Lends money}").Replace(source)
}

// firm is a store that servers with one policy after another are started on. None works by itself.
type firm struct {
	*testing.T
	config app.Config
	now    time.Time
	app    *app.App
	mailed map[string][]string // the words that each person was mailed
	down   bool
}

func firms(t *testing.T, run func(*firm)) {
	open := func(t *testing.T, store, migrate string) *firm {
		folder := t.TempDir()
		root, err := keyring.FileRoot(filepath.Join(folder, "root.key"), true)
		if err != nil {
			t.Fatal(err)
		}
		f := &firm{T: t, now: time.Date(2027, 3, 10, 9, 0, 0, 0, time.UTC), mailed: map[string][]string{}}
		f.config = app.Config{Data: filepath.Join(folder, "data"), Keys: filepath.Join(folder, "keys"), Root: root, Store: store, Migrate: migrate, Now: func() time.Time { return f.now }}
		t.Cleanup(f.stop)
		return f
	}
	t.Run("sqlite", func(t *testing.T) { run(open(t, "", "")) })
	t.Run("postgres", func(t *testing.T) {
		p := dbtest.Postgres(t)
		run(open(t, p.URL, p.Migrate))
	})
}

func (f *firm) parse(src []byte) (*policy.Policy, error) {
	return policy.Parse("policy.yaml", src, control.Catalogue())
}

func (f *firm) stop() {
	if f.app != nil {
		f.must(f.app.Close())
	}
	f.app = nil
}

// open opens one more server of the store.
func (f *firm) open(src string, force bool) (*app.App, error) {
	f.Helper()
	p, err := f.parse([]byte(src))
	f.must(err)
	config := f.config
	config.Policy, config.WithoutNotice = p, force
	a, err := app.Open(f.Context(), config)
	f.must(err)
	if err := a.Start(f.Context()); err != nil {
		f.must(a.Close())
		return nil, err
	}
	a.Outbox.Senders[notify.Email] = f
	a.Outbox.Reach = func(_ context.Context, _, subject string, _ notify.Channel) (notify.Address, error) {
		return notify.Address{Email: subject + "@example.com", Postal: "1 High Street"}, nil
	}
	return a, nil
}

// start starts a server with a policy in the place of the one before.
func (f *firm) start(src string) error { return f.startWith(src, false) }

func (f *firm) startWith(src string, force bool) error {
	f.Helper()
	f.stop()
	a, err := f.open(src, force)
	f.app = a
	return err
}

// Send takes a mail, unless the mail server is down.
func (f *firm) Send(_ context.Context, d *notify.Dispatch) error {
	if f.down {
		return &notify.Outage{Reason: "down"}
	}
	f.mailed[d.Subject] = append(f.mailed[d.Subject], d.Words.Text)
	return nil
}

func (f *firm) desk(a *app.App) *notice.Desk {
	return &notice.Desk{Vault: a.Vault, Engine: a.Clocks, Policy: a.Policy, Controls: control.Catalogue(), Parse: f.parse, Canaries: []string{"canary-a"},
		Promised: func(p *policy.Policy) (notice.Promised, error) {
			plan, err := control.PlanOf(p)
			if err != nil {
				return notice.Promised{}, err
			}
			_, zone := control.CalendarOf(p)
			all := notice.Promised{Zone: zone, Papers: plan.Papers}
			for _, n := range plan.Notices {
				all.Promises = append(all.Promises, notice.Promise(n))
			}
			return all, nil
		}}
}

// work has the server do what is due.
func (f *firm) work() {
	f.Helper()
	for range 2 {
		f.must(f.desk(f.app).RunDue(f.Context(), f.now))
		_, err := f.app.Outbox.Run(f.Context(), f.now)
		f.must(err)
	}
	f.must(f.desk(f.app).RunDue(f.Context(), f.now))
}

func (f *firm) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *firm) wants(err error, kind fault.Kind, says string) {
	f.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), says) {
		f.Errorf("%v, want %s that says %q", err, kind, says)
	}
}

func (f *firm) caller() vault.Caller {
	held, err := f.app.Rules.PurposeSet([]string{"service"})
	f.must(err)
	return vault.Caller{Scopes: []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeDuties}, Credential: decision.Credential{ID: "app_1", Tenants: []string{"acme"}, Environment: "production", Purposes: held}}
}

func (f *firm) tenant() {
	f.Helper()
	_, err := f.app.Vault.CreateTenant(f.Context(), f.app.Operator(), vault.Tenant{ID: "acme", Title: "Acme", Region: "london"})
	f.must(err)
}

// person is a person with a login, who consents to electronic notice if willing.
func (f *firm) person(willing bool) string {
	f.Helper()
	id, err := f.app.Vault.CreateSubject(f.Context(), f.caller(), "acme", vault.Idempotency{})
	f.must(err)
	_, err = f.app.Vault.Put(f.Context(), f.caller(), vault.Target{Tenant: "acme", Subject: id, DataSet: "login", Purpose: "service"},
		vault.Fields{"email": []byte(`"` + id + `@example.com"`)}, vault.Condition{}, vault.Idempotency{})
	f.must(err)
	if willing {
		f.must(f.app.Vault.SetElectronicNotice(f.Context(), f.caller(), "acme", id, true))
	}
	return id
}

// disclose discloses somebody's login.
func (f *firm) disclose(subject, recipient string) error {
	_, _, err := f.app.Vault.List(f.Context(), f.caller(), vault.Target{Tenant: "acme", Subject: subject, DataSet: "login", Purpose: "service", Recipient: recipient}, "", 1)
	return err
}

func (f *firm) on(day string) {
	f.Helper()
	at, err := time.Parse(time.DateOnly, day)
	f.must(err)
	f.now = at.Add(9 * time.Hour)
}

// entries counts the entries of a log by kind.
func (f *firm) entries(log string) map[string]int {
	f.Helper()
	all := map[string]int{}
	for before := int64(0); ; {
		page, err := f.app.Ledger.Page(f.Context(), log, "", before, 1000)
		f.must(err)
		for _, e := range page.Entries {
			all[e.Kind]++
		}
		if before = page.Before; before == 0 {
			return all
		}
	}
}

// count runs a query that counts something of the tenant.
func (f *firm) count(query string, args ...any) (n int) {
	f.Helper()
	f.must(f.app.DB.Read(f.Context(), "acme", func(tx *db.Tx) error { return tx.One(query, args, &n) }))
	return n
}

// text runs a query for a word of the tenant's.
func (f *firm) text(query string, args ...any) (s string) {
	f.Helper()
	f.must(f.app.DB.Read(f.Context(), "acme", func(tx *db.Tx) error { return tx.One(query, args, &s) }))
	return s
}
