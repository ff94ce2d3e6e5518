package control

import (
	"context"
	"encoding/json"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// Derived keeps clauses that sum others up: it is as kept as the worst of them, at every moment.
type Derived struct {
	Clauses Clauses `param:"clauses" doc:"the clauses that must all be kept"`
}

// Check finds a clause that would rest on itself.
func (c *Derived) Check(p *policy.Policy) error {
	if len(c.Clauses) == 0 {
		return problem("derived", "clauses", "it rests on no clause, and so would prove nothing")
	}
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			on, _ := keep.Params["clauses"].([]string)
			if keep.Control == "derived" && slices.Equal(on, c.Clauses) && rests(p, clause.ID, on, nil) {
				return problem("derived", "clauses", "clause %s rests on itself", clause.ID).WithHint("take it, or what rests on it, out of the list")
			}
		}
	}
	return nil
}

// rests reports whether some of the clauses is the one of the id, or rests on it.
func rests(p *policy.Policy, id string, clauses, seen []string) bool {
	for _, on := range clauses {
		if on == id {
			return true
		}
		if slices.Contains(seen, on) {
			continue
		}
		clause, ok := p.Clause(on)
		if ok && rests(p, id, restsOn(clause), append(seen, on)) {
			return true
		}
	}
	return false
}

// restsOn returns the clauses that a clause is derived from.
func restsOn(c *policy.Clause) (clauses []string) {
	for _, keep := range c.Keep {
		if on, ok := keep.Params["clauses"].([]string); ok && keep.Control == "derived" {
			clauses = append(clauses, on...)
		}
	}
	return clauses
}

// Plan asks for nothing: those it rests on do.
func (c *Derived) Plan(*Plan) {}

// From returns the clauses whose state it has.
func (c *Derived) From() []string { return c.Clauses }

// Probe looks at the public page: it may say of the clause no more than of those it rests on.
func (c *Derived) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	a, err := s.door("").do(ctx, call{method: "GET", path: "/trust.json"})
	var page struct{ Clauses []api.ClauseStatus }
	if !t.mustShow("reading the public page", a, err) {
		return t.finding("")
	}
	if err := json.Unmarshal(a.body, &page); err != nil {
		t.hurdle("the public page cannot be read.")
		return t.finding("")
	}
	state := map[string]string{}
	for _, clause := range page.Clauses {
		state[clause.Clause] = clause.State
	}
	for _, clause := range s.Policy.Clauses {
		if slices.Equal(restsOn(&clause), c.Clauses) {
			c.compare(t, clause.ID, state)
		}
	}
	return t.finding("The public page says of it no more than of the clauses it rests on.")
}

// compare compares what is said of the clause with what is said of those it rests on.
func (c *Derived) compare(t *trial, clause string, state map[string]string) {
	worst := api.StateKept
	for _, on := range c.Clauses {
		if state[on] == "" {
			t.hurdle("the public page does not show clause %s.", on)
			return
		}
		if rank(state[on]) > rank(worst) {
			worst = state[on]
		}
	}
	if rank(state[clause]) < rank(worst) {
		t.breach("The public page says that %s is %s, though it rests on a clause that is %s.", clause, state[clause], worst)
		return
	}
	t.good("%s is shown as %s; the worst of those it rests on is %s.", clause, state[clause], worst)
}

// rank orders states from the best to the worst. A statement promises nothing, and breaks nothing.
func rank(state string) int {
	if state == api.StateStated {
		state = api.StateKept
	}
	return slices.Index([]string{api.StateKept, api.StateAttested, api.StateAtRisk, api.StateUnkept, api.StateBroken}, state)
}
