package rights_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
)

// model is a request as somebody with a paper form would keep it.
type model struct {
	id              string
	right           rights.Right
	state           rights.State
	acknowledged    bool
	asked, extended bool
	due             time.Time // of the answer
	pausedAt        time.Time // zero while the clocks run
	pause           time.Duration
}

func (m *model) ready() bool { return m.state == rights.Received || m.state == rights.InProgress }

func (m *model) open() bool { return m.ready() || m.state == rights.IdentityCheck }

// late says whether the answer was missed by a time. While a pause lasts, it was if it was before.
func (m *model) late(now time.Time) bool {
	if m.pausedAt.IsZero() {
		return !now.Before(m.due)
	}
	if end := m.pausedAt.Add(m.pause); now.After(end) {
		return !now.Before(m.due.Add(m.pause))
	}
	return false
}

// TestAgainstAModel: whatever is done in whatever order, a request is where the paper form says, refuses
// what it refuses, and its clock runs to the same moment.
func TestAgainstAModel(t *testing.T) {
	w := sqliteWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		sub := w.person()
		var current *model
		do := func(name string, allowed bool, step func(id string) (rights.Request, error), then func(*model)) func(*rapid.T) {
			return func(t *rapid.T) {
				if current == nil {
					return
				}
				r, err := step(current.id)
				switch {
				case allowed && err != nil:
					t.Fatalf("%s of a request that is %s: %v", name, current.state, err)
				case !allowed && !fault.Is(err, fault.Conflict):
					t.Fatalf("%s of a request that is %s: %v, want a conflict", name, current.state, err)
				case allowed:
					then(current)
					if r.State != current.state {
						t.Fatalf("after %s it is %s, want %s", name, r.State, current.state)
					}
				}
			}
		}
		now := func() time.Time { return w.clock.Stands() }
		wake := func() { // the engine ends pauses that are over
			if _, err := w.desk.Clocks.RunDue(w.Context(), w.clock.Now()); err != nil {
				t.Fatal(err)
			}
			if m := current; m != nil && !m.pausedAt.IsZero() && !now().Before(m.pausedAt.Add(m.pause)) {
				m.due, m.pausedAt = m.due.Add(m.pause), time.Time{}
			}
		}
		run := func(m *model) {
			if !m.pausedAt.IsZero() {
				m.due, m.pausedAt = m.due.Add(min(m.pause, now().Sub(m.pausedAt))), time.Time{}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				right := rapid.SampledFrom([]rights.Right{rights.Access, rights.Objection, rights.Withdrawal}).Draw(t, "right")
				r, err := w.desk.Open(w.Context(), w.app, tenant, rights.Ask{Subject: sub, Right: right})
				if current != nil && current.open() && current.right == right {
					if !fault.Is(err, fault.Conflict) {
						t.Fatalf("a second request of %s: %v", right, err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if current != nil && current.open() {
					if _, err := w.desk.Withdraw(w.Context(), w.app, tenant, current.id); err != nil {
						t.Fatal(err)
					}
				}
				current = &model{id: r.ID, right: right, state: rights.Received, due: r.Due}
			},
			"acknowledge": func(t *rapid.T) {
				if m := current; m != nil {
					do("acknowledging", m.open() || m.acknowledged, func(id string) (rights.Request, error) { return w.desk.Acknowledge(w.Context(), w.app, tenant, id) }, func(m *model) {
						if m.acknowledged = true; m.state == rights.Received {
							m.state = rights.InProgress
						}
					})(t)
				}
			},
			"ask": func(t *rapid.T) {
				if m := current; m != nil {
					days := rapid.IntRange(1, 20).Draw(t, "days")
					do("asking for identity", m.ready() && !m.asked && !m.late(now()), func(id string) (rights.Request, error) {
						return w.desk.AskIdentity(w.Context(), w.app, tenant, id, fmt.Sprint(days, " days"))
					}, func(m *model) {
						m.state, m.asked, m.pausedAt = rights.IdentityCheck, true, now()
						zone := w.desk.Clocks.Zone
						local := now().In(zone)
						m.pause = time.Date(local.Year(), local.Month(), local.Day()+days+1, 0, 0, 0, 0, zone).Sub(now())
					})(t)
				}
			},
			"prove": func(t *rapid.T) {
				if m := current; m != nil {
					do("proving", m.state == rights.IdentityCheck || m.state == rights.InProgress && m.asked, func(id string) (rights.Request, error) { return w.desk.ProveIdentity(w.Context(), w.app, tenant, id) }, func(m *model) {
						run(m)
						m.state = rights.InProgress
					})(t)
				}
			},
			"extend": func(t *rapid.T) {
				if m := current; m != nil {
					do("extending", m.open() && !m.extended && m.right == rights.Access && !m.late(now()), func(id string) (rights.Request, error) {
						return w.desk.Extend(w.Context(), w.app, tenant, id, "complexity")
					}, func(m *model) {
						m.extended = true // the calendar's own tests tell what two months after the 31st are
						m.due, _ = w.desk.Clocks.Calendar.Later(m.due.In(w.desk.Clocks.Zone), term("2 months"))
					})(t)
				}
			},
			"refuse": func(t *rapid.T) {
				if m := current; m != nil {
					do("refusing", m.open() || m.state == rights.Refused, func(id string) (rights.Request, error) {
						return w.desk.Refuse(w.Context(), w.app, tenant, id, "identity-not-proven")
					}, func(m *model) { m.state = rights.Refused })(t)
				}
			},
			"withdraw": func(t *rapid.T) {
				if m := current; m != nil {
					do("withdrawing", m.open() || m.state == rights.Withdrawn, func(id string) (rights.Request, error) { return w.desk.Withdraw(w.Context(), w.app, tenant, id) }, func(m *model) { m.state = rights.Withdrawn })(t)
				}
			},
			"answer": func(t *rapid.T) {
				if m := current; m != nil {
					do("answering", m.ready() || m.state == rights.Answered, func(id string) (rights.Request, error) {
						r, _, err := w.desk.Answer(w.Context(), w.app, tenant, id, nil)
						return r, err
					}, func(m *model) { m.state = rights.Answered })(t)
				}
			},
			"wait": func(t *rapid.T) {
				w.clock.Forward(time.Duration(rapid.IntRange(1, 20*24).Draw(t, "hours")) * time.Hour)
				wake()
			},
			"finish": func(t *rapid.T) {
				if n, err := w.desk.Finish(w.Context(), tenant); n != 0 || err != nil {
					t.Fatalf("finished %d of nothing, %v", n, err)
				}
			},
			"": func(t *rapid.T) {
				if current == nil {
					return
				}
				r, err := w.desk.Get(w.Context(), w.app, tenant, current.id)
				if err != nil || r.State != current.state {
					t.Fatalf("it is %s, %v, want %s", r.State, err, current.state)
				}
				for _, c := range r.Clocks {
					if c.Duty.Evidence != "answer" {
						continue
					}
					if running := c.State == obligation.Running || c.State == obligation.Paused; running != current.open() {
						t.Fatalf("the request is %s and its clock %s", r.State, c.State)
					}
					if c.State == obligation.Running && c.Due.Sub(current.due).Abs() > time.Second {
						t.Fatalf("due %s, want %s", c.Due, current.due)
					}
				}
			},
		})
	})
}
