package control

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// staffTrial is what is tried with made-up members of staff, in a canary tenant.
type staffTrial struct {
	*trial
	s      *System
	own    door // of the customer
	team   string
	remove []string // what is left behind, by its address
}

// hire is a made-up member.
type hire struct {
	door
	api.Member
}

// tryStaff runs fn, and removes whom it enrolled and what they were granted.
func (s *System) tryStaff(ctx context.Context, t *trial, fn func(*staffTrial)) {
	if s.Now == nil || s.Policy == nil || s.Canary.A.Key == "" {
		t.hurdle("there is no canary to try it on.")
		return
	}
	a := &staffTrial{trial: t, s: s, own: s.door(s.Canary.A.Key), team: "canary-" + token()[:16]}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
		defer cancel()
		for _, path := range slices.Backward(a.remove) {
			got, err := a.own.do(ctx, call{method: "DELETE", path: path})
			t.mustShow("removing a made-up member or grant", got, err)
		}
	}()
	fn(a)
}

func (a *staffTrial) path() string { return "/v1/tenants/" + a.s.Canary.A.ID }

// post makes a step that has to be a success, and reads what it answers.
func post[Out any](ctx context.Context, t *trial, what string, by door, path string, body any) (out Out, ok bool) {
	got, err := by.do(ctx, call{method: "POST", path: path, body: body})
	if !t.mustShow(what, got, err) {
		return out, false
	}
	if json.Unmarshal(got.body, &out) != nil {
		t.hurdle("%s was answered with something else.", what)
		return out, false
	}
	return out, true
}

// enrol makes a member of the trial's own team.
func (a *staffTrial) enrol(ctx context.Context, lapses *time.Time, roles ...string) (*hire, bool) {
	in := api.NewMember{Roles: append([]string{a.team}, roles...), ReviewBy: lapses}
	out, ok := post[api.EnrolledMember](ctx, a.trial, "enrolling a made-up member", a.own, a.path()+"/staff", in)
	if !ok || out.Member.ID == "" {
		return nil, false
	}
	a.remove = append(a.remove, a.path()+"/staff/"+out.Member.ID)
	return &hire{a.s.door(out.Key), out.Member}, true
}

// ask asks for a grant in a member's name, and returns its address.
func (a *staffTrial) ask(ctx context.Context, by *hire, purpose string, until time.Time) (api.Grant, string, bool) {
	g, ok := post[api.Grant](ctx, a.trial, "asking for a grant", by.door, a.path()+"/grants", a.wanted(purpose, until))
	if !ok || g.ID == "" {
		return g, "", false
	}
	at := a.path() + "/grants/" + g.ID
	a.remove = append(a.remove, at)
	return g, at, true
}

func (a *staffTrial) wanted(purpose string, until time.Time) api.NewGrant {
	return api.NewGrant{Purposes: []string{purpose}, Reason: "canary", Until: until.UTC()}
}

// step sends a step on a grant.
func step(ctx context.Context, by door, at, what string) (answer, error) {
	return by.do(ctx, call{method: "POST", path: at + "/" + what})
}

// approvers are the roles that approve, by the policy: one who has all of them may.
func (a *staffTrial) approvers() (all []string) {
	for _, clause := range a.s.Policy.Clauses {
		for _, keep := range clause.Keep {
			c, _, err := Of(keep)
			if by, ok := c.(*AccessApproval); ok && err == nil {
				all = append(all, by.By...)
			}
		}
	}
	return all
}

// give has a grant live: whoever has to agree does.
func (a *staffTrial) give(ctx context.Context, holder, approver *hire, purpose string, until time.Time) (at string, ok bool) {
	_, at, ok = a.ask(ctx, holder, purpose, until)
	if !ok {
		return at, false
	}
	got, err := step(ctx, a.own, at, "allow")
	if !a.mustShow("allowing a grant", got, err) {
		return at, false
	}
	if g := a.grant(ctx, at); g.State == "live" {
		return at, true
	}
	got, err = step(ctx, approver.door, at, "approve")
	return at, a.mustShow("approving a grant", got, err)
}

// grant is a grant as the customer sees it.
func (a *staffTrial) grant(ctx context.Context, at string) (g api.Grant) {
	got, err := a.own.do(ctx, call{method: "GET", path: at})
	if a.mustShow("looking at a grant", got, err) && json.Unmarshal(got.body, &g) != nil {
		a.hurdle("a grant was answered with something else.")
	}
	return g
}

// sight is data of a canary person that a purpose shows.
type staffSight struct {
	*staffTrial
	p       *person
	k       kept
	purpose string
}

// data runs fn with data that can be seen for some purpose.
func (a *staffTrial) data(ctx context.Context, fn func(*staffSight)) {
	a.s.with(ctx, a.trial, a.s.Canary.A, func(p *person) {
		for _, k := range p.fillAndShow(ctx, a.trial, dataSets(p.policy, func(*policy.DataSet) bool { return true })) {
			for _, purpose := range readers(p.policy, k.set.ID) {
				if p.ready(ctx, purpose) == nil {
					fn(&staffSight{a, p, k, purpose.ID})
					return
				}
			}
		}
		a.hurdle("no purpose may read anything: there is nothing to grant.")
	})
}

// read reads the data as a member.
func (x *staffSight) read(ctx context.Context, by *hire) (answer, error) {
	return x.readFor(ctx, by, x.purpose)
}

func (x *staffSight) readFor(ctx context.Context, by *hire, purpose string) (answer, error) {
	as := *x.p
	as.door = by.door
	return as.read(ctx, purpose, x.k.set.ID, x.k.id)
}
