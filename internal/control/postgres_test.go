package control_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db/dbtest"
)

// TestProbesOnPostgres runs every probe against an honest server on PostgreSQL, as the server does.
func TestProbesOnPostgres(t *testing.T) {
	c := dbtest.Postgres(t)
	s := apptest.Start(t, apptest.Options{Store: c.URL, Migrate: c.Migrate, Beat: apptest.Quick})
	records, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Finding.Outcome != control.Kept {
			t.Errorf("%s by %s is %s: %s\n\t%s", r.Clause, r.Control, r.Finding.Outcome, r.Finding.Summary, strings.Join(r.Finding.Facts, "\n\t"))
		}
	}
	if len(records) < 20 {
		t.Errorf("only %d findings", len(records))
	}
}

// TestTheEndOfDataOnPostgres runs the probes of leaving customers and of legal holds on PostgreSQL.
func TestTheEndOfDataOnPostgres(t *testing.T) {
	for name, example := range map[string]string{"off-boarding": "clari", "retained-copies": "clarus", "encrypted-backups": "clarus", "sub-processors": corrected} {
		t.Run(name, func(t *testing.T) {
			c := dbtest.Postgres(t)
			s := apptest.Start(t, apptest.Options{Policy: sourceOf(t, example), Store: c.URL, Migrate: c.Migrate, Beat: apptest.Quick})
			w := &world{Server: s}
			for range 2 { // a customer that left can come again, and leave again
				for _, f := range w.probe(t, name, s.System()) {
					if f.Outcome != control.Kept {
						t.Errorf("%s: %s\n\t%s", f.Outcome, f.Summary, strings.Join(f.Facts, "\n\t"))
					}
				}
			}
		})
	}
}
