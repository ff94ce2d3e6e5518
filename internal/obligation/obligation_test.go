package obligation_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// world is an engine on a store whose clock the test turns.
type world struct {
	*testing.T
	engine *obligation.Engine
	now    time.Time
	told   []string
	fail   error // of the next Tell
}

const tenant = "acme"

func newWorld(t *testing.T, open dbtest.Opener) *world {
	t.Helper()
	c, _ := calendar.Of("AE")
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, now: time.Date(2026, 11, 2, 9, 0, 0, 0, zone)} // a Monday
	d := open(func(c *db.Config) { c.Now = func() time.Time { return w.now } })
	w.engine = &obligation.Engine{DB: d, Calendar: c, Zone: zone, Tell: func(_ *db.Tx, e obligation.Event) error {
		if w.fail != nil {
			return w.fail
		}
		w.told = append(w.told, fmt.Sprintf("%s %s", e.What, e.Owner))
		return nil
	}}
	return w
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.Helper()
	if err := w.try(fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) try(fn func(tx *db.Tx) error) error {
	return w.engine.DB.Write(w.Context(), tenant, fn)
}

func (w *world) open(d obligation.Duty) obligation.Clock {
	w.Helper()
	var c obligation.Clock
	w.write(func(tx *db.Tx) (err error) {
		c, err = w.engine.Open(tx, d, "req_1")
		return err
	})
	return c
}

// run lets time pass until a moment and returns what was told, at most once a day being looked.
func (w *world) run(until time.Time) []string {
	w.Helper()
	w.told = nil
	w.now = until
	if _, err := w.engine.RunDue(w.Context(), w.now); err != nil {
		w.Fatal(err)
	}
	return w.told
}

func (w *world) get(id string) *obligation.Clock {
	w.Helper()
	c, err := w.engine.Get(w.Context(), tenant, id)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func term(s string) policy.Term {
	t, ok := policy.ParseTerm(s)
	if !ok {
		panic(s)
	}
	return t
}

// answer is the duty to answer privacy mail.
func answer() obligation.Duty {
	return obligation.Duty{
		Kind: "privacy-mail.answer", Clause: "clesaro-contact", Limit: term("30 days"), Target: term("20 days"),
		Remind: term("3 days"), Again: term("1 week"), Owners: []string{"officer", "counsel", "board"}, Evidence: "answer-sent",
	}
}

func each(t *testing.T, name string, run func(w *world)) {
	t.Run(name, func(t *testing.T) {
		dbtest.Each(t, func(t *testing.T, open dbtest.Opener) { run(newWorld(t, open)) })
	})
}

func TestAClock(t *testing.T) {
	each(t, "goes through its marks, each told of once", func(w *world) {
		c := w.open(answer())
		if want := time.Date(2026, 12, 3, 0, 0, 0, 0, w.engine.Zone); !c.Due.Equal(want) {
			w.Fatalf("due %s, want %s", c.Due, want)
		}
		begin := w.now
		days := []int{19, 21, 22, 28, 29, 31, 32, 39, 46, 53}
		want := []string{"", "target-passed officer", "", "limit-near officer", "", "limit-passed officer", "", "escalated counsel", "escalated board", "escalated board"}
		for i, day := range days {
			got := strings.Join(w.run(begin.AddDate(0, 0, day)), ",")
			if got != want[i] {
				w.Errorf("day %d: told %q, want %q", day, got, want[i])
			}
		}
		if !w.get(c.ID).Late(w.now) {
			w.Error("a missed clock is not late")
		}
	})
	each(t, "that nobody ran for a year tells once", func(w *world) {
		w.open(answer())
		if got := w.run(w.now.AddDate(1, 0, 0)); len(got) != 1 || got[0] != "escalated board" {
			w.Errorf("told %v", got)
		}
		if got := w.run(w.now); len(got) != 0 {
			w.Errorf("told again: %v", got)
		}
	})
	each(t, "is discharged by its evidence alone", func(w *world) {
		c := w.open(answer())
		err := w.try(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "phone-call", "x") })
		if !fault.Is(err, fault.Invalid) || w.get(c.ID).State != obligation.Running {
			w.Errorf("%v", err)
		}
		w.write(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "answer-sent", "mail_7") })
		got := w.get(c.ID)
		if got.State != obligation.Done || got.Evidence != "mail_7" || got.Late(w.now.AddDate(9, 0, 0)) {
			w.Errorf("%+v", got)
		}
		if told := w.run(w.now.AddDate(1, 0, 0)); len(told) != 0 {
			w.Errorf("a discharged clock tells %v", told)
		}
		if err := w.try(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "answer-sent", "mail_8") }); !fault.Is(err, fault.Conflict) {
			w.Errorf("discharged twice: %v", err)
		}
	})
	each(t, "discharged late stays late, and cannot be cancelled", func(w *world) {
		c := w.open(answer())
		w.run(w.now.AddDate(0, 0, 40))
		if err := w.try(func(tx *db.Tx) error { return w.engine.Cancel(tx, c.ID, "request-withdrawn") }); !fault.Is(err, fault.Conflict) {
			w.Errorf("cancelled: %v", err)
		}
		w.write(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "answer-sent", "mail_7") })
		if got := w.get(c.ID); !got.Late(w.now) || got.State != obligation.Done {
			w.Errorf("%+v", got)
		}
		s, err := w.engine.Standings(w.Context(), tenant, w.now, w.now.AddDate(0, -1, 0))
		if err != nil || s["clesaro-contact"].Late != 1 {
			w.Errorf("%+v %v", s, err)
		}
	})
	each(t, "that is void is owed no more", func(w *world) {
		c := w.open(answer())
		w.write(func(tx *db.Tx) error { return w.engine.Cancel(tx, c.ID, "request-withdrawn") })
		if told := w.run(w.now.AddDate(1, 0, 0)); len(told) != 0 || w.get(c.ID).Late(w.now) {
			w.Errorf("told %v", told)
		}
	})
}

