package app_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
)

// killRounds names how many servers TestKilledServers kills.
const killRounds = "CLAUSE_KILL_ROUNDS"

const (
	killedClients = 4
	killsOfOne    = 10  // rounds on one store, whose whole ledger is verified after each
	checkedAtOnce = 150 // people of each client read back after each kill; at the end it is all of them
)

// TestKilledServers kills servers at random moments while clients read, write, erase and withdraw over
// HTTPS, and starts them again on the same folders. What was acknowledged holds: writes are there,
// erasures stay, withdrawals refuse; every answer has its entry, and the ledger has grown out of what
// it was.
func TestKilledServers(t *testing.T) {
	t.Parallel()
	rounds := 6
	if text := os.Getenv(killRounds); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for done := 0; done < rounds; done += killsOfOne {
		onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
			killServers(t, setUp(t, t.TempDir(), env...), min(killsOfOne, rounds-done))
		})
	}
}

// killServers kills servers on one store.
func killServers(t *testing.T, p *place, rounds int) {
	t.Helper()
	s := p.serve(t)
	audit, workers := s.staff(p.admin, killedClients)
	var heads []proof.Head
	tenants := &wrecker{}
	for round := range rounds {
		tenants.admin = s.client(p.admin)
		killUnderLoad(t, s, workers, tenants, time.Duration(50+rand.IntN(700))*time.Millisecond)
		s = p.serve(t)
		tenants.check(t, s.client(p.admin))
		for _, w := range workers {
			w.check(t, s, checkedAtOnce)
		}
		heads = append(heads, verified(t, s, audit, heads, workers))
		if t.Failed() {
			t.Fatalf("in round %d of this store", round)
		}
	}
	answers := 0
	for _, w := range workers {
		w.check(t, s, len(w.people))
		answers += w.answers
	}
	verified(t, s, audit, heads, workers)
	if status := s.end(); status != 0 {
		t.Errorf("the server ended with status %d", status)
	}
	t.Logf("killed %d times; %d answers were checked, %d entries verified", rounds, answers, heads[len(heads)-1].Size)
}

// staff makes the tenant acme and applications that work on it, and one that reads its ledger.
func (s *child) staff(admin string, n int) (audit string, workers []*worker) {
	s.t.Helper()
	if _, err := s.client(admin).CreateTenant(s.t.Context(), newTenant("acme")); err != nil {
		s.t.Fatal(err)
	}
	_, audit = s.application(admin, "audit")
	for i := range n {
		w := &worker{name: "w" + strconv.Itoa(i)}
		w.id, w.key = s.application(admin, "data", "subjects")
		w.client = s.client(w.key)
		workers = append(workers, w)
	}
	return audit, workers
}

// killUnderLoad lets the workers work until the server is killed.
func killUnderLoad(t *testing.T, s *child, workers []*worker, tenants *wrecker, after time.Duration) {
	t.Helper()
	var working sync.WaitGroup
	working.Go(func() { tenants.work(t) })
	for _, w := range workers {
		w.client = s.client(w.key)
		working.Go(func() { w.work(t) })
	}
	time.Sleep(after)
	s.kill()
	working.Wait()
}

// verified verifies acme's ledger against what it was, and compares its entries with the answers that
// the workers got. It returns its head.
func verified(t *testing.T, s *child, audit string, heads []proof.Head, workers []*worker) proof.Head {
	t.Helper()
	log, err := proof.LogURL(s.url, "acme")
	if err != nil {
		t.Fatal(err)
	}
	source := &proof.HTTP{Base: log, Credential: audit, Client: s.http}
	key, err := source.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]map[string]int{}
	report, err := proof.Verify(t.Context(), source, proof.Options{Key: key, Heads: heads, Each: func(e proof.Entry) {
		if entries[e.Actor] == nil {
			entries[e.Actor] = map[string]int{}
		}
		entries[e.Actor][e.Kind+" "+e.Answer]++
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Errorf("the ledger: entry %d: %s", f.Index, f.What)
	}
	for _, w := range workers {
		for what, n := range w.told {
			if got := entries[w.id][what]; got < n || got > n+w.unsure[what] {
				t.Errorf("%s was answered %q %d times, and perhaps %d more; the ledger holds %d", w.name, what, n, w.unsure[what], got)
			}
		}
	}
	return proof.Head{Size: report.Size, Root: report.Root, By: "the checkpoint of the round before"}
}

// wrecker makes tenants and erases them whole.
type wrecker struct {
	admin  *client.Client
	made   int
	erased map[string]bool // by tenant, whether its erasure was acknowledged
}

func (w *wrecker) work(t *testing.T) {
	for {
		w.made++
		tenant := "brief-" + strconv.Itoa(w.made)
		if _, err := w.admin.CreateTenant(t.Context(), newTenant(tenant)); err != nil {
			w.unanswered(t, err)
			return
		}
		if w.erased == nil {
			w.erased = map[string]bool{}
		}
		w.erased[tenant] = false
		if err := w.admin.EraseTenant(t.Context(), tenant); err != nil {
			w.unanswered(t, err)
			return
		}
		w.erased[tenant] = true
		time.Sleep(20 * time.Millisecond)
	}
}

// unanswered takes no answer for granted but a problem's.
func (w *wrecker) unanswered(t *testing.T, err error) {
	if client.Status(err) != 0 {
		t.Errorf("tenants: %v", err)
	}
}

// check finds every tenant that was acknowledged, and those erased that were acknowledged as erased.
func (w *wrecker) check(t *testing.T, admin *client.Client) {
	t.Helper()
	all, err := admin.Tenants(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, tenant := range all {
		states[tenant.ID] = tenant.State
	}
	for tenant, erased := range w.erased {
		switch state := states[tenant]; {
		case state == "":
			t.Errorf("the tenant %s is gone", tenant)
		case erased && state != "erased":
			t.Errorf("the erased tenant %s is %s", tenant, state)
		}
	}
}
