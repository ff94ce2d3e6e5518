package connected_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/retention"
)

// certificate is an issued certificate, verified as a stranger does.
func (w *world) certificate(id string) proof.Certificate {
	w.Helper()
	c, err := w.ends.Certificate(w.Context(), w.admin, tenant, id)
	w.must(err)
	if c.State != retention.Issued {
		w.Fatalf("the certificate is %s, the systems\n%s", c.State, says(c.Systems))
	}
	out, err := proof.VerifyCertificate(c.Document, w.log.VerifierKey(tenant))
	w.must(err)
	return out
}

func (c *crm) left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.people)
}

// TestACertificateWaitsForEverySystem and names it, with what went there.
func TestACertificateWaitsForEverySystem(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person(1)
		w.crm.set(func() { w.crm.down = true })
		cert, err := w.ends.EraseSubject(w.Context(), w.app, tenant, sub, "case-1")
		w.must(err)
		if len(cert.Systems) != 3 {
			t.Errorf("the certificate's systems are\n%s", says(cert.Systems))
		}
		w.serve()
		now, err := w.ends.Certificate(w.Context(), w.app, tenant, cert.ID)
		if w.must(err); now.State != retention.Clean {
			t.Fatalf("it is %s, though the CRM has the person", now.State)
		}
		w.crm.set(func() { w.crm.down = false })
		w.clock.Forward(2 * time.Minute)
		w.serve()
		got := w.certificate(cert.ID)
		if got.Removed["connected.shop"] != 3 || got.Removed["connected.crm"] != 1 {
			t.Errorf("it says that went %v", got.Removed)
		}
		c, _ := w.ends.Certificate(w.Context(), w.app, tenant, cert.ID)
		page, err := retention.Page(c.Document)
		if w.must(err); !strings.Contains(string(page), "rows in the system shop") {
			t.Error("the page does not name the shop")
		}
		w.nothingKept()
	})
}

// TestWhatStaffSettledIsInTheCertificate as such.
func TestWhatStaffSettledIsInTheCertificate(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person(1)
	w.crm.set(func() { w.crm.down = true })
	cert, err := w.ends.EraseSubject(t.Context(), w.app, tenant, sub, "case-1")
	w.must(err)
	_, err = w.desk.Settle(t.Context(), w.app, tenant, cert.ID, "crm", "ticket-9")
	w.must(err)
	w.serve()
	if got := w.certificate(cert.ID); got.Removed["connected.crm.settled"] != 1 || got.Removed["connected.shop"] != 3 {
		t.Errorf("it says that went %v", got.Removed)
	}
	w.nothingKept()
}

// TestOffBoardingReachesEverySystem: the tenant is unreadable at once; the systems are walked with ids that were
// put aside; who is not known there is counted, and the certificate names it all.
func TestOffBoardingReachesEverySystem(t *testing.T) {
	each(t, func(w *world) {
		const people = 130
		for n := 1; n <= people; n++ {
			w.person(n)
		}
		w.stranger(1001)
		half := w.stranger(1002)
		w.must(w.desk.SetIDs(w.Context(), w.app, tenant, half, map[string][]string{"email": {"p1002@example.com"}}))
		w.crm.set(func() { w.crm.down = true })
		left, err := w.ends.OffBoard(w.Context(), w.admin, tenant)
		w.must(err)
		_, err = w.vault.Standing(w.Context(), w.app, tenant, half)
		if err == nil {
			t.Error("somebody of a tenant that left can be read")
		}
		w.want(w.desk.SetIDs(w.Context(), w.app, tenant, half, ids(5)), fault.NotFound)
		w.clock.Forward(time.Second)
		w.serve()
		now, err := w.ends.OffBoarding(w.Context(), w.admin, tenant)
		w.must(err)
		w.mustSay(now.Systems,
			fmt.Sprintf("shop. erase %d done", 3*people), "shop. not-known 1 by-hand: nobody told by which id they go there: staff see to these people",
			"crm. erase 0 failed: people are left: the system answers with status 503", "crm. not-known 1 by-hand: nobody told by which id they go there: staff see to these people")
		if n := w.inShop(); n != 6 {
			t.Errorf("%d rows are in the shop", n)
		}
		w.crm.set(func() { w.crm.down = false })
		w.clock.Forward(10 * 24 * time.Hour) // the epoch turns: what the walk keeps is sealed anew
		w.must(w.vault.RunKeys(w.Context()))
		for range 3 {
			w.serve()
			w.clock.Forward(time.Minute)
		}
		got := w.certificate(left.ID)
		want := map[string]int64{"connected.shop": 3 * people, "connected.shop.not-known": 2, "connected.crm": people + 1, "connected.crm.not-known": 1}
		for label, n := range want {
			if got.Removed[label] != n {
				t.Errorf("%s is %d, want %d", label, got.Removed[label], n)
			}
		}
		if n := w.crm.left(); n != 1 || w.inShop() != 6 {
			t.Errorf("%d people are in the CRM, %d rows in the shop", n, w.inShop())
		}
		w.nothingKept()
	})
}

