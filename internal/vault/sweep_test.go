package vault

import (
	"maps"
	"testing"

	"clause.dev/clause/internal/db"
)

// TestSweepInSteps: what takes several transactions goes whole, is counted right, and nobody else's goes with it.
func TestSweepInSteps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const records = 2*sweepRows + 70
		w.stuffed(records, true)
		them, err := w.vault.CreateSubject(w.ctx, w.app, "other", Idempotency{})
		must(t, err)
		var told Swept
		w.vault.Swept = func(_ *db.Tx, s Swept) error { told = s; return nil }
		must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
		must(t, w.vault.Sweep(w.ctx))
		want := map[string]int64{"records.transactions": records, "subjects": records / 10, "lookups": 2 * records / 10}
		maps.DeleteFunc(told.Removed, func(table string, _ int64) bool { return want[table] == 0 })
		if !maps.Equal(told.Removed, want) {
			t.Errorf("removed %v, not %v", told.Removed, want)
		}
		if n := w.rows("acme", "sub_00000000"); n > 0 {
			t.Errorf("%d rows are left", n)
		}
		if n := w.rows("other", them); n == 0 {
			t.Error("another tenant's person went too")
		}
	})
}
