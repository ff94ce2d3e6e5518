package obligation_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
)

func TestExtend(t *testing.T) {
	extend := func(w *world, id, reason, by string) error {
		return w.try(func(tx *db.Tx) error { return w.engine.Extend(tx, id, reason, term(by)) })
	}
	each(t, "moves the limit, and reminds of the new one", func(w *world) {
		c := w.open(answer())
		w.run(w.now.AddDate(0, 0, 29))
		if err := extend(w, c.ID, "complexity", "2 months"); err != nil {
			w.Fatal(err)
		}
		later := w.get(c.ID)
		if want := c.Due.In(w.engine.Zone).AddDate(0, 2, 0); !later.Due.Equal(want) || later.Near(w.now) && later.Target.After(w.now) {
			w.Fatalf("due %s, want %s", later.Due, want)
		}
		if told := w.run(later.Due.AddDate(0, 0, -2)); len(told) != 1 || told[0] != "limit-near officer" {
			w.Errorf("near the new limit is told %q", told)
		}
		if told := w.run(later.Due.Add(time.Minute)); len(told) != 1 || told[0] != "limit-passed officer" {
			w.Errorf("at the new limit is told %q", told)
		}
		if err := extend(w, c.ID, "complexity", "2 months"); !fault.Is(err, fault.Conflict) {
			w.Errorf("a missed clock was extended: %v", err)
		}
	})
	each(t, "takes a paused clock, and refuses what is no extension", func(w *world) {
		c := w.open(answer())
		w.write(func(tx *db.Tx) error { return w.engine.Pause(tx, c.ID, "identity-check", term("14 days")) })
		if err := extend(w, c.ID, "complexity", "1 week"); err != nil {
			w.Error(err)
		}
		for _, bad := range []struct {
			id, reason, by string
			kind           fault.Kind
		}{
			{c.ID, "", "1 week", fault.Invalid},
			{c.ID, "complexity", "without undue delay", fault.Invalid},
			{"clk_none", "complexity", "1 week", fault.NotFound},
		} {
			if err := extend(w, bad.id, bad.reason, bad.by); !fault.Is(err, bad.kind) {
				w.Errorf("%v gives %v", bad, err)
			}
		}
		waits := w.open(obligation.Duty{Kind: "low", Clause: "c", Limit: term("before the next test"), Evidence: "x"})
		if err := extend(w, waits.ID, "complexity", "1 week"); !fault.Is(err, fault.Conflict) {
			w.Errorf("a clock without a limit was extended: %v", err)
		}
	})
}