// TestAnOffBoardingThatIsCutShort at each step goes on, and leaves nobody out.
func TestAnOffBoardingThatIsCutShort(t *testing.T) {
	for _, crash := range []string{"before anything was put aside", "half put aside", "in the middle of a round"} {
		t.Run(crash, func(t *testing.T) {
			each(t, func(w *world) {
				const people = 105
				for n := 1; n <= people; n++ {
					w.person(n)
				}
				dying := *w.ends
				dying.Outside = &mortal{Outside: w.desk, w: w, crash: crash}
				if crash == "in the middle of a round" {
					_, err := w.ends.OffBoard(w.Context(), w.admin, tenant)
					w.must(err)
					ctx, cancel := context.WithCancel(w.Context())
					w.crm.set(func() { w.crm.hangs = make(chan struct{}) })
					time.AfterFunc(300*time.Millisecond, cancel)
					_ = w.desk.Run(ctx)
					w.crm.set(func() { w.crm.hangs = nil })
				} else if _, err := dying.OffBoard(w.Context(), w.admin, tenant); err == nil {
					t.Fatal("nothing crashed")
				}
				for range 4 {
					w.clock.Forward(10 * time.Minute)
					w.serve()
				}
				all, _, err := w.ends.Certificates(w.Context(), w.admin, tenant, "", 10)
				w.must(err)
				got := w.certificate(all[0].ID)
				if got.Removed["connected.crm"] != people || w.inShop() != 0 || w.crm.left() != 0 {
					t.Errorf("it says %v; %d rows are in the shop, %d people in the CRM", got.Removed, w.inShop(), w.crm.left())
				}
				w.nothingKept()
			})
		})
	}
}

// mortal dies while ids are put aside.
type mortal struct {
	retention.Outside
	w     *world
	crash string
}

