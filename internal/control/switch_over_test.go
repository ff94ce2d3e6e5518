package control_test

import (
	"context"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/policy"
)

func TestSwitchOverCheck(t *testing.T) {
	checks(t, []check{
		{name: "yearly", control: &control.SwitchOver{Every: yearly, Zones: 2}},
		{name: "once", control: &control.SwitchOver{Every: policy.Term{Form: policy.Prompt}}, param: "every", finds: []string{"how often"}},
	})
}

func TestSwitchOverPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("switch-over", policy.Params{"every": yearly})))
	if err != nil || len(plan.Assurance.SwitchOvers) != 1 || plan.Assurance.SwitchOvers[0].Clause != "promise" || plan.Assurance.SwitchOvers[0].Limit != yearly {
		t.Errorf("planned as %+v, %v", plan.Assurance.SwitchOvers, err)
	}
}

// TestOneFileHasNoSecondNode: on the embedded store the promise is broken, and the probe says why.
func TestOneFileHasNoSecondNode(t *testing.T) {
	w := newWorld(t, sabotage{example: "clear"})
	w.breaks(t, "switch-over", sabotage{says: "no second node"})
}

func switchOverSabotages() []sabotage {
	return []sabotage{
		unowed("switch-over", "No clock of switch-overs"),
		{name: "what did not happen is believed", says: "Claiming a switch-over that did not happen was allowed", front: pleasing(ending("/finish"))},
		{name: "the last one lost writes", says: "lost writes that had been acknowledged", before: func(t *testing.T, w *world) {
			w.exec(context.Background(), db.Organisation, `INSERT INTO assurance (tenant_id, kind, item_id, state, about, reference, opened_at, wake_at, details, epoch, sealed)
				VALUES ($1, 'switch-over', 'swi_planted', 'failed', '', 'planted', 1900000000000000, 0, '{}', 0, $2)`, db.Organisation, []byte{})
			t.Cleanup(func() {
				w.exec(context.Background(), db.Organisation, `DELETE FROM assurance WHERE tenant_id = $1 AND item_id = 'swi_planted'`, db.Organisation)
			})
		}},
	}
}
