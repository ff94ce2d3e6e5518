package control_test

import (
	"net/http"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestErasureCheck(t *testing.T) {
	checks(t, []check{
		{name: "longer than backups", control: &control.Erasure{Within: 30 * day}},
		{name: "just as long", control: &control.Erasure{Within: 28 * day}},
		{name: "shorter than backups", control: &control.Erasure{Within: 28*day - time.Second}, param: "within", finds: []string{"for 28 days"}},
		{name: "at once", control: &control.Erasure{}, param: "within", finds: []string{"more than nothing"}},
		{name: "no epochs", control: &control.Erasure{Within: 30 * day}, param: "within", finds: []string{"no epoch is set"},
			change: func(p *policy.Policy) { p.Backups = policy.Backups{} }},
	})
}

func TestErasurePlan(t *testing.T) {
	refuses(t, keep("erasure", policy.Params{"within": 30 * day}), func(_ *decision.Rules, q *decision.Request) { q.Standing.Erased = true })
	plan, err := control.PlanOf(promising(keep("erasure", policy.Params{"within": 40 * day}), keep("erasure", policy.Params{"within": 30 * day})))
	if err != nil {
		t.Fatal(err)
	}
	if plan.EraseWithin != 30*day {
		t.Errorf("two promises plan %s, not the stricter", plan.EraseWithin)
	}
}

func erasureSabotages() []sabotage {
	return []sabotage{
		{name: "what was read is served for ever", says: "right after the erasure was allowed", front: caching(http.StatusNotFound, http.StatusGone)},
		{name: "rows are left", says: "After the erasure and its sweep the store has", system: leave},
		{name: "a backup brings them back", says: "of the erased person from that backup was allowed", system: reviving()},
		{name: "old keys are kept", says: "is 40 days old and not destroyed", system: func(_ *world, sys *control.System) {
			epochs := sys.Epochs
			sys.Epochs = func() []control.Epoch {
				return append([]control.Epoch{{Number: 0, Began: sys.Now().Add(-40*day - time.Hour), Ended: sys.Now().Add(-33 * day)}}, epochs()...)
			}
		}},
		{name: "keys do not turn", says: "and not destroyed", system: func(_ *world, sys *control.System) {
			now := sys.Now
			sys.Now = func() time.Time { return now().Add(31 * day) }
		}},
		leaks("a log of requests", func(b []byte) []byte { return b }),
	}
}
