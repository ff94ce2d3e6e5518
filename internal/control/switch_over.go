package control

import (
	"context"
	"encoding/json"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// SwitchOver keeps clauses that say the second node takes over again and again, to prove that it can.
type SwitchOver struct {
	Every policy.Term `param:"every" doc:"how often, such as every 2 months"`
	Zones int         `param:"zones,optional" doc:"over how many zones there are copies"`
}

// Check finds a term that is no rhythm.
func (c *SwitchOver) Check(p *policy.Policy) error { return rhythmic(p, "switch-over", c.Every) }

func (c *SwitchOver) duty() obligation.Duty {
	return owed(assurance.SwitchOverDuty, c.Every, assurance.SwitchOverReport)
}

// Plan has a clock run.
func (c *SwitchOver) Plan(p *Plan) {
	d := c.duty()
	d.Clause = p.clause
	p.Assurance.SwitchOvers = append(p.Assurance.SwitchOvers, d)
}

// Probe looks that the organisation's clock runs and that the last switch-over lost nothing, and begins a
// made-up one: the server must know which node answers, and must not believe that another took over.
func (c *SwitchOver) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) {
		a.rhythm(ctx, "switch-overs", "switch-overs", c.duty())
		a.lastSwitch(ctx)
		got, err := a.post(ctx, api.NewSwitchOver{Reference: "canary-" + token()[:16]}, "switch-overs")
		var begun api.SwitchOver
		switch {
		case err == nil && got.malformed():
			a.breach("The store has no second node that could take over.")
			return
		case !a.mustShow("beginning a switch-over", got, err):
			return
		case json.Unmarshal(got.body, &begun) != nil || begun.From == "":
			a.breach("The server does not say which node answers for the store.")
			return
		}
		defer a.remove(ctx, "switch-overs", begun.ID)
		a.good("One of the store's nodes answers, and the server knows which.")
		got, err = a.post(ctx, api.SwitchOverResult{Acknowledged: 1}, "switch-overs", begun.ID, "finish")
		if err == nil && got.status == http.StatusConflict {
			a.good("A switch-over that did not happen is not believed.")
			return
		}
		a.mustRefuse("Claiming a switch-over that did not happen", got, err)
	})
	return t.finding("The second node takes over " + c.Every.String() + ", and what is claimed of it is checked.")
}

// lastSwitch looks below the front door what came of the organisation's newest switch-over.
func (a *assuranceTrial) lastSwitch(ctx context.Context) {
	newest, state := "", ""
	err := a.s.Store.Rows(ctx, "", func(table string, columns map[string][]byte) error {
		if table != "assurance" || string(columns["kind"]) != "switch-over" || string(columns["state"]) == "running" {
			return nil
		}
		if opened := string(columns["opened_at"]); len(opened) > len(newest) || len(opened) == len(newest) && opened > newest {
			newest, state = opened, string(columns["state"])
		}
		return nil
	})
	switch {
	case err != nil:
		a.hurdle("the store could not be read: %v", err)
	case state == "failed":
		a.breach("The last switch-over lost writes that had been acknowledged.")
	case state == "":
		a.note("No switch-over was finished yet.")
	default:
		a.good("The last switch-over lost no acknowledged write.")
	}
}
