package main

import (
	"context"
	"strings"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// drillCmd holds the drills: what one hopes never to need, or seldom sees, done from end to end with made-up people.
type drillCmd struct {
	Breach   drillBreachCmd   `cmd:"" help:"Have a breach of made-up people, from suspicion to lessons, and see whether every promise about it holds."`
	Request  drillRequestCmd  `cmd:"" help:"Have a made-up person use every right that the policy promises, and see whether each is answered and felt."`
	Switch   drillSwitchCmd   `cmd:"" name:"switch-over" help:"Write to the server while the store's second node takes over, and see whether anything is lost."`
	OffBoard drillOffBoardCmd `cmd:"" name:"offboard" help:"Have a made-up customer leave, and see whether nothing of it is left and a certificate says so."`
}

// drilling is what every drill is told.
type drilling struct {
	URL    string `arg:"" optional:"" default:"https://127.0.0.1:8443" env:"CLAUSE_URL" help:"The server's address. Default: ${default}."`
	Policy string `default:"policy.yaml" env:"CLAUSE_POLICY" placeholder:"FILE" help:"The policy that the server keeps. Default: ${default}."`
	Remote remote `embed:""`
	JSON   bool   `help:"Print what was seen as JSON."`
}

const drillStatus = "\n\nThe exit status is 0 if all held, 1 if something did not, 3 if something could not be tried."

// drillBreachCmd has a breach of made-up people at a server.
type drillBreachCmd struct {
	Tenant   string   `required:"" placeholder:"ID" help:"The tenant in which two people are made up, and erased again."`
	Drilling drilling `embed:""`
}

// Help is the rest of what --help shows.
func (*drillBreachCmd) Help() string {
	return `Makes two people in the tenant and reads one of them; then suspects a breach, becomes aware of it, assesses it, fills in the form for the authority, notes its receipt, tells the people concerned, closes the incident, and removes all of it again. Nobody real is found or told: a drill names its people. The key needs the scopes data, subjects, duties and audit, and the purposes of the policy.` + drillStatus
}

// Run has the drill.
func (c *drillBreachCmd) Run(e *env) error {
	return c.Drilling.run(e, drillKind{
		tenant: c.Tenant, within: drillWithin, about: "a breach", hint: "bind a clause to breach-notice", end: "The drill was removed again.",
		probe: func(ctx context.Context, promise control.Control, sys *control.System) (control.Finding, bool) {
			if _, ok := promise.(*control.BreachNotice); !ok {
				return control.Finding{}, false
			}
			return promise.Probe(ctx, sys), true
		},
	})
}

// drillRequestCmd has a made-up person use their rights at a server.
type drillRequestCmd struct {
	Tenant   string   `required:"" placeholder:"ID" help:"The tenant in which two people are made up, and erased again."`
	Drilling drilling `embed:""`
}

// Help is the rest of what --help shows.
func (*drillRequestCmd) Help() string {
	return `Makes two people in the tenant, with data of every kind, and has one of them use each right that the policy's clauses name: asked for, answered, and felt by the next access. The package of their data is fetched by its link, opened, and must hold everything of theirs and nothing of the other's; the days that each request may take are counted again. Both are erased at the end. The key needs the scopes data, subjects, rights and audit, and the purposes of the policy.` + drillStatus
}

// Run has the drill.
func (c *drillRequestCmd) Run(e *env) error {
	return c.Drilling.run(e, drillKind{
		tenant: c.Tenant, within: drillWithin, about: "people's rights", hint: "bind a clause to data-subject-rights", end: "The people of the drill are erased.",
		probe: func(ctx context.Context, promise control.Control, sys *control.System) (control.Finding, bool) {
			if _, ok := promise.(*control.DataSubjectRights); !ok {
				return control.Finding{}, false
			}
			return promise.Probe(ctx, sys), true
		},
	})
}

// drillKind is what one drill has of its own.
type drillKind struct {
	tenant           string // "": it needs none that is there
	within           time.Duration
	about, hint, end string
	// probe has the drill of a promise; false if the promise is about something else.
	probe func(context.Context, control.Control, *control.System) (control.Finding, bool)
}

// drilled is the outcome of a drill.
type drilled struct {
	Held    bool         `json:"held"`
	Server  string       `json:"server"`
	Tenant  string       `json:"tenant,omitempty"`
	Clauses []drillFound `json:"clauses"`
}

// drillFound is what was seen of one clause.
type drillFound struct {
	Clause  string          `json:"clause"`
	Outcome control.Outcome `json:"outcome"`
	Summary string          `json:"summary"`
	Facts   []string        `json:"facts"`
}

// drillWithin bounds a drill: with it a hanging server is no reason to hang.
const drillWithin = 5 * time.Minute

// run has the drill of each clause that promises something about it.
func (c *drilling) run(e *env, kind drillKind) error {
	pol, err := readPolicy(e, c.Policy)
	if err != nil {
		return err
	}
	sys, err := c.system(e, pol, kind.tenant)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(e.Context, kind.within)
	defer cancel()
	out := drilled{Held: true, Server: c.URL, Tenant: kind.tenant, Clauses: []drillFound{}}
	able := true
	for _, clause := range pol.Clauses {
		for _, keep := range clause.Keep {
			promise, _, err := control.Of(keep)
			if err != nil {
				continue
			}
			f, ok := kind.probe(ctx, promise, sys)
			if !ok {
				continue
			}
			out.Clauses = append(out.Clauses, drillFound{clause.ID, f.Outcome, f.Summary, f.Facts})
			out.Held, able = out.Held && f.Outcome == control.Kept, able && f.Outcome != control.Unable
		}
	}
	if len(out.Clauses) == 0 {
		return fault.New("clause.drill", fault.Invalid, "the policy promises nothing about %s", kind.about).WithHint("%s", kind.hint)
	}
	if c.JSON {
		err = printJSON(e, out)
	} else {
		out.show(e, &kind)
	}
	switch {
	case err != nil || out.Held:
		return err
	case !able:
		return notNow
	}
	return notKept
}

// system is the server as a drill sees it: its front door, and the caller's own key, for whatever that may do.
func (c *drilling) system(e *env, pol *policy.Policy, tenant string) (*control.System, error) {
	if _, err := c.Remote.client(c.URL); err != nil { // says what is wrong with key and address
		return nil, err
	}
	asked := explainCmd{URL: c.URL, CA: c.Remote.CA}
	published, err := asked.published(e)
	if err != nil {
		return nil, err
	}
	if published.Digest != pol.Digest {
		return nil, fault.New("clause.drill", fault.Invalid, "the server keeps another policy than this file (version %s)", published.Version).WithHint("name the policy that it keeps: --policy")
	}
	through, err := c.Remote.http()
	if err != nil {
		return nil, err
	}
	key, err := c.Remote.key()
	if err != nil {
		return nil, err
	}
	return &control.System{
		URL: strings.TrimSuffix(c.URL, "/"), HTTP: through, Policy: pol, Now: e.Now,
		Canary: control.Canary{A: control.Tenant{ID: tenant, Key: key}, Auditor: key},
	}, nil
}

func (d *drilled) show(e *env, kind *drillKind) {
	for _, f := range d.Clauses {
		word, colour := map[control.Outcome]string{control.Kept: "held", control.Broken: "DID NOT HOLD"}[f.Outcome], good
		if f.Outcome != control.Kept {
			colour = bad
		}
		if word == "" {
			word = "not tried"
		}
		e.printf("%s %s\n", e.paint(strong, f.Clause), e.paint(colour, word))
		for _, fact := range f.Facts {
			e.printf("  %s %s\n", e.paint(faint, "·"), fact)
		}
		if f.Outcome != control.Kept {
			e.printf("  %s\n", f.Summary)
		}
	}
	if d.Held {
		e.printf("\n%s\n", e.paint(good, "All that is promised about "+kind.about+" holds. "+kind.end))
		return
	}
	e.printf("\n%s\n", e.paint(bad, "Not everything held."))
}
