package incident_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// world is a server of an example's policy, with a tenant, an officer, a colleague and an application.
type world struct {
	*testing.T
	*apptest.Server
	officer, colleague, app *client.Client
}

const tenant = "acme"

func start(t *testing.T, o apptest.Options, example string) *world {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/"+example+"/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return startWith(t, o, source)
}

func startWith(t *testing.T, o apptest.Options, source []byte) *world {
	t.Helper()
	o.Policy = source
	w := &world{T: t, Server: apptest.Start(t, o)}
	admin := w.Client(t, w.Application(t, nil, vault.ScopeAdmin))
	_, err := admin.CreateTenant(t.Context(), api.NewTenant{ID: tenant, Title: "Acme", Region: w.App.Region, Environment: w.App.Environment})
	w.must(err)
	w.officer = w.Client(t, w.Application(t, []string{tenant}, vault.ScopeDuties, vault.ScopeData))
	w.colleague = w.Client(t, w.Application(t, []string{tenant}, vault.ScopeDuties))
	w.app = w.Client(t, w.Application(t, []string{tenant}, vault.ScopeData, vault.ScopeSubjects))
	return w
}

// each runs a test on each engine.
func each(t *testing.T, example string, run func(w *world)) {
	t.Run("sqlite", func(t *testing.T) { run(start(t, apptest.Options{}, example)) })
	t.Run("postgres", func(t *testing.T) {
		c := dbtest.Postgres(t)
		run(start(t, apptest.Options{Store: c.URL, Migrate: c.Migrate}, example))
	})
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

// person makes a person with a record, and returns their id.
func (w *world) person(purpose, set string, fields map[string]any) string {
	w.Helper()
	id, err := w.app.CreateSubject(w.Context(), tenant)
	w.must(err)
	_, err = w.app.Put(w.Context(), client.Target{Tenant: tenant, Subject: id, DataSet: set, Record: "main", Purpose: purpose}, fields)
	w.must(err)
	return id
}

func (w *world) customer(email string) string {
	w.Helper()
	return w.person("account", "identity", map[string]any{"first_name": "Zaynab", "email": email})
}

func (w *world) read(subject string) {
	w.Helper()
	_, err := w.app.Get(w.Context(), client.Target{Tenant: tenant, Subject: subject, DataSet: "identity", Record: "main", Purpose: "account"})
	w.must(err)
}

// now is the server's time.
func (w *world) now() time.Time { return w.Clock.Now().UTC() }

func (w *world) suspect(from, to time.Time) api.Incident {
	w.Helper()
	in, err := w.officer.SuspectBreach(w.Context(), tenant, api.Suspicion{
		Nature: []string{"confidentiality"}, Cause: "stolen-credential", Exposure: api.Exposure{From: from, To: to, Purpose: "account"},
	})
	w.must(err)
	return in
}

func weighed(risk string) api.Assessment {
	return api.Assessment{Risk: risk, Reasons: []string{"financial-data"}, Consequences: []string{"fraud"}, Measures: []string{"access-revoked"}}
}

func (w *world) clock(in api.Incident, kind string) api.Clock {
	w.Helper()
	for _, c := range in.Clocks {
		if c.Kind == kind {
			return c
		}
	}
	w.Fatalf("no clock of %s in %+v", kind, in.Clocks)
	return api.Clock{}
}

// outbox counts the messages about an event by channel.
func (w *world) outbox(event string) map[string]int {
	w.Helper()
	all := map[string]int{}
	w.must(w.App.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		tallies, err := notify.Tallies(tx, event)
		for _, t := range tallies {
			all[string(t.Channel)] += t.Count
		}
		return err
	}))
	return all
}

func (w *world) sql(query string, args ...any) {
	w.Helper()
	w.must(w.App.DB.Write(w.Context(), tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}))
}

// append writes entries of its own into the tenant's ledger, each at its time.
func (w *world) append(entries []proof.Entry) {
	w.Helper()
	w.must(w.App.DB.Write(w.Context(), tenant, func(tx *db.Tx) error {
		for _, e := range entries {
			if err := ledger.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

func target(subject, set, purpose string) client.Target {
	return client.Target{Tenant: tenant, Subject: subject, DataSet: set, Record: "main", Purpose: purpose}
}
