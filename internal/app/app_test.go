package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/policy"
)

// engines runs a test on a server over each engine, beside other tests.
func engines(t *testing.T, run func(*testing.T, apptest.Options)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, apptest.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		c := dbtest.Postgres(t)
		run(t, apptest.Options{Store: c.URL, Migrate: c.Migrate})
	})
}

// alone has a server keep one clause: where one is looked at, the others need not be proven.
func alone(clause string) func(*policy.Policy) {
	return func(p *policy.Policy) {
		p.Clauses = slices.DeleteFunc(p.Clauses, func(c policy.Clause) bool { return c.ID != clause })
	}
}

func TestEveryRunningControlOfClesaroIsProvenKept(t *testing.T) {
	engines(t, everyRunningControlIsKept)
}

func everyRunningControlIsKept(t *testing.T, o apptest.Options) {
	o.Beat = apptest.Quick
	s := apptest.Start(t, o)
	records, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Finding.Outcome != "kept" {
			t.Errorf("%s (%s): %s: %s %q", r.Clause, r.Control, r.Finding.Outcome, r.Finding.Summary, r.Finding.Facts)
		}
	}
	statuses, err := s.App.Evidence.Statuses(t.Context(), s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range statuses {
		if st.State != evidence.Kept {
			t.Errorf("%s is %s: %q", st.Clause.ID, st.State, st.Reasons)
		}
	}
}

func TestReadGoesFromDoorToLedger(t *testing.T) {
	s := apptest.Start(t, apptest.Options{})
	admin := s.Client(t, s.Application(t, nil, "admin"))
	if _, err := admin.CreateTenant(t.Context(), newTenant("acme")); err != nil {
		t.Fatal(err)
	}
	c := s.Client(t, s.Application(t, []string{"acme"}, "data", "subjects", "audit"))
	person, err := c.CreateSubject(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	target := client.Target{Tenant: "acme", Subject: person, DataSet: "identity", Purpose: "account"}
	stored, err := c.Create(t.Context(), target, map[string]any{"first_name": "Amal", "email": "amal@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	target.Record = stored.Record
	got, err := c.Get(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Fields["first_name"]) != `"Amal"` {
		t.Errorf("got %s", got.Fields)
	}
	entries, err := c.ListEntries(t.Context(), "acme", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries.Entries) != 3 || entries.Entries[0].Kind != "record.read" {
		t.Errorf("the ledger holds %+v", entries.Entries)
	}
}

// TestScratchOfKilledServers starts a server where another was killed while a probe had restored a
// backup: the backup and the copy are removed. What is not a probe's stays.
func TestScratchOfKilledServers(t *testing.T) {
	s := apptest.Start(t, apptest.Options{})
	s.Stop()
	temporary := filepath.Join(s.Folder, "data", "tmp")
	for _, name := range []string{"scratch-1", "clause-probe-1.backup", "mine"} {
		if err := os.MkdirAll(filepath.Join(temporary, name, "blobs"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	apptest.Start(t, apptest.Options{Folder: s.Folder})
	for _, name := range []string{"scratch-1", "clause-probe-1.backup"} {
		if _, err := os.Stat(filepath.Join(temporary, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(temporary, "mine")); err != nil {
		t.Error(err)
	}
}
