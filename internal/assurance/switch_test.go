package assurance_test

import (
	"context"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// TestTheSecondNodeTakesOver ends one of two real nodes while the server is written to: nothing that was
// acknowledged is lost, the server sees that another answers, and only then is the clock discharged.
func TestTheSecondNodeTakesOver(t *testing.T) {
	pair := dbtest.NewPair(t)
	w := start(t, apptest.Options{Store: pair.URL, Migrate: pair.Migrate})
	begun, err := w.lead.BeginSwitchOver(t.Context(), org, "switch-over-1")
	w.must(err)
	owed := clockOf(t, begun.Clocks, assurance.SwitchOverDuty, "running")
	_, err = w.lead.FinishSwitchOver(t.Context(), org, begun.ID, api.SwitchOverResult{Acknowledged: 1})
	w.refused("claimed before it happened", err, 409)

	const before, after = 40, 40
	ended := int64(0)
	load, err := control.SwitchLoad(t.Context(), w.System(), func(l control.Load) bool {
		if ended == 0 && l.Acknowledged >= before {
			ended = l.Acknowledged
			pair.SwitchOver(t)
		}
		return ended > 0 && l.Acknowledged >= ended+after
	})
	w.must(err)
	if load.Lost != 0 || load.Acknowledged < before+after || load.Pause <= 0 {
		t.Errorf("seen: %+v", load)
	}
	done, err := w.lead.FinishSwitchOver(t.Context(), org, begun.ID, api.SwitchOverResult{Acknowledged: load.Acknowledged, Lost: load.Lost, Pause: load.Pause.Milliseconds()})
	w.must(err)
	if done.State != "taken-over" || done.From == done.To || done.To == "" {
		t.Errorf("noted: %+v", done)
	}
	if c := clockOf(t, done.Clocks, assurance.SwitchOverDuty, "done"); c.ID != owed.ID || c.Evidence != "switch-over-1" {
		t.Errorf("discharged: %+v", c)
	}
	clockOf(t, done.Clocks, assurance.SwitchOverDuty, "running") // the next one
	_, err = w.lead.FinishSwitchOver(t.Context(), org, begun.ID, api.SwitchOverResult{Acknowledged: 1})
	w.refused("told twice", err, 409)
}

// TestASwitchOverThatLostWrites is kept as failed and discharges nothing; what cannot be an outcome is refused.
func TestASwitchOverThatLostWrites(t *testing.T) {
	w := start(t, apptest.Options{})
	node := db.Node{Address: "one", Timeline: "00000001"}
	desk := &assurance.Desk{
		Vault: w.App.Vault, Engine: w.App.Clocks, Ring: w.App.Ring, Rules: w.App.Plan.Assurance,
		Node: func(context.Context) (db.Node, error) { return node, nil },
	}
	who := vault.Caller{Credential: decision.Credential{ID: "lead", Tenants: []string{org}, Environment: w.App.Environment}, Scopes: []string{vault.ScopeDuties}}
	begun, err := desk.BeginSwitchOver(t.Context(), who, org, api.NewSwitchOver{Reference: "so-1"})
	w.must(err)
	_, err = desk.BeginSwitchOver(t.Context(), who, org, api.NewSwitchOver{Reference: "so-1"})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("begun twice: %v", err)
	}
	node.Timeline = "00000002"
	for _, in := range []api.SwitchOverResult{{}, {Acknowledged: 1, Lost: 2}, {Acknowledged: 1, Lost: -1}, {Acknowledged: 1, Pause: -1}} {
		if _, err := desk.FinishSwitchOver(t.Context(), who, org, begun.ID, in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	done, err := desk.FinishSwitchOver(t.Context(), who, org, begun.ID, api.SwitchOverResult{Acknowledged: 9, Lost: 1, Pause: 700})
	w.must(err)
	if done.State != "failed" || done.Lost != 1 {
		t.Errorf("noted: %+v", done)
	}
	for _, c := range done.Clocks {
		if c.State == "done" {
			t.Errorf("what lost writes discharged %+v", c)
		}
	}
	stranger := who
	stranger.Scopes = nil
	if _, err := desk.BeginSwitchOver(t.Context(), stranger, org, api.NewSwitchOver{Reference: "so-2"}); !fault.Is(err, fault.Refused) {
		t.Errorf("without the scope: %v", err)
	}
}

// TestOneFileHasNoSecondNode: nothing can be begun where nothing could take over.
func TestOneFileHasNoSecondNode(t *testing.T) {
	w := start(t, apptest.Options{})
	_, err := w.lead.BeginSwitchOver(t.Context(), org, "so-1")
	w.refused("on one file", err, 400)
}
