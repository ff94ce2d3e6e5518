package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/notify/notifytest"
)

// letters is the next way after mail, and the application after letters.
func letters(_ string, failed notify.Channel) notify.Channel {
	return map[notify.Channel]notify.Channel{notify.Email: notify.Letter, notify.Letter: notify.InApp}[failed]
}

// mailed is a world with a mail server and a tenant, in which the message was sent.
func mailed(w *world, bounces string, m ...notify.Message) []notifytest.Mail {
	w.Helper()
	err := w.outbox.DB.Write(w.Context(), "", func(tx *db.Tx) error {
		for _, id := range []string{tenant, "other"} {
			if _, err := tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, '', '', '', 'active', 0)`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	s := notifytest.Listen(w, true)
	s.Server.EnableDSN = true
	mailer, err := notify.NewMailer(notify.Mail{URL: "smtps://" + s.At, From: "Clesaro <privacy@clesaro.example>", Roots: s.Roots, Bounces: bounces})
	if err != nil {
		w.Fatal(err)
	}
	w.outbox.Senders[notify.Email], w.outbox.Next = mailer, letters
	w.enqueue(m...)
	if n := w.run(0); n != len(m) {
		w.Fatalf("%d were sent: %+v", n, w.rows())
	}
	return s.Took()
}

func (w *world) bounced(name, to string) (bool, error) {
	w.Helper()
	src := strings.ReplaceAll(string(report(w, name)), token, notify.TokenIn(to))
	src = strings.ReplaceAll(src, strings.ToUpper(token), strings.ToUpper(notify.TokenIn(to)))
	b, err := notify.ParseBounce([]byte(src))
	if err != nil {
		w.Fatal(err)
	}
	return w.outbox.Bounced(w.Context(), "app_mx", b)
}

// ways are what became of the person's messages about an event, by channel.
func (w *world) ways(event string) map[notify.Channel]notify.Way {
	w.Helper()
	all := map[notify.Channel]notify.Way{}
	err := w.outbox.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		missed, err := notify.Unreached(tx, event, "", 10)
		for _, m := range missed {
			for _, way := range m.Ways {
				all[way.Channel] = way
			}
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// A mail that comes back days later is known by what it bears; who it was for is told by a letter, and
// counts as not reached until that is posted. However often it is reported, it is noted once.
func TestAMailComesBack(t *testing.T) {
	each(t, func(w *world) {
		got := mailed(w, "bounces+*@clesaro.example", request("req_1:received", notify.Email))
		id := open(w, got[0].Body).header.Get("Message-Id")
		if notify.TokenIn(id) == "" || got[0].From != "bounces+"+notify.TokenIn(id)+"@clesaro.example" || !strings.Contains(id, "@clesaro.example") {
			w.Fatalf("sent as %s from %s", id, got[0].From)
		}
		w.now = w.now.Add(3 * 24 * time.Hour)
		if fresh, err := w.bounced("delayed", id); fresh || err != nil || w.only().state != notify.Sent {
			w.Errorf("a delay: %t, %v, %+v", fresh, err, w.only())
		}
		for i, name := range []string{"postfix", "global", "gmail"} {
			if fresh, err := w.bounced(name, id); fresh != (i == 0) || err != nil {
				w.Errorf("%s: %t, %v", name, fresh, err)
			}
		}
		want := map[notify.Channel]notify.Way{
			notify.Email: {notify.Email, notify.Failed, "bounced-5.1.1"}, notify.Letter: {notify.Letter, notify.Waiting, ""},
		}
		if got := w.ways("req_1:received"); len(got) != 2 || got[notify.Email] != want[notify.Email] || got[notify.Letter] != want[notify.Letter] {
			w.Errorf("not reached by %+v", got)
		}
		w.run(time.Minute)
		page, _, err := w.outbox.Letters(w.Context(), tenant, "", 10)
		if err != nil || len(page) != 1 || page[0].State != notify.Waiting || page[0].File != "" {
			w.Fatalf("%+v, %v", page, err)
		}
		if _, err := w.outbox.Posted(w.Context(), tenant, page[0].ID, "app_1"); !fault.Is(err, fault.Conflict) {
			w.Errorf("a letter that was not printed is posted: %v", err)
		}
		for range 2 {
			if n, err := w.outbox.MarkPrinted(w.Context(), tenant, page[0].ID, "app_1"); err != nil || n.State != notify.Printed {
				w.Fatalf("%+v, %v", n, err)
			}
		}
		if n, err := w.outbox.Posted(w.Context(), tenant, page[0].ID, "app_1"); err != nil || n.State != notify.Sent {
			w.Fatalf("%+v, %v", n, err)
		}
		if got := w.ways("req_1:received"); len(got) != 0 {
			w.Errorf("after the letter, not reached by %+v", got)
		}
		got2 := w.entries()
		slices.Sort(got2)
		if want := []string{"message.bounced p_zoe", "message.printed p_zoe", "message.sent p_zoe", "message.sent p_zoe"}; !slices.Equal(got2, want) {
			w.Errorf("the ledger has %q", got2)
		}
	})
}

// The person is told in the application where there is no address to post to either.
func TestWhereNothingElseIsLeft(t *testing.T) {
	w := one(t)
	w.people[zoe] = notify.Address{Name: "Zoe", Email: "zoe@example.com"}
	got := mailed(w, "", request("req_1:received", notify.Email))
	if got[0].From != "privacy@clesaro.example" {
		t.Errorf("sent from %s", got[0].From)
	}
	if _, err := w.bounced("postfix", open(t, got[0].Body).header.Get("Message-Id")); err != nil {
		t.Fatal(err)
	}
	w.outbox.Senders[notify.Letter] = &tray{}
	w.run(time.Minute)
	w.run(time.Minute)
	for by, want := range map[notify.Channel]notify.Way{
		notify.Letter: {notify.Letter, notify.Failed, "no-address"}, notify.InApp: {notify.InApp, notify.Sent, ""},
	} {
		if got := w.ways("req_1:received")[by]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// A mailbox that is refused at once sends the letter as one that comes back does; one that nobody may
// read, and a person who is gone, send none.
func TestRefusedAtOnce(t *testing.T) {
	for reason, want := range map[string]int{"smtp-550": 2, "refused-by-policy": 1, "nobody-there": 1} {
		w := one(t)
		w.outbox.Next = letters
		w.outbox.Senders[notify.Email] = &tray{fail: func(*notify.Dispatch) error { return &notify.Refusal{Reason: reason} }}
		w.enqueue(request("req_1:received", notify.Email))
		w.run(0)
		if got := w.rows(); len(got) != want {
			t.Errorf("%s: %+v", reason, got)
		}
	}
}

// What names nothing of ours changes nothing: a message of another sort, of another tenant, of a person
// erased since.
func TestBouncesOfNothing(t *testing.T) {
	w := one(t)
	got := mailed(w, "", request("req_1:received", notify.Email), request("req_1:received", notify.InApp))
	id := notify.TokenIn(open(t, got[0].Body).header.Get("Message-Id"))
	for name, b := range map[string]notify.Bounce{
		"another id":     {Token: id[:39] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", id[39])+1)%16]), Status: "5.1.1", Action: "failed"},
		"another tenant": {Token: "00000000" + id[8:], Status: "5.1.1", Action: "failed"},
		"no token":       {Token: "x", Status: "5.1.1", Action: "failed"},
		"no status":      {Token: id, Status: "zoe", Action: "failed"},
	} {
		if fresh, err := w.outbox.Bounced(t.Context(), "app_mx", b); fresh || !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %t, %v", name, fresh, err)
		}
	}
	if all := w.rows(); len(all) != 2 || all[0].state != notify.Sent || all[1].state != notify.Sent {
		t.Errorf("stored are %+v", all)
	}
	if err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM outbox WHERE tenant_id = $1`, tenant)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.outbox.Bounced(t.Context(), "app_mx", notify.Bounce{Token: id, Status: "5.1.1", Action: "failed"}); !fault.Is(err, fault.NotFound) || len(w.rows()) != 0 {
		t.Errorf("a person who is erased: %v", err)
	}
}

// Of a mail to several mailboxes of staff one may come back: the others have it. The operator is told.
func TestAMailToStaffComesBack(t *testing.T) {
	w := one(t)
	got := mailed(w, "", clock("clk_1:near", notify.Email))
	if fresh, err := w.bounced("several", open(t, got[0].Body).header.Get("Message-Id")); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	if r := w.only(); r.state != notify.Sent || r.outcome != "bounced-5.0.0" || !strings.Contains(w.log.String(), "came back") || strings.Contains(w.log.String(), "dpo@") {
		t.Errorf("stored is %+v, the log has %s", r, &w.log)
	}
	if got := w.entries(); !slices.Equal(got, []string{"message.bounced", "message.sent"}) {
		t.Errorf("the ledger has %q", got)
	}
}

// Mail that came back is not sent again to where nobody takes it.
func TestAgainLeavesOutWhatCameBack(t *testing.T) {
	w := one(t)
	mailed(w, "", request("req_1:received", notify.Email))
	var ids []string
	err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error {
		return tx.Each(`SELECT message_id FROM outbox WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []string{"bounced-5.1.1", "no-address"} {
		err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error {
			if _, err := tx.Exec(`UPDATE outbox SET state = 'failed', outcome = $2 WHERE tenant_id = $1`, tenant, outcome); err != nil {
				return err
			}
			return notify.Again(tx, ids...)
		})
		if waits := w.only().state == notify.Waiting; err != nil || waits != (outcome == "no-address") {
			t.Errorf("%s: %+v, %v", outcome, w.only(), err)
		}
	}
}

// Who was not reached agrees with a slow, obvious count, whatever became of the messages, page by page.
func TestUnreached(t *testing.T) {
	w := one(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		event := fmt.Sprintf("inc_%d", n)
		reached := map[string]bool{}
		states := rapid.SampledFrom([]string{notify.Waiting, notify.Printed, notify.Sent, notify.Seen, notify.Failed})
		err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error {
			for i := range rapid.IntRange(0, 6).Draw(rt, "people") {
				who := fmt.Sprintf("sub_%d", i)
				for _, by := range []notify.Channel{notify.Email, notify.InApp, notify.Letter} {
					m := request(event, by)
					m.Subject = who
					if err := notify.Enqueue(tx, m); err != nil {
						return err
					}
					state := states.Draw(rt, "state")
					if _, err := tx.Exec(`UPDATE outbox SET state = $5 WHERE tenant_id = $1 AND event = $2 AND subject_id = $3 AND channel = $4`, tenant, event, who, string(by), state); err != nil {
						return err
					}
					reached[who] = reached[who] || state == notify.Seen || state == notify.Sent && by != notify.InApp
				}
			}
			people, got, err := notify.Reached(tx, event)
			missed := 0
			for after := ""; err == nil; {
				var page []notify.Missed
				page, err = notify.Unreached(tx, event, after, 2)
				if len(page) == 0 {
					break
				}
				for _, m := range page {
					missed++
					if reached[m.Subject] || m.Subject <= after || len(m.Ways) != 3 {
						rt.Fatalf("%+v after %q", m, after)
					}
					after = m.Subject
				}
			}
			if err == nil && people-got != missed {
				rt.Fatalf("%d of %d were reached, and %d were not", got, people, missed)
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// A letter's page is for who may read the address; one without an address is given up, and what it said is
// told in the application. One that nobody prints is never given up.
func TestLetterPage(t *testing.T) {
	w := one(t)
	w.outbox.Next = letters
	w.enqueue(request("req_1:received", notify.Letter))
	for range 7 * 24 {
		w.run(time.Hour)
	}
	if r := w.only(); r.state != notify.Waiting {
		t.Fatalf("after a week it is %+v", r)
	}
	page, _, err := w.outbox.Letters(t.Context(), tenant, "", 10)
	if err != nil || len(page) != 1 {
		t.Fatal(page, err)
	}
	id := page[0].ID
	_, html, err := w.outbox.LetterPage(t.Context(), tenant, id, w.outbox.Reach)
	if err != nil || !strings.Contains(html, "<bdi>1 High Street</bdi>") || !strings.Contains(html, "Dear Zoe,") || w.only().state != notify.Waiting {
		t.Errorf("%s, %v", html, err)
	}
	w.unreach = fault.New("test", fault.Refused, "not for this caller")
	if _, _, err := w.outbox.LetterPage(t.Context(), tenant, id, w.outbox.Reach); !fault.Is(err, fault.Refused) || w.only().state != notify.Waiting {
		t.Errorf("%v, %+v", err, w.only())
	}
	w.unreach = nil
	if _, _, err := w.outbox.LetterPage(t.Context(), "other", id, w.outbox.Reach); !fault.Is(err, fault.NotFound) {
		t.Errorf("another tenant's letter: %v", err)
	}
	w.people[zoe] = notify.Address{Name: "Zoe"}
	if _, _, err := w.outbox.LetterPage(t.Context(), tenant, id, w.outbox.Reach); !fault.Is(err, fault.Conflict) {
		t.Errorf("a letter without an address: %v", err)
	}
	if all := w.rows(); len(all) != 2 || all[0].state != notify.Failed || all[0].outcome != "no-address" {
		t.Errorf("stored are %+v", all)
	}
	if _, _, err := w.outbox.LetterPage(t.Context(), tenant, id, w.outbox.Reach); !fault.Is(err, fault.Conflict) {
		t.Errorf("a letter that is given up: %v", err)
	}
}

// Two servers on one PostgreSQL are handed the same report at once: it is noted once, and one letter goes.
func TestTwoServersAreHandedOneReport(t *testing.T) {
	c := dbtest.Postgres(t)
	w := newWorld(t, func(change ...func(*db.Config)) *db.DB {
		mine := c
		for _, f := range change {
			f(&mine)
		}
		return dbtest.Open(t, mine)
	})
	got := mailed(w, "", request("req_1:received", notify.Email))
	b := notify.Bounce{Token: notify.TokenIn(open(t, got[0].Body).header.Get("Message-Id")), Status: "5.1.1", Action: "failed"}
	mine := c
	mine.Now = func() time.Time { return w.now }
	other := w.server(dbtest.Open(t, mine))
	other.Next = letters
	var both sync.WaitGroup
	var noted atomic.Int32
	for _, o := range []*notify.Outbox{w.outbox, other, w.outbox, other} {
		both.Go(func() {
			fresh, err := o.Bounced(t.Context(), "app_mx", b)
			if err != nil {
				t.Error(err)
			}
			if fresh {
				noted.Add(1)
			}
		})
	}
	both.Wait()
	if all := w.rows(); noted.Load() != 1 || len(all) != 2 {
		t.Errorf("noted %d times: %+v", noted.Load(), all)
	}
}
