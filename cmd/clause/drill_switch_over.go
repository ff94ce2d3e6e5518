package main

import (
	"context"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// drillSwitchCmd has a server written to while its store's second node takes over.
type drillSwitchCmd struct {
	Tenant    string        `required:"" placeholder:"ID" help:"The tenant in which a person is made up, and erased again."`
	Reference string        `required:"" placeholder:"ID" help:"Your id of this switch-over; each once."`
	Within    time.Duration `default:"10m" placeholder:"TIME" help:"How long to wait for another node to take over. Default: ${default}."`
	Drilling  drilling      `embed:""`
}

// Help is the rest of what --help shows.
func (*drillSwitchCmd) Help() string {
	return `Has the server note which node answers for its store, and writes to a made-up person's record without a pause. Meanwhile you make another node take over. Once it answers and a hundred writes more were taken, the record is read back, and the server notes what came of it: one that lost nothing discharges the clock. The key must be bound to the tenant and to _org, with the scopes data, subjects and duties, and the purposes of the policy.

The exit status is 0 if another node took over and nothing was lost, 1 if something was, 3 if it could not be tried or no other node took over in time. docs/assurance.md tells more.`
}

// switched is the outcome.
type switched struct {
	Held bool `json:"held"`
	api.SwitchOver
}

// more is how many writes are made once another node answers.
const more = 100

// Run has the drill.
func (c *drillSwitchCmd) Run(e *env) error {
	pol, err := readPolicy(e, c.Drilling.Policy)
	if err != nil {
		return err
	}
	sys, err := c.Drilling.system(e, pol, c.Tenant)
	if err != nil {
		return err
	}
	at, err := c.Drilling.Remote.client(c.Drilling.URL)
	if err != nil {
		return err
	}
	begun, err := at.BeginSwitchOver(e.Context, db.Organisation, c.Reference)
	if err != nil {
		return err
	}
	if !c.Drilling.JSON {
		e.printf("Writing to %s. Make another node take over now: %s answers.\n", c.Drilling.URL, begun.From)
	}
	ctx, cancel := context.WithTimeout(e.Context, c.Within)
	defer cancel()
	out, err := c.drive(ctx, e, sys, at, begun.ID)
	if err != nil {
		return err
	}
	out.show(e, c.Drilling.JSON)
	if !out.Held {
		return notKept
	}
	return nil
}

// drive writes until another node has answered for a while, and tells the server what came of it.
func (c *drillSwitchCmd) drive(ctx context.Context, e *env, sys *control.System, at *client.Client, id string) (out switched, err error) {
	var until int64 // so many writes; 0: none answered after a pause yet
	load, err := control.SwitchLoad(ctx, sys, func(l control.Load) bool {
		if until == 0 && l.Pause > 0 && l.Acknowledged%50 == 0 {
			if now, err := at.SwitchOver(ctx, db.Organisation, id); err == nil && now.Now != now.From {
				until = l.Acknowledged + more
			}
		}
		return until > 0 && l.Acknowledged >= until
	})
	if ctx.Err() != nil && e.Context.Err() == nil {
		return out, fault.New("clause.drill", fault.Unavailable, "no other node took over within %s", c.Within).WithHint("--within takes longer; the drill stays begun, and another can be")
	}
	if err != nil {
		return out, fault.New("clause.drill", fault.Unavailable, "the server could not be written to: %v", err)
	}
	done, err := at.FinishSwitchOver(e.Context, db.Organisation, id, api.SwitchOverResult{Acknowledged: load.Acknowledged, Lost: load.Lost, Pause: load.Pause.Milliseconds()})
	return switched{done.Lost == 0, done}, err
}

func (s *switched) show(e *env, asJSON bool) {
	if asJSON {
		_ = printJSON(e, s) // standard output is all there is to tell
		return
	}
	e.printf("  from            %s\n  to              %s\n  writes          %d acknowledged, %d lost\n  nobody answered %s at the longest\n",
		s.From, s.To, s.Acknowledged, s.Lost, time.Duration(s.Pause)*time.Millisecond)
	if s.Held {
		e.printf("\n%s\n", e.paint(good, "Another node took over, and nothing that was acknowledged is lost."))
		return
	}
	e.printf("\n%s\n", e.paint(bad, "Writes that were acknowledged are lost."))
}
