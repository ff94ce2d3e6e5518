package notify_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// A message leaves once, is recorded, and leaves nothing to do behind.
func TestSent(t *testing.T) {
	each(t, func(w *world) {
		mail := &tray{}
		w.outbox.Senders[notify.Email] = mail
		w.enqueue(request("req_1:received", notify.Email), clock("clk_1:near", notify.Email))
		if n := w.run(0); n != 2 {
			w.Fatalf("%d left", n)
		}
		if n := w.run(24 * time.Hour); n != 0 || len(mail.got) != 2 {
			w.Errorf("%d left later, %d in all", n, len(mail.got))
		}
		for _, r := range w.rows() {
			if r.state != notify.Sent || r.next != 0 || r.tries != 1 {
				w.Errorf("stored is %+v", r)
			}
		}
		got := w.entries()
		slices.Sort(got)
		if want := []string{"message.sent", "message.sent p_zoe"}; !slices.Equal(got, want) {
			w.Errorf("the ledger has %q, want %q", got, want)
		}
		if w.wakes() != 0 {
			w.Error("the tenant is still looked at")
		}
		for _, d := range mail.got {
			switch {
			case d.Subject == zoe:
				if len(d.To) != 1 || d.To[0].Email != "zoe@example.com" || !strings.Contains(d.Words.Text, "Dear Zoe,") || !strings.Contains(d.Words.Text, "2 December 2026") {
					w.Errorf("sent %+v", d)
				}
			case len(d.To) != 2 || d.To[0].Email != "dpo@acme.example" || strings.Contains(d.Words.Text, "Zoe"):
				w.Errorf("sent %+v", d)
			}
		}
		if !slices.Equal(w.reached, []string{zoe + " email"}) {
			w.Errorf("read the addresses %q", w.reached)
		}
	})
}

// A message is there if and only if its cause is.
func TestACauseThatFailsTellsNobody(t *testing.T) {
	w := one(t)
	w.outbox.Senders[notify.Email] = &tray{}
	undone := errors.New("undone")
	err := w.outbox.DB.Write(w.Context(), tenant, func(tx *db.Tx) error {
		if err := notify.Enqueue(tx, request("req_1:received", notify.Email)); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) || w.run(0) != 0 || len(w.rows()) != 0 || w.wakes() != 0 {
		t.Errorf("%v, %+v", err, w.rows())
	}
}

// However often the same is enqueued, in one transaction or many, before it was sent or after: each
// reader gets it once by each channel.
func TestEnqueuedOftenToldOnce(t *testing.T) {
	w := one(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		trays := map[notify.Channel]*tray{notify.Email: {}, notify.Webhook: {}}
		for c, s := range trays {
			w.outbox.Senders[c] = s
		}
		want := map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			m := request(fmt.Sprintf("event_%d_%d", n, rapid.IntRange(1, 2).Draw(rt, "event")), rapid.SampledFrom([]notify.Channel{notify.Email, notify.Webhook, notify.InApp}).Draw(rt, "channel"))
			if rapid.Bool().Draw(rt, "staff") && m.Channel != notify.InApp {
				staff := clock(m.Event, m.Channel)
				m = staff
			}
			for range rapid.IntRange(1, 3).Draw(rt, "times") {
				w.enqueue(m, m)
			}
			want[m.Event+string(m.Channel)+m.Subject+m.Owner] = true
			if rapid.Bool().Draw(rt, "run") {
				w.run(time.Minute)
			}
		}
		w.run(time.Minute)
		got := map[string]int{}
		for c, s := range trays {
			for _, d := range s.got {
				got[d.Event+string(c)+d.Subject+d.Owner]++
			}
		}
		for key := range want {
			if strings.Contains(key, string(notify.InApp)) {
				continue
			}
			if got[key] != 1 {
				rt.Fatalf("%s was told %d times", key, got[key])
			}
		}
	})
}

