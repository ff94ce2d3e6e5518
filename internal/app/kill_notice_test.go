package app_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
)

// nextClesaro is Clesaro's next policy, with another address for requests.
func nextClesaro(t *testing.T, version string) string {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/clesaro/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mark := range []string{"version: 2026-02-01", "effective: 2026-03-03", "contact: privacy@clesaro.example"} {
		if !strings.Contains(string(source), mark) {
			t.Fatalf("the policy does not say %q", mark)
		}
	}
	day := time.Now().AddDate(0, 0, 90).Format(time.DateOnly)
	return strings.NewReplacer("version: 2026-02-01", "version: "+version, "effective: 2026-03-03", "effective: "+day,
		"contact: privacy@clesaro.example", "contact: "+version+"@clesaro.example").Replace(string(source))
}

// TestKilledWhileAPolicyIsAnnounced kills servers as a version is announced, while everybody is told, and as it is
// withdrawn. It is announced once, everybody has one message by each channel, and none is left of what was withdrawn.
func TestKilledWhileAPolicyIsAnnounced(t *testing.T) {
	t.Parallel()
	const people = 600
	onKilledEngines(t, func(t *testing.T, env []string, store db.Config) {
		p := setUp(t, t.TempDir(), env...)
		if store.URL == "" {
			store.URL = "sqlite:" + filepath.Join(p.data, "clause.db")
		}
		store.Now = time.Now
		s := p.serveAcme(t)
		_, audit := s.application(p.admin, "audit")
		_, key := s.application(p.admin, "subjects")
		crowd(t, s.client(key), people)
		kept := announcedUnderKills(t, p, &s, nextClesaro(t, "kept"))
		gone := announcedUnderKills(t, p, &s, nextClesaro(t, "gone"))
		s = p.killed(t, s, func(s *child) error { return s.client(p.admin).WithdrawPolicy(t.Context(), gone) },
			func(s *child) bool { return !announcedBy(t, s.client(p.admin), gone) })
		if announcedBy(t, s.client(p.admin), gone) {
			t.Error("a withdrawn version is announced")
		}
		for range 3 {
			time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
			s.kill()
			leased(t, store)
			s = p.serve(t)
		}
		toldAll(t, p, s, kept, people)
		toldOnce(t, s, audit, store, kept, gone, people)
	})
}

// crowd makes people of whom nothing is known but that they are there.
func crowd(t *testing.T, c *client.Client, people int) {
	t.Helper()
	const hands = 12
	var all sync.WaitGroup
	for range hands {
		all.Go(func() {
			for range people / hands {
				if _, err := c.CreateSubject(t.Context(), "acme"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// announcedUnderKills announces a version while the server is killed, and returns its id.
func announcedUnderKills(t *testing.T, p *place, s **child, source string) (id string) {
	t.Helper()
	version := strings.TrimSpace(source[strings.Index(source, "version:")+len("version:") : strings.Index(source, "\neffective")])
	known := func(s *child) bool {
		all, err := s.client(p.admin).PolicyVersions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			if v.Version == version {
				id = v.ID
				return true
			}
		}
		return false
	}
	*s = p.killed(t, *s, func(s *child) error {
		_, err := s.client(p.admin).AnnouncePolicy(t.Context(), api.NewPolicyVersion{Policy: source})
		return err
	}, known)
	if !known(*s) {
		t.Fatalf("%s is not announced", version)
	}
	return id
}

func announcedBy(t *testing.T, admin *client.Client, id string) bool {
	t.Helper()
	v, err := admin.PolicyVersion(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v.State == "announced"
}

// toldAll waits until everybody has their messages.
func toldAll(t *testing.T, p *place, s *child, id string, people int) {
	t.Helper()
	for until := time.Now().Add(startWithin); ; time.Sleep(100 * time.Millisecond) {
		v, err := s.client(p.admin).PolicyVersion(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if v.Progress.People == people {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%+v of %d people", v.Progress, people)
		}
	}
}

// toldOnce counts messages, clocks and entries below the door.
func toldOnce(t *testing.T, s *child, audit string, store db.Config, kept, gone string, people int) {
	t.Helper()
	eachEntry(t, s, audit, func(proof.Entry) {}) // it verifies
	s.kill()
	d, err := db.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	count := func(tenant, query string, args ...any) (n int) {
		err := d.Read(t.Context(), tenant, func(tx *db.Tx) error { return tx.One(query, args, &n) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, channel := range []string{"email", "in-app"} {
		if n := count("acme", `SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND event = $1 AND channel = $2`, kept, channel); n != people {
			t.Errorf("%d messages by %s to %d people", n, channel, people)
		}
	}
	if n := count("acme", `SELECT COUNT(*) FROM outbox WHERE tenant_id = 'acme' AND event = $1 AND state = 'waiting'`, gone); n != 0 {
		t.Errorf("%d messages of a withdrawn version wait", n)
	}
	for id, state := range map[string]string{kept: "running", gone: "void"} {
		all := count(db.Organisation, `SELECT COUNT(*) FROM clocks WHERE tenant_id = $1 AND about = $2`, db.Organisation, id)
		so := count(db.Organisation, `SELECT COUNT(*) FROM clocks WHERE tenant_id = $1 AND about = $2 AND state = $3`, db.Organisation, id, state)
		if all != 1 || so != 1 {
			t.Errorf("of %s there are %d clocks, %d of them %s", id, all, so, state)
		}
	}
}
