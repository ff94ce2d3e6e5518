package control

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

// DisclosureNotice keeps clauses that say a new disclosure is announced, and can be opted out of. No data goes
// to whoever newly receives it before everybody was told and the time since is over, and never that of people
// who opted out.
type DisclosureNotice struct {
	Ahead  policy.Term `param:"ahead" doc:"how long before a new disclosure people are told"`
	OptOut bool        `param:"opt-out,optional" doc:"people can opt out"`
}

// Check finds times that nobody can count.
func (c *DisclosureNotice) Check(p *policy.Policy) error {
	return aheadProblem("disclosure-notice", c.Ahead, p)
}

// Plan has new disclosures announced, and refused until that is over.
func (c *DisclosureNotice) Plan(p *Plan) {
	p.Notices = append(p.Notices, Notice{Clause: p.clause, Control: "disclosure-notice", Ahead: c.Ahead, Channels: explicitly(p.policy), OptOut: c.OptOut})
	p.ground(decision.StepNotice)
	if c.OptOut {
		p.ground(decision.StepOptOut)
	}
}

// explicitly are the channels by which people are told in so many words.
func explicitly(p *policy.Policy) []notify.Channel {
	if p.Contacts.Email != "" {
		return []notify.Channel{notify.Email, notify.InApp}
	}
	return []notify.Channel{notify.InApp}
}

// Probe announces a made-up recipient to a canary, as a drill: nothing goes to it meanwhile, and the canary
// can opt out before it begins. Of the policy's own recipients a canary opts out, and another does not.
func (c *DisclosureNotice) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil || s.MayTakeEffect == nil || s.Store == nil || s.Canary.Admin == "" {
		t.hurdle("no change of the policy can be tried.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		own := p.fillAndShow(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true }))
		n := &nextVersion{
			t: t, s: s, admin: s.door(s.Canary.Admin), person: p, ahead: c.Ahead, channels: explicitly(s.Policy),
			mark: "canary-" + strings.ToLower(token()[:12]), draft: newRecipient(s.Policy),
		}
		n.during = func(ctx context.Context, v api.PolicyVersion) { c.announced(ctx, t, p, own, n.mark, v) }
		n.try(ctx)
		if c.OptOut {
			s.with(ctx, t, s.Canary.A, func(other *person) { c.optOuts(ctx, t, p, other, own) })
		}
	})
	kept := "Who newly receives data is announced " + c.Ahead.String() + " before, and gets nothing until then"
	if c.OptOut {
		kept += "; who opts out is left out"
	}
	return t.finding(kept + ".")
}

var (
	recipientsHead = regexp.MustCompile(`(?m)^recipients:[ \t]*(?:\{\})?[ \t]*\n(?:[ \t]*(?:#.*)?\n)*([ \t]*)`)
	disclosesTo    = regexp.MustCompile(`(?m)^([ \t]+recipients:[ \t]*\[)([^\]\n]*)\]`)
	listsAll       = regexp.MustCompile(`((?:no-disclosure|sub-processors):[ \t]*\{recipients:[ \t]*\[)([^\]\n]*)\]`)
)

// newRecipient writes one more recipient into a policy, to whom the purposes that disclose do as well.
func newRecipient(p *policy.Policy) func(source, id string) string {
	return func(source, id string) string {
		at := recipientsHead.FindStringSubmatch(source)
		if at == nil || len(p.Regions) == 0 {
			return ""
		}
		indent := at[1]
		if indent == "" {
			indent = "  "
		}
		source = recipientsHead.ReplaceAllStringFunc(source, func(found string) string {
			rest := strings.TrimSuffix(found[strings.Index(found, "\n")+1:], at[1])
			return "recipients:\n" + indent + id + ": {name: " + id + ", role: processor, region: " + p.Regions[0].ID + ", does: Nothing}\n" + rest + at[1]
		})
		more := func(head, rest string) string {
			if strings.TrimSpace(rest) == "" {
				return head + id + "]"
			}
			return head + id + ", " + rest + "]"
		}
		for _, list := range []*regexp.Regexp{disclosesTo, listsAll} {
			source = list.ReplaceAllStringFunc(source, func(found string) string {
				parts := list.FindStringSubmatch(found)
				return more(parts[1], parts[2])
			})
		}
		return source
	}
}

