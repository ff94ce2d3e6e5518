package alert_test

import (
	"testing"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/db"
)

// TestWhatHappensAnewIsTold: an alert that nobody acknowledged counts once more; one that somebody did is over, and
// whoever is on call is told again.
func TestWhatHappensAnewIsTold(t *testing.T) {
	each(t, func(w *world) {
		raise := func() (id string) {
			w.must(w.App.DB.Write(w.Context(), "acme", func(tx *db.Tx) (err error) {
				id, err = w.desk().Raise(tx, alert.Alarm{Kind: "threat", Cause: "scanning.gate", Severity: "warning", Anew: true, By: "clause"})
				return err
			}))
			return id
		}
		first := raise()
		if again := raise(); again != first || w.get(first).Times != 2 {
			w.Errorf("an alert that nobody acknowledged is raised anew as %s", again)
		}
		_, err := w.duties.AcknowledgeAlert(w.Context(), "acme", first)
		w.must(err)
		second := raise()
		if before, now := w.get(first), w.get(second); second == first || before.State != "resolved" || before.Reason != "happened-again" || now.State != "open" || now.Steps != 1 {
			w.Errorf("an alert that was acknowledged is %+v, and what came after it %+v", before, now)
		}
	})
}