func (m *mortal) Gather(ctx context.Context, tenant, id string) error {
	dead := fault.New("test", fault.Unavailable, "the machine is gone")
	if m.crash == "half put aside" { // what a killed server has left
		if err := m.Outside.Gather(ctx, tenant, id); err != nil {
			return err
		}
		m.w.must(m.w.vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE walks SET state = 'gathering', next_at = 0 WHERE tenant_id = $1 AND walk_id = $2`, tenant, id)
			if err == nil {
				_, err = tx.Exec(`DELETE FROM walk_people WHERE tenant_id = $1 AND walk_id = $2 AND part > '00000000'`, tenant, id)
			}
			return err
		}))
	}
	return dead
}

// TestTwoServersWalkAtATime: what both take is done once, and nothing is left.
func TestTwoServersWalkAtATime(t *testing.T) {
	each(t, func(w *world) {
		var requests []string
		w.crm.set(func() { w.crm.down = true })
		for n := 1; n <= 8; n++ {
			cert, err := w.ends.EraseSubject(w.Context(), w.app, tenant, w.person(n), "case-1")
			w.must(err)
			requests = append(requests, cert.ID)
		}
		w.crm.set(func() { w.crm.down = false })
		w.clock.Forward(5 * time.Minute)
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- w.desk.Run(context.Background()) }()
		}
		w.must(<-errs)
		w.must(<-errs)
		w.serve()
		for _, id := range requests {
			if got := w.certificate(id); got.Removed["connected.crm"] != 1 || got.Removed["connected.shop"] != 3 {
				t.Errorf("it says that went %v", got.Removed)
			}
		}
		w.nothingKept()
	})
}

// TestAnErasedPersonIsToldOfNoMore: a restriction that waits for a system ends when its person is erased.
func TestAnErasedPersonIsToldOfNoMore(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person(1)
	w.crm.set(func() { w.crm.down = true })
	w.must(w.vault.DB.Write(t.Context(), tenant, func(tx *db.Tx) error { return w.desk.PassOn(tx, "req_r", sub, "restriction", nil) }))
	w.must(w.desk.Run(t.Context()))
	_, err := w.ends.EraseSubject(t.Context(), w.app, tenant, sub, "case-1")
	w.must(err)
	w.serve()
	w.crm.set(func() { w.crm.down = false })
	w.clock.Forward(time.Hour)
	w.serve()
	var lines connect.Report
	w.must(w.vault.DB.Read(t.Context(), tenant, func(tx *db.Tx) (err error) {
		var pending bool
		if lines, pending, err = w.desk.Of(tx, "req_r"); pending {
			t.Error("it goes on")
		}
		return err
	}))
	if says(lines[1:]) != "crm. restriction 0 settled: person-erased" || len(w.crm.told) != 0 {
		t.Errorf("%s; the CRM was told %v", says(lines), w.crm.told)
	}
}

// TestIDsThatEndedWithTheirEpoch: after a server was down for longer than the backup horizon nobody knows whom
// a walk was of. It says so, and staff end it.
func TestIDsThatEndedWithTheirEpoch(t *testing.T) {
	w := sqliteWorld(t)
	w.crm.set(func() { w.crm.down = true })
	cert, err := w.ends.EraseSubject(t.Context(), w.app, tenant, w.person(1), "case-1")
	w.must(err)
	for range 2 {
		w.clock.Forward(30 * 24 * time.Hour)
		w.must(w.vault.RunKeys(t.Context()))
	}
	w.crm.set(func() { w.crm.down = false })
	w.serve()
	now, err := w.ends.Certificate(t.Context(), w.app, tenant, cert.ID)
	w.must(err)
	w.mustSay(now.Systems[2:], "crm. erase 0 failed: the external ids went with their key: see to it there, and settle it")
	_, err = w.desk.Settle(t.Context(), w.app, tenant, cert.ID, "crm", "ticket-1")
	w.must(err)
	w.serve()
	w.certificate(cert.ID)
	w.nothingKept()
}

// TestTwoServersOffBoardATenant: what both go through counts once.
func TestTwoServersOffBoardATenant(t *testing.T) {
	each(t, func(w *world) {
		const people = 40
		for n := 1; n <= people; n++ {
			w.person(n)
		}
		w.crm.set(func() { w.crm.down = true })
		o, err := w.ends.OffBoard(w.Context(), w.admin, tenant)
		w.must(err)
		w.crm.set(func() { w.crm.down = false })
		w.clock.Forward(time.Second)
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- w.desk.Run(context.Background()) }()
		}
		w.must(<-errs)
		w.must(<-errs)
		for range 3 {
			w.clock.Forward(10 * time.Minute)
			w.serve()
		}
		if got := w.certificate(o.ID); got.Removed["connected.crm"] != people || got.Removed["connected.shop"] != 3*people {
			t.Errorf("it says that went %v", got.Removed)
		}
		w.nothingKept()
	})
}
