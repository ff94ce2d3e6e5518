package obligation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
)

// What a filter finds is what Near and Late say of each clock, at any time, page by page and in the same order.
func TestFind(t *testing.T) {
	each(t, "find", func(w *world) {
		begin := w.now
		for i := range 12 {
			d := answer()
			if i%3 == 0 {
				d.Clause, d.Target = "clesaro-erasure", obligation.Duty{}.Target
			}
			if i%4 == 1 {
				d.Remind = obligation.Duty{}.Remind
			}
			w.now = begin.Add(time.Duration(i) * 60 * time.Hour)
			c := w.open(d)
			if i%5 == 4 {
				w.write(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity", term("10 days")) })
			}
		}
		seen := map[string]int{}
		for _, days := range []int{20, 24, 29, 33, 45} {
			w.now = begin.Add(time.Duration(days) * 24 * time.Hour)
			if days != 33 { // the engine may lag behind
				w.run(w.now)
			}
			all := w.find(obligation.Filter{})
			for _, clause := range []string{"clesaro-contact", "clesaro-erasure"} {
				of := func(is func(*obligation.Clock, time.Time) bool) bool {
					return slices.ContainsFunc(all, func(c obligation.Clock) bool { return c.Duty.Clause == clause && is(&c, w.now) })
				}
				w.presses(clause, of((*obligation.Clock).Late), of((*obligation.Clock).Near))
			}
			for _, by := range []obligation.Filter{
				{Only: obligation.OnlyNear}, {Only: obligation.OnlyMissed}, {Only: obligation.OnlyPaused}, {Clause: "clesaro-erasure"}, {Clause: "clesaro-erasure", Only: obligation.OnlyMissed},
			} {
				var want []string
				for i := range all {
					c := &all[i]
					is := map[string]bool{"": true, obligation.OnlyNear: c.Near(w.now), obligation.OnlyMissed: c.Late(w.now), obligation.OnlyPaused: c.State == obligation.Paused}[by.Only]
					if is && (by.Clause == "" || c.Duty.Clause == by.Clause) {
						want = append(want, c.ID)
					}
				}
				var got []string
				for _, c := range w.find(by) {
					got = append(got, c.ID)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					w.Errorf("after %d days %+v finds %v, want %v", days, by, got, want)
				}
				seen[by.Only] += len(got)
			}
		}
		if seen[obligation.OnlyNear] == 0 || seen[obligation.OnlyMissed] == 0 || seen[obligation.OnlyPaused] == 0 {
			w.Errorf("the test met %v", seen)
		}
		if _, _, err := w.engine.Find(w.Context(), tenant, obligation.Filter{Only: "all"}, w.now, "", 5); !fault.Is(err, fault.Invalid) {
			w.Errorf("an unknown filter: %v", err)
		}
	})
}

// find returns all that a filter finds, in pages of five.
func (w *world) find(by obligation.Filter) (all []obligation.Clock) {
	w.Helper()
	for cursor := ""; ; {
		page, next, err := w.engine.Find(w.Context(), tenant, by, w.now, cursor, 5)
		if err != nil {
			w.Fatal(err)
		}
		if all = append(all, page...); next == "" {
			return all
		}
		cursor = next
	}
}
