package obligation_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
)

// presses looks what is said of a clause's clocks now.
func (w *world) presses(clause string, late, near bool) {
	w.Helper()
	err := w.engine.DB.Read(w.Context(), tenant, func(tx *db.Tx) error {
		isLate, isNear, err := w.engine.Pressing(tx, clause, w.now)
		if isLate != late || isNear != near {
			w.Errorf("on %s clocks of %s are late: %t, near: %t", w.now, clause, isLate, isNear)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// A server's time that is set back tells nobody anything twice, and washes nothing off.
func TestTimeIsSetBack(t *testing.T) {
	each(t, "after a clock was missed", func(w *world) {
		c := w.open(answer())
		begin := w.now
		w.run(begin.AddDate(0, 0, 19))
		w.run(begin.AddDate(0, 0, 28))
		if got := w.run(begin.AddDate(0, 0, 31)); len(got) != 1 {
			w.Fatalf("told %v", got)
		}
		for _, day := range []int{1, 20, 28, 31} { // back, and through it all again
			if got := w.run(begin.AddDate(0, 0, day)); len(got) != 0 {
				w.Errorf("day %d: told again: %v", day, got)
			}
			if !w.get(c.ID).Late(w.now) {
				w.Errorf("day %d: what was missed is not late", day)
			}
			w.presses("clesaro-contact", true, false)
		}
		w.now = begin.AddDate(0, 0, 2)
		all, err := w.engine.Standings(w.Context(), tenant, w.now, begin.AddDate(0, 0, -90))
		if s := all["clesaro-contact"]; err != nil || s.Missed != 1 || s.Running+s.Near != 0 {
			w.Errorf("it stands as %+v, %v", s, err)
		}
		for what, change := range map[string]func(*db.Tx) error{
			"paused":    func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity", term("14 days")) },
			"cancelled": func(tx *db.Tx) error { return w.engine.Cancel(tx, c.ID, "request-withdrawn") },
		} {
			if err := w.try(change); !fault.Is(err, fault.Conflict) {
				w.Errorf("a missed clock is %s: %v", what, err)
			}
		}
		w.write(func(tx *db.Tx) error { return w.engine.Discharge(tx, c.ID, "answer-sent", "msg_1") })
		if !w.get(c.ID).Late(w.now) {
			w.Error("discharged while the time is set back it counts as in time")
		}
	})
	each(t, "while one runs", func(w *world) {
		c := w.open(answer())
		begin := w.now
		if got := w.run(begin.AddDate(0, 0, -300)); len(got) != 0 {
			w.Errorf("told %v", got)
		}
		early := w.open(answer())
		if w.get(early.ID).Due.After(w.get(c.ID).Due) {
			w.Error("what begins in the past is due after what began later")
		}
		if got := w.run(begin.AddDate(0, 0, 31)); len(got) != 2 {
			w.Errorf("told %v", got)
		}
	})
	each(t, "while one is paused", func(w *world) {
		c := w.open(answer())
		begin := w.now
		w.write(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity", term("14 days")) })
		due := w.get(c.ID).Due
		w.now = begin.Add(-time.Hour)
		w.write(func(tx *db.Tx) error { return w.engine.Resume(tx, c.ID) })
		if got := w.get(c.ID); got.State != obligation.Running || !got.Due.Equal(due) {
			w.Errorf("it is %s and due %s instead of %s", got.State, got.Due, due)
		}
	})
}
