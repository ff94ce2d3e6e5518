package control_test

import (
	"os"
	"testing"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db/dbtest"
)

func TestDatabaseFirewallCheck(t *testing.T) {
	checks(t, []check{{name: "as it is", control: &control.DatabaseFirewall{}}})
}

func firewallSabotages() []sabotage {
	return []sabotage{{name: "others on the machine may open the file", says: "others on this machine may open", before: func(t *testing.T, w *world) {
		path := w.App.DB.Path()
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o600) })
	}}}
}

// On a PostgreSQL that listens: its rules are read, and its door is tried, since the one may not be the other.
func TestDatabaseFirewallOfPostgres(t *testing.T) {
	l := dbtest.NewListening(t)
	w := &world{Server: apptest.Start(t, apptest.Options{Store: l.URL, Migrate: l.Migrate, Beside: true})}
	w.keeps(t, "database-firewall")
	for _, s := range []sabotage{
		{name: "every address is let in", says: "Line 3 of pg_hba.conf lets every address", before: func(t *testing.T, _ *world) {
			l.Admit(t, true, "host all all 0.0.0.0/0 scram-sha-256")
		}},
		{name: "by another word", says: "Line 3 of pg_hba.conf lets every address", before: func(t *testing.T, _ *world) {
			l.Admit(t, true, "host reach all all md5")
		}},
		{name: "the file says one thing and the server does another", says: "that no line of pg_hba.conf lists", before: func(t *testing.T, _ *world) {
			l.Admit(t, true, "host all all 0.0.0.0/0 scram-sha-256")
			l.Admit(t, false)
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			w.breaks(t, "database-firewall", s)
			l.Admit(t, true)
		})
	}
	w.keeps(t, "database-firewall")
	l.Admit(t, true, "host all all 10.1.0.0/16 scram-sha-256", "host all all 0.0.0.0/0 reject")
	w.keeps(t, "database-firewall")
	l.Revoke(t)
	for _, f := range w.probe(t, "database-firewall", w.System()) {
		if f.Outcome != control.Unable {
			t.Errorf("rules that may not be read: %+v", f)
		}
	}
}
