package obligation_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/obligation"
)

// TestTenYears runs ten years of a company's clocks, with servers that are down for days, beside a
// model so slow that it is obvious: it looks at every clock every hour.
func TestTenYears(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { tenYears(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func tenYears(t *testing.T, random *rand.Rand) {
	w := newWorld(t, func(change ...func(*db.Config)) *db.DB {
		c := dbtest.SQLite(t)
		for _, f := range change {
			f(&c)
		}
		return dbtest.Open(t, c)
	})
	m := &model{world: w, duties: []obligation.Duty{
		answer(),
		{Kind: "mail.acknowledge", Clause: "clesaro-contact", Limit: term("5 business days"), Evidence: "answer-sent", Owners: []string{"desk"}},
		{Kind: "breach.authority", Clause: "clesaro-breach", Limit: term("72 hours"), Remind: term("12 hours"), Again: term("1 day"), Evidence: "answer-sent", Owners: []string{"officer", "board"}},
		{Kind: "access-review", Clause: "clear-access-review", Limit: term("every quarter"), Remind: term("2 weeks"), Evidence: "answer-sent"},
		{Kind: "penetration-test", Clause: "clear-pentest", Limit: term("2 per calendar year"), Target: term("1 month"), Evidence: "answer-sent"},
		{Kind: "complex-request", Clause: "clesaro-rights", Limit: term("1 month"), Target: term("2 weeks"), Remind: term("1 week"), Again: term("3 business days"), Owners: []string{"a", "b", "c"}, Evidence: "answer-sent"},
	}}
	var told map[string]int
	w.engine.Tell = func(_ *db.Tx, e obligation.Event) error {
		told[fmt.Sprintf("%s %s %s", e.Clock.ID, e.What, e.Owner)]++
		return nil
	}
	end := w.now.AddDate(10, 0, 0)
	for w.now.Before(end) {
		w.now = w.now.Add(time.Duration(1+random.IntN(12*24)) * time.Hour) // the server was down that long, or not
		told = map[string]int{}
		if _, err := w.engine.RunDue(t.Context(), w.now); err != nil {
			t.Fatal(err)
		}
		want := m.look(w.now)
		for what, n := range told {
			if n != 1 || !slices.Contains(want, what) {
				t.Fatalf("%s: told %d times %q, the model says %q", w.now, n, what, want)
			}
		}
		if len(told) != len(want) {
			t.Fatalf("%s: told %v, the model says %q", w.now, told, want)
		}
		for range random.IntN(3) {
			m.act(random)
		}
		m.compare(t)
	}
	m.compareStandings(t)
	if len(m.clocks) < 200 {
		t.Fatalf("only %d clocks in ten years", len(m.clocks))
	}
}

// model is what a clerk with a diary would do.
type model struct {
	*world
	duties []obligation.Duty
	clocks []*diary
}

// diary is one clock in the clerk's diary.
type diary struct {
	id                  string
	duty                obligation.Duty
	due, target, remind time.Time
	again               time.Time // the next escalation, once missed
	level               int       // of escalation
	targeted, reminded  bool
	missed, done, void  bool
	paused              bool
	pausedAt, until     time.Time
	late                bool
}

func (m *model) open(c obligation.Clock) {
	d := &diary{id: c.ID, duty: c.Duty, due: c.Due, target: c.Target}
	d.marks(m.world)
	m.clocks = append(m.clocks, d)
}

func (d *diary) marks(w *world) {
	d.remind = time.Time{}
	if d.duty.Remind.Form != "" {
		d.remind, _ = w.engine.Calendar.Lead(d.due.In(w.engine.Zone), d.duty.Remind)
	}
}

func (d *diary) resume(w *world, now time.Time) {
	if now.After(d.until) {
		now = d.until
	}
	d.due = d.due.Add(now.Sub(d.pausedAt))
	if !d.target.IsZero() {
		d.target = d.target.Add(now.Sub(d.pausedAt))
	}
	d.paused = false
	d.marks(w)
}

// look says what is told at a moment.
func (m *model) look(now time.Time) (told []string) {
	for _, d := range m.clocks {
		if d.done || d.void {
			continue
		}
		if d.paused {
			if now.Before(d.until) {
				continue
			}
			d.resume(m.world, now)
			told = append(told, d.id+" pause-ended "+d.owner(0))
		}
		if last := d.turn(m.world, now); last != "" {
			told = append(told, d.id+" "+last)
		}
	}
	return told
}

// turn turns the pages of one clock up to now and returns the last thing on them.
func (d *diary) turn(w *world, now time.Time) (last string) {
	passed := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	if passed(d.target) && !d.targeted && !d.reminded && !d.missed {
		d.targeted, last = true, "target-passed "+d.owner(0)
	}
	if passed(d.remind) && !d.reminded && !d.missed {
		d.targeted, d.reminded, last = true, true, "limit-near "+d.owner(0)
	}
	if passed(d.due) && !d.missed {
		d.missed, last = true, "limit-passed "+d.owner(0)
		d.again = d.due
		d.step(w)
	}
	for d.missed && passed(d.again) {
		d.level++
		last = "escalated " + d.owner(d.level)
		d.step(w)
	}
	return last
}

func (d *diary) step(w *world) {
	if d.duty.Again.Form == "" {
		d.again = time.Time{}
		return
	}
	d.again, _ = w.engine.Calendar.Later(d.again.In(w.engine.Zone), d.duty.Again)
}

func (d *diary) owner(level int) string {
	if len(d.duty.Owners) == 0 {
		return ""
	}
	return d.duty.Owners[min(level, len(d.duty.Owners)-1)]
}

// act does one thing to the engine and to the diary.
func (m *model) act(random *rand.Rand) {
	live := slices.DeleteFunc(slices.Clone(m.clocks), func(d *diary) bool { return d.done || d.void })
	if len(live) < 3 || random.IntN(3) == 0 {
		m.write(func(tx *db.Tx) error {
			c, err := m.engine.Open(tx, m.duties[random.IntN(len(m.duties))], "req")
			if err == nil {
				m.open(c)
			}
			return err
		})
		return
	}
	d := live[random.IntN(len(live))]
	switch kind := random.IntN(5); {
	case kind == 0 && !d.paused && !d.missed:
		m.write(func(tx *db.Tx) error { return m.engine.Pause(tx, d.id, "identity-check", term("10 days")) })
		d.paused, d.pausedAt = true, m.now
		d.until, _ = m.engine.Calendar.Due(m.now, term("10 days"))
	case kind == 1 && d.paused:
		m.write(func(tx *db.Tx) error { return m.engine.Resume(tx, d.id) })
		d.resume(m.world, m.now)
	case kind == 2 && !d.missed && !d.paused:
		m.write(func(tx *db.Tx) error { return m.engine.Cancel(tx, d.id, "request-withdrawn") })
		d.void = true
	default:
		if d.paused {
			d.resume(m.world, m.now)
		}
		m.write(func(tx *db.Tx) error { return m.engine.Discharge(tx, d.id, "answer-sent", "mail") })
		d.done, d.late = true, d.missed
		m.follow(d)
	}
}

// follow takes up the clock that a discharge began.
func (m *model) follow(d *diary) {
	all, _, err := m.engine.Find(m.Context(), tenant, obligation.Filter{}, m.now, "", 1000)
	if err != nil {
		m.Fatal(err)
	}
	for _, c := range all {
		if !slices.ContainsFunc(m.clocks, func(k *diary) bool { return k.id == c.ID }) {
			m.open(c)
		}
	}
}

// compare compares every clock with the diary.
func (m *model) compare(t *testing.T) {
	for _, d := range m.clocks[max(0, len(m.clocks)-20):] {
		c := m.get(d.id)
		state := map[bool]obligation.State{true: obligation.Paused, false: obligation.Running}[d.paused]
		if d.done {
			state = obligation.Done
		}
		if d.void {
			state = obligation.Void
		}
		if c.State != state || !c.Due.Equal(d.due) || !c.Target.Equal(d.target) || c.Late(m.now) != (d.missed && !d.void || !d.done && !d.void && !d.paused && !m.now.Before(d.due)) {
			t.Fatalf("%s: %+v, the diary says %+v", m.now, c, d)
		}
	}
}

// compareStandings compares what the store counts with what each clock says of itself.
func (m *model) compareStandings(t *testing.T) {
	since := m.now.AddDate(-1, 0, 0)
	got, err := m.engine.Standings(t.Context(), tenant, m.now, since)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]obligation.Standing{}
	for _, d := range m.clocks {
		c := m.get(d.id)
		s, late := want[c.Duty.Clause], c.Late(m.now)
		soon := func(known time.Time) time.Time {
			if known.IsZero() || c.Due.Before(known) {
				return c.Due
			}
			return known
		}
		switch {
		case c.State == obligation.Void, c.State == obligation.Done && c.Ended.Before(since):
			continue
		case c.State == obligation.Done && late:
			s.Late++
		case c.State == obligation.Done:
			s.InTime++
		case late:
			s.Missed, s.Overdue = s.Missed+1, soon(s.Overdue)
		case c.Near(m.now):
			s.Near, s.Next = s.Near+1, soon(s.Next)
		default:
			s.Running, s.Next = s.Running+1, soon(s.Next)
		}
		want[c.Duty.Clause] = s
	}
	if !maps.Equal(got, want) || len(got) < 3 {
		t.Errorf("the store counts %+v, the clocks say %+v", got, want)
	}
}
