package assurance_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// org is the tenant whose tests, findings, exercises and reports are no drills.
const org = db.Organisation

// world is a server of Clear's policy, with two of its staff and a stranger.
type world struct {
	*testing.T
	*apptest.Server
	lead, colleague, stranger, auditor *client.Client
}

// each runs a test on each engine.
func each(t *testing.T, run func(w *world)) {
	t.Run("sqlite", func(t *testing.T) { run(start(t, apptest.Options{})) })
	t.Run("postgres", func(t *testing.T) {
		c := dbtest.Postgres(t)
		run(start(t, apptest.Options{Store: c.URL, Migrate: c.Migrate}))
	})
}

func start(t *testing.T, o apptest.Options) *world {
	t.Helper()
	if o.Policy == nil {
		source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		o.Policy = source
	}
	w := &world{T: t, Server: apptest.Start(t, o)}
	w.lead = w.Client(t, w.Application(t, []string{org}, vault.ScopeDuties))
	w.colleague = w.Client(t, w.Application(t, []string{org}, vault.ScopeDuties))
	w.auditor = w.Client(t, w.Application(t, nil, vault.ScopeAdmin))
	w.stranger = w.Client(t, "")
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused wants a problem of a status, and for a refusal the clause that it names.
func (w *world) refused(what string, err error, status int, clause ...string) {
	w.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status || len(clause) > 0 && p.Clause != clause[0] {
		w.Errorf("%s: %v, want status %d %v", what, err, status, clause)
	}
}

// now is the server's time.
func (w *world) now() time.Time { return w.Clock.Now().UTC() }

// move moves the clock, and does what is due by then.
func (w *world) move(by time.Duration) {
	w.Helper()
	w.Clock.Move(by)
	_, err := w.App.Clocks.RunDue(w.Context(), w.App.Now())
	w.must(err)
}

// state is the state of the clause.
func (w *world) state(clause string) string {
	w.Helper()
	all, err := w.App.Evidence.Statuses(w.Context(), w.App.Now())
	w.must(err)
	for _, s := range all {
		if s.Clause.ID == clause {
			return string(s.State)
		}
	}
	w.Fatalf("no clause %s", clause)
	return ""
}

func clockOf(t *testing.T, all []api.Clock, kind, state string) api.Clock {
	t.Helper()
	for _, c := range all {
		if c.Kind == kind && c.State == state {
			return c
		}
	}
	t.Fatalf("no clock of %s is %s in %+v", kind, state, all)
	return api.Clock{}
}

func areas() []string {
	return []string{"authenticated sessions", "privilege escalation", "injection", "platform configuration", "OWASP Top 10"}
}

func sum(letter string) string { return strings.Repeat(letter, 64) }

// plan plans a test of filing.
func (w *world) plan(begins time.Time) api.SecurityTest {
	w.Helper()
	t, err := w.lead.PlanTest(w.Context(), org, api.NewSecurityTest{Application: "filing", Tester: "tester-1", Begins: begins})
	w.must(err)
	return t
}

// find enters a finding.
func (w *world) find(test, severity, ref string) api.Weakness {
	w.Helper()
	f, err := w.lead.OpenFinding(w.Context(), org, api.NewWeakness{Test: test, Severity: severity, Reference: ref})
	w.must(err)
	return f
}

// entries are the kinds of the ledger's entries about an item, the oldest first.
func (w *world) entries(id string) (kinds []string) {
	w.Helper()
	for e, err := range w.auditor.Entries(w.Context(), org) { // the newest first
		w.must(err)
		if e.Detail["item"] == id && e.Answer != proof.Refuse {
			kinds = append([]string{e.Kind}, kinds...)
		}
	}
	return kinds
}