// announced looks what becomes of a recipient that is announced and not there yet.
func (c *DisclosureNotice) announced(ctx context.Context, t *trial, p *person, own []kept, recipient string, v api.PolicyVersion) {
	if !slices.Contains(v.Recipients, recipient) {
		t.breach("It is not told who newly receives data.")
		return
	}
	for _, k := range own {
		for i := range p.policy.Purposes {
			purpose := &p.policy.Purposes[i]
			if !may(purpose, policy.Disclose) || len(sight(purpose, k.set.ID)) == 0 {
				continue
			}
			if err := p.ready(ctx, purpose); err != nil {
				t.hurdle("%v", err)
				continue
			}
			a, err := p.disclose(ctx, k, purpose.ID, recipient)
			t.mustForbid("Disclosing "+k.set.ID+" for "+purpose.ID+" to somebody whose notice has not run", a, err)
		}
	}
	if !c.OptOut {
		return
	}
	a, err := p.optOut(ctx, recipient, true)
	if !t.mustShow("opting out of somebody announced", a, err) {
		return
	}
	if out, ok := p.optedOut(ctx, t); ok && !slices.Contains(out, recipient) {
		t.breach("Opting out of who is announced is not kept.")
	} else if ok {
		t.good("A person can opt out of who is announced before it begins.")
	}
}

// optOuts opts one of two out of each recipient.
func (c *DisclosureNotice) optOuts(ctx context.Context, t *trial, p, other *person, own []kept) {
	theirs := other.fillAndShow(ctx, t, dataSets(p.policy, func(*policy.DataSet) bool { return true }))
	for _, k := range own {
		at := slices.IndexFunc(theirs, func(o kept) bool { return o.set.ID == k.set.ID })
		if at < 0 {
			continue
		}
		for i := range p.policy.Purposes {
			purpose := &p.policy.Purposes[i]
			if !may(purpose, policy.Disclose) {
				continue
			}
			for _, recipient := range purpose.Recipients {
				c.optOutOf(ctx, t, p, other, k, theirs[at], purpose, recipient)
			}
		}
	}
}

func (c *DisclosureNotice) optOutOf(ctx context.Context, t *trial, p, other *person, own, theirs kept, purpose *policy.Purpose, recipient string) {
	for _, who := range []*person{p, other} {
		if err := who.ready(ctx, purpose); err != nil {
			t.hurdle("%v", err)
			return
		}
	}
	what := "Disclosing " + own.set.ID + " for " + purpose.ID + " to " + recipient
	if a, err := p.disclose(ctx, own, purpose.ID, recipient); err != nil || !a.ok() {
		t.note("%s was left out: it is refused as it is.", what)
		return
	}
	a, err := p.optOut(ctx, recipient, true)
	if !t.mustShow("opting out of "+recipient, a, err) {
		return
	}
	a, err = p.disclose(ctx, own, purpose.ID, recipient)
	t.mustForbid(what+" though the person opted out", a, err)
	if a, err = other.disclose(ctx, theirs, purpose.ID, recipient); t.mustShow(what+" of a person who did not opt out", a, err) {
		t.good("Who did not opt out of %s is not left out.", recipient)
	}
	a, err = p.optOut(ctx, recipient, false)
	t.mustShow("opting in to "+recipient+" again", a, err)
}

func (p *person) disclose(ctx context.Context, k kept, purpose, recipient string) (answer, error) {
	return p.do(ctx, call{method: "GET", path: p.path("data", k.set.ID, k.id), purpose: purpose, recipient: recipient})
}

func (p *person) optOut(ctx context.Context, recipient string, out bool) (answer, error) {
	return p.do(ctx, call{method: "PUT", path: p.path("opt-outs", recipient), body: api.OptOut{OptedOut: out}})
}

// optedOut are the recipients that the person opted out of.
func (p *person) optedOut(ctx context.Context, t *trial) (all []string, ok bool) {
	a, err := p.do(ctx, call{method: "GET", path: p.path("standing")})
	var st api.Standing
	if !t.mustShow("reading what a person has opted out of", a, err) || json.Unmarshal(a.body, &st) != nil {
		return nil, false
	}
	return st.OptOuts, true
}