func TestAPause(t *testing.T) {
	each(t, "moves the marks by as long as it lasted", func(w *world) {
		c := w.open(answer())
		w.now = w.now.AddDate(0, 0, 10)
		w.write(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity-check", term("14 days")) })
		w.now = w.now.AddDate(0, 0, 5)
		w.write(func(tx *db.Tx) error { return w.engine.Resume(tx, c.ID) })
		if got := w.get(c.ID); !got.Due.Equal(c.Due.AddDate(0, 0, 5)) || !got.Target.Equal(c.Target.AddDate(0, 0, 5)) || got.State != obligation.Running {
			w.Errorf("due %s, was %s", got.Due, c.Due)
		}
	})
	each(t, "ends by itself at its limit, also when no server ran", func(w *world) {
		c := w.open(answer())
		w.write(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity-check", term("14 days")) })
		until := w.get(c.ID).PausedUntil
		if told := w.run(w.now.AddDate(0, 0, 13)); len(told) != 0 {
			w.Errorf("told %v while paused", told)
		}
		if told := w.run(w.now.AddDate(0, 0, 7)); !slices.Equal(told, []string{"pause-ended officer"}) {
			w.Errorf("told %v", told)
		}
		if got := w.get(c.ID); !got.Due.Equal(c.Due.Add(until.Sub(c.Opened))) {
			w.Errorf("due %s, was %s: more than the limit of the pause was granted", got.Due, c.Due)
		}
	})
	each(t, "hides nothing that was missed", func(w *world) {
		c := w.open(answer())
		w.run(w.now.AddDate(0, 0, 31))
		if err := w.try(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity-check", term("14 days")) }); !fault.Is(err, fault.Conflict) {
			w.Errorf("paused: %v", err)
		}
	})
	each(t, "needs a reason and a limit", func(w *world) {
		c := w.open(answer())
		for _, bad := range []struct{ reason, limit string }{{"", "14 days"}, {"identity-check", "without undue delay"}} {
			if err := w.try(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, bad.reason, term(bad.limit)) }); !fault.Is(err, fault.Invalid) {
				w.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestARhythm(t *testing.T) {
	review := obligation.Duty{Kind: "access-review", Clause: "clear-access-review", Limit: term("every quarter"), Evidence: "review-report"}
	each(t, "begins anew when it is done", func(w *world) {
		c := w.open(review)
		w.now = w.now.AddDate(0, 1, 0)
		w.write(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "review-report", "rep_1") })
		all, _, err := w.engine.Find(w.Context(), tenant, obligation.Filter{}, w.now, "", 10)
		if err != nil || len(all) != 1 || all[0].ID == c.ID {
			w.Fatalf("%+v %v", all, err)
		}
		if want, _ := w.engine.Calendar.Due(w.now, review.Limit); !all[0].Due.Equal(want) {
			w.Errorf("due %s, want a quarter after it was done: %s", all[0].Due, want)
		}
	})
	each(t, "of two a year owes both", func(w *world) {
		test := obligation.Duty{Kind: "penetration-test", Clause: "clear-pentest", Limit: term("2 per calendar year"), Evidence: "test-report"}
		c := w.open(test)
		var dues []string
		for range 3 {
			dues = append(dues, c.Due.In(w.engine.Zone).Format(time.DateOnly))
			w.write(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "test-report", "rep") })
			all, _, _ := w.engine.Find(w.Context(), tenant, obligation.Filter{}, w.now, "", 10)
			c = all[0]
		}
		if want := []string{"2027-01-01", "2027-07-01", "2028-01-01"}; !slices.Equal(dues, want) {
			w.Errorf("due %v, want %v", dues, want)
		}
	})
	each(t, "before an event has no end until the event has a time", func(w *world) {
		c := w.open(obligation.Duty{Kind: "finding.low", Clause: "clear-findings", Limit: term("before the next penetration test"), Evidence: "retest-report"})
		if !c.Due.IsZero() || len(w.run(w.now.AddDate(1, 0, 0))) != 0 {
			w.Errorf("%+v", c)
		}
		event := w.now.AddDate(0, 0, 20)
		w.write(func(tx *db.Tx) error { return w.engine.Happens(tx, "the next penetration test", event) })
		if told := w.run(event); !slices.Equal(told, []string{"limit-passed "}) || !w.get(c.ID).Late(w.now) {
			w.Errorf("told %v", told)
		}
		w.write(func(tx *db.Tx) error {
			return w.engine.Happens(tx, "the next penetration test", event.AddDate(1, 0, 0))
		})
		if !w.get(c.ID).Late(w.now) {
			w.Error("a missed clock was moved")
		}
	})
	each(t, "ahead of an event is due before it", func(w *world) {
		notice := obligation.Duty{Kind: "change-notice", Clause: "clesaro-change-notice", Limit: term("30 days"), Evidence: "notices-sent"}
		event := time.Date(2027, 3, 3, 0, 0, 0, 0, w.engine.Zone)
		var c obligation.Clock
		w.write(func(tx *db.Tx) (err error) {
			c, err = w.engine.OpenAhead(tx, notice, "policy_2", event)
			return err
		})
		if want := event.AddDate(0, 0, -30); !c.Due.Equal(want) {
			w.Errorf("due %s, want %s", c.Due, want)
		}
	})
}

// A clock keeps the figure it began with, whatever the duty says later.
func TestFiguresStay(t *testing.T) {
	each(t, "as they began", func(w *world) {
		d := answer()
		old := w.open(d)
		d.Limit = term("5 days")
		younger := w.open(d)
		if !w.get(old.ID).Due.After(w.get(younger.ID).Due) || w.get(old.ID).Duty.Limit != term("30 days") {
			w.Error("a running clock took the new figure")
		}
	})
}

// What fails while it is told of happens again, whole, and then once.
func TestTellingIsPartOfTheEvent(t *testing.T) {
	each(t, "or neither is", func(w *world) {
		c := w.open(answer())
		w.now = w.now.AddDate(0, 0, 31)
		w.fail = errors.New("no mail today")
		if _, err := w.engine.RunDue(w.Context(), w.now); err == nil {
			w.Error("the failure is hidden")
		}
		w.fail = nil
		if got := w.run(w.now); !slices.Equal(got, []string{"limit-passed officer"}) {
			w.Errorf("told %v", got)
		}
		if got := w.get(c.ID); !got.Late(w.now) {
			w.Errorf("%+v", got)
		}
	})
}

// One tenant's failure keeps no other from its turn.
func TestATenantThatFailsStopsNoOther(t *testing.T) {
	each(t, "and is tried again", func(w *world) {
		w.open(answer())
		if err := w.engine.DB.Write(w.Context(), "zeta", func(tx *db.Tx) error {
			_, err := w.engine.Open(tx, answer(), "req_2")
			return err
		}); err != nil {
			w.Fatal(err)
		}
		broken := true
		w.engine.Tell = func(tx *db.Tx, e obligation.Event) error {
			if broken && tx.Tenant() == tenant {
				return errors.New("broken")
			}
			w.told = append(w.told, tx.Tenant())
			return nil
		}
		w.now = w.now.AddDate(0, 0, 31)
		if _, err := w.engine.RunDue(w.Context(), w.now); err == nil || !slices.Equal(w.told, []string{"zeta"}) {
			w.Errorf("told %v, %v", w.told, err)
		}
		broken = false
		if _, err := w.engine.RunDue(w.Context(), w.now); err != nil || !slices.Equal(w.told, []string{"zeta", tenant}) {
			w.Errorf("told %v, %v", w.told, err)
		}
	})
}

func TestBadDuties(t *testing.T) {
	for name, change := range map[string]func(*obligation.Duty){
		"no clause":       func(d *obligation.Duty) { d.Clause = "" },
		"no evidence":     func(d *obligation.Duty) { d.Evidence = "" },
		"no limit":        func(d *obligation.Duty) { d.Limit = policy.Term{} },
		"no figure":       func(d *obligation.Duty) { d.Limit = term("without undue delay") },
		"a reminder ever": func(d *obligation.Duty) { d.Remind = term("every week") },
	} {
		each(t, name, func(w *world) {
			d := answer()
			change(&d)
			if err := w.try(func(tx *db.Tx) error { _, err := w.engine.Open(tx, d, "x"); return err }); !fault.Is(err, fault.Invalid) {
				w.Errorf("%v", err)
			}
		})
	}
}