// A mail server that is down for a day loses nothing; what waits is tried ever less often, and goes once.
func TestDownForADay(t *testing.T) {
	each(t, func(w *world) {
		down := true
		tries := 0
		mail := &tray{fail: func(*notify.Dispatch) error {
			tries++
			if down {
				return &notify.Outage{Reason: "unreachable"}
			}
			return nil
		}}
		w.outbox.Senders[notify.Email] = mail
		for i := range 40 {
			w.enqueue(request(fmt.Sprintf("req_%d", i), notify.Email))
		}
		for range 24 * 60 {
			w.run(time.Minute)
		}
		if tries > 1500 { // a run ends at the first message that finds the server down
			w.Errorf("tried %d times", tries)
		}
		if !strings.Contains(w.log.String(), "unreachable") {
			w.Error("the operator was not told")
		}
		down = false
		sent := 0
		for range 90 {
			sent += w.run(time.Minute)
		}
		if sent != 40 || len(mail.got) != 40 {
			w.Errorf("%d of 40 were sent", sent)
		}
	})
}

// What is never taken is given up, with a reason; sooner if the channel says that it never will be.
func TestGivenUp(t *testing.T) {
	w := one(t)
	failure := error(&notify.Delay{Reason: "smtp-451"})
	mail := &tray{fail: func(*notify.Dispatch) error { return failure }}
	w.outbox.Senders[notify.Email] = mail
	w.enqueue(request("req_1:received", notify.Email))
	for range 4*24 + 22 {
		w.run(time.Hour)
	}
	if r := w.only(); r.state != notify.Waiting || r.outcome != "smtp-451" || r.tries < 50 {
		t.Errorf("after almost five days it is %+v", r)
	}
	for range 6 {
		w.run(time.Hour)
	}
	if r := w.only(); r.state != notify.Failed || r.outcome != "smtp-451" || r.next != 0 {
		t.Errorf("after five days it is %+v", r)
	}
	if got := w.entries(); !slices.Equal(got, []string{"message.failed p_zoe"}) || w.wakes() != 0 {
		t.Errorf("the ledger has %q, %d wakes", got, w.wakes())
	}
	failure = &notify.Refusal{Reason: "smtp-550"}
	w.enqueue(request("req_2:received", notify.Email))
	w.run(time.Minute)
	if all := w.rows(); all[1].state != notify.Failed || all[1].outcome != "smtp-550" || all[1].tries != 1 {
		t.Errorf("refused: %+v", all)
	}
}

// One mailbox that is slow to take keeps no other from its mail; one channel that is down no other.
func TestOneFailsOthersGo(t *testing.T) {
	w := one(t)
	w.people["sub_ann"] = notify.Address{Email: "ann@example.com"}
	mail := &tray{fail: func(d *notify.Dispatch) error {
		if d.Subject == zoe {
			return &notify.Delay{Reason: "smtp-450"}
		}
		return nil
	}}
	hook := &tray{fail: func(*notify.Dispatch) error { return &notify.Outage{Reason: "http-503"} }}
	w.outbox.Senders[notify.Email], w.outbox.Senders[notify.Webhook] = mail, hook
	toAnn := request("req_2", notify.Email)
	toAnn.Subject = "sub_ann"
	w.enqueue(clock("clk_1", notify.Webhook), request("req_1", notify.Email), toAnn)
	w.enqueueFor("other", clock("clk_1", notify.Email))
	if n := w.run(0); n != 2 || len(mail.got) != 2 {
		t.Errorf("%d left: %+v", n, w.rows())
	}
}

