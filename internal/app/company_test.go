package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// company is a store that servers with one policy after another are started on. None of them works by
// itself: a test says when they do what.
type company struct {
	*testing.T
	Config
	now    time.Time
	app    *App // nil while none runs
	mailed map[string]int
	down   bool // the mail server
}

func companies(t *testing.T, run func(*company)) {
	open := func(t *testing.T, store, migrate string) *company {
		folder := t.TempDir()
		root, err := keyring.FileRoot(filepath.Join(folder, "root.key"), true)
		if err != nil {
			t.Fatal(err)
		}
		c := &company{T: t, now: time.Date(2027, 3, 10, 9, 0, 0, 0, time.UTC), mailed: map[string]int{}}
		c.Config = Config{Data: filepath.Join(folder, "data"), Keys: filepath.Join(folder, "keys"), Root: root, Store: store, Migrate: migrate, Now: func() time.Time { return c.now }}
		t.Cleanup(c.stop)
		return c
	}
	t.Run("sqlite", func(t *testing.T) { run(open(t, "", "")) })
	t.Run("postgres", func(t *testing.T) {
		p := dbtest.Postgres(t)
		run(open(t, p.URL, p.Migrate))
	})
}

// clesaro is its policy with words replaced, pairs of old and new.
func clesaro(t *testing.T, changes ...string) string {
	t.Helper()
	src, err := os.ReadFile("../../examples/clesaro/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := string(src)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(out, changes[i]) {
			t.Fatalf("the policy does not say %q", changes[i])
		}
		out = strings.Replace(out, changes[i], changes[i+1], 1)
	}
	return out
}

// moved is Clesaro's policy with another address for requests, which is material, dated a day.
func moved(t *testing.T, day string, more ...string) string {
	return clesaro(t, append([]string{"version: 2026-02-01", "version: next", "effective: 2026-03-03", "effective: " + day,
		"contact: privacy@clesaro.example", "contact: dpo@clesaro.example"}, more...)...)
}

// start starts a server with a policy.
func (c *company) start(src string) error {
	c.Helper()
	c.stop()
	p, err := policy.Parse("policy.yaml", []byte(src), control.Catalogue())
	if err != nil {
		c.Fatal(err)
	}
	config := c.Config
	config.Policy = p
	a, err := Open(c.Context(), config)
	if err != nil {
		c.Fatal(err)
	}
	if err := a.Start(c.Context()); err != nil {
		a.Close()
		return err
	}
	a.Outbox.Senders[notify.Email] = c
	a.Outbox.Reach = func(_ context.Context, _, subject string, _ notify.Channel) (notify.Address, error) {
		return notify.Address{Email: subject + "@example.com"}, nil
	}
	c.app = a
	return nil
}

func (c *company) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *company) refused(err error, why string) {
	c.Helper()
	if !fault.Is(err, fault.Refused) || !strings.Contains(err.Error(), why) {
		c.Fatalf("%v, want a refusal that says %q", err, why)
	}
}

func (c *company) stop() {
	if c.app != nil {
		if err := c.app.Close(); err != nil {
			c.Error(err)
		}
	}
	c.app = nil
}

// Send takes a mail, unless the mail server is down.
func (c *company) Send(_ context.Context, d *notify.Dispatch) error {
	if c.down {
		return &notify.Outage{Reason: "down"}
	}
	if !strings.Contains(d.Words.Text, "dpo@clesaro.example") {
		c.Errorf("a mail does not say what changes:\n%s", d.Words.Text)
	}
	c.mailed[d.Subject]++
	return nil
}

// work has the server do what is due.
func (c *company) work() {
	c.Helper()
	c.must(c.app.announce(c.Context()))
	_, err := c.app.Outbox.Run(c.Context(), c.now)
	c.must(err)
	c.must(c.app.announce(c.Context()))
	_, err = c.app.Clocks.RunDue(c.Context(), c.now)
	c.must(err)
}

func (c *company) on(day string) {
	c.Helper()
	at, err := time.Parse(time.DateTime, day)
	c.must(err)
	c.now = at
}

func (c *company) caller(scopes ...string) vault.Caller {
	return vault.Caller{Scopes: scopes, Credential: decision.Credential{ID: "app_test", Tenants: []string{"acme"}, Environment: "production", Purposes: c.purposes()}}
}

func (c *company) purposes() (all decision.Set) {
	for _, p := range c.app.Policy.Purposes {
		all = all.With(c.app.Rules.Purpose(p.ID))
	}
	return all
}

func (c *company) tenant() {
	c.Helper()
	_, err := c.app.Vault.CreateTenant(c.Context(), c.app.Operator(), vault.Tenant{ID: "acme", Title: "Acme", Region: "uae-north"})
	c.must(err)
}

func (c *company) person() string {
	c.Helper()
	id, err := c.app.Vault.CreateSubject(c.Context(), c.caller(vault.ScopeSubjects), "acme", vault.Idempotency{})
	c.must(err)
	return id
}

func (c *company) announced(src string) (notice.Version, error) {
	return c.app.notices(c.app.Vault).Announce(c.Context(), c.app.Operator(), []byte(src), false)
}

func (c *company) version(id string) (notice.Version, notice.Progress) {
	c.Helper()
	v, p, err := c.app.notices(c.app.Vault).Version(c.Context(), c.app.Operator(), id)
	c.must(err)
	return v, p
}

// clocks are those about a version.
func (c *company) clocks(id string) (all []obligation.Clock) {
	c.Helper()
	all, err := c.app.Clocks.About(c.Context(), db.Organisation, id)
	c.must(err)
	return all
}

func (c *company) clause(id string) evidence.Status {
	c.Helper()
	all, err := c.app.Evidence.Statuses(c.Context(), c.now)
	c.must(err)
	for _, s := range all {
		if s.Clause.ID == id {
			return s
		}
	}
	c.Fatal("there is no clause " + id)
	return evidence.Status{}
}