// Who cannot be reached is told of, and nothing is sent anywhere.
func TestUnreachable(t *testing.T) {
	for reason, set := range map[string]func(*world){
		"nobody-there":      func(w *world) { delete(w.people, zoe) },
		"no-address":        func(w *world) { w.people[zoe] = notify.Address{Name: "Zoe"} },
		"refused-by-policy": func(w *world) { w.unreach = fault.New("test", fault.Refused, "restricted") },
	} {
		w := one(t)
		set(w)
		mail := &tray{}
		w.outbox.Senders[notify.Email] = mail
		w.enqueue(request("req_1:received", notify.Email))
		w.run(0)
		if r := w.only(); r.state != notify.Failed || r.outcome != reason || len(mail.got) != 0 {
			t.Errorf("want %s, got %+v", reason, r)
		}
	}
	w := one(t)
	w.outbox.Senders[notify.Email] = &tray{}
	w.unreach = fault.New("test", fault.Unavailable, "the store is locked")
	w.enqueue(request("req_1:received", notify.Email))
	w.run(0)
	if r := w.only(); r.state != notify.Waiting {
		t.Errorf("a store that is away gave it up: %+v", r)
	}
	w.unreach = nil
	if w.run(time.Hour) != 1 {
		t.Error("it was not sent later")
	}
}

// Two servers on one PostgreSQL send each message once.
func TestTwoServers(t *testing.T) {
	c := dbtest.Postgres(t)
	w := newWorld(t, func(change ...func(*db.Config)) *db.DB {
		mine := c
		for _, f := range change {
			f(&mine)
		}
		return dbtest.Open(t, mine)
	})
	mine := c
	mine.Now = func() time.Time { return w.now }
	other := w.server(dbtest.Open(t, mine))
	mail := &tray{}
	w.outbox.Senders[notify.Email], other.Senders[notify.Email] = mail, mail
	for i := range 100 {
		w.enqueue(clock(fmt.Sprintf("clk_%d", i), notify.Email))
	}
	var both sync.WaitGroup
	for _, o := range []*notify.Outbox{w.outbox, other} {
		both.Go(func() {
			if _, err := o.Run(t.Context(), w.now); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	times := map[string]int{}
	for _, d := range mail.got {
		times[d.ID]++
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(times) != 100 {
		t.Errorf("%d of 100 were sent", len(times))
	}
}

// What is for nobody real goes nowhere, and counts as sent.
func TestDrillsGoNowhere(t *testing.T) {
	w := one(t)
	mail := &tray{}
	w.outbox.Senders[notify.Email] = mail
	w.enqueueFor("canary-a", request("req_1", notify.Email), clock("clk_1", notify.Email))
	if n := w.run(0); n != 2 || len(mail.got) != 0 || len(w.reached) != 0 {
		t.Errorf("%d left, %d for real, %d addresses read", n, len(mail.got), len(w.reached))
	}
}

// What nobody set up waits, and is sent once somebody does.
func TestAChannelThatIsNotSetUp(t *testing.T) {
	w := one(t)
	w.enqueue(request("req_1", notify.Email), clock("clk_1", notify.Pager))
	w.outbox.Staff = nil
	w.run(0)
	for _, r := range w.rows() {
		if r.state != notify.Waiting || r.outcome != "not-set-up" {
			t.Errorf("stored is %+v", r)
		}
	}
	w.outbox.Senders[notify.Email], w.outbox.Senders[notify.Pager] = &tray{}, &tray{}
	if n := w.run(time.Hour); n != 2 {
		t.Errorf("%d left", n)
	}
	w.enqueue(clock("clk_2", notify.Email))
	w.run(0)
	if r := w.rows()[2]; r.state != notify.Waiting || r.outcome != "nobody-named" {
		t.Errorf("a role of nobody: %+v", r)
	}
}

// An idle run looks at one table, whatever waits for later, and at no message.
func TestAnIdleRunLooksAtNoMessage(t *testing.T) {
	w := one(t)
	w.outbox.Senders[notify.Email] = &tray{fail: func(*notify.Dispatch) error { return &notify.Delay{Reason: "smtp-451"} }}
	for i := range 50 {
		w.enqueueFor(fmt.Sprintf("tenant-%d", i), clock("clk_1", notify.Email))
	}
	w.run(0)
	err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(`ALTER TABLE outbox RENAME TO hidden`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.run(time.Second); n != 0 {
		t.Errorf("%d were sent", n)
	}
}
