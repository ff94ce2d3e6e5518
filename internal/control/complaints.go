package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// Complaints keeps clauses that say where people can complain: GDPR art. 13(2)(d) and 77.
type Complaints struct {
	Authority string `param:"authority,optional" doc:"the authority that hears complaints"`
}

// Check finds nothing: which authority it is stands in the organisation's part, and may stand in the text alone.
func (c *Complaints) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the public pages name the authority.
func (c *Complaints) Plan(*Plan) {}

// Probe reads the public pages as a person who wants to complain does: they must name the authority and lead to it.
func (c *Complaints) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	at := s.Policy.Organisation.Authority
	switch {
	case at.Name == "" || at.URL == "":
		t.hurdle("the policy does not say who hears complaints and where: it needs organisation.authority, with name and url.")
		return t.finding("")
	case c.Authority != "" && oneLine(c.Authority) != oneLine(at.Name):
		t.breach("The clause says that %s hears complaints, the policy's own page that %s does.", c.Authority, at.Name)
		return t.finding("")
	}
	if !s.clausesShown(ctx, t) { // a door that says nothing at all proves nothing
		return t.finding("")
	}
	c.lead(ctx, t, s, "/", at)
	for _, lang := range editions() {
		if page, same := s.asPublished(ctx, t, "/statement", "statement.html", lang); same {
			leads(t, "The statement ("+lang+")", page, at)
		}
	}
	return t.finding("The public page and the statement name " + at.Name + " and lead there.")
}

func (c *Complaints) lead(ctx context.Context, t *trial, s *System, path string, at policy.Authority) {
	a, err := s.door("").do(ctx, call{method: "GET", path: path})
	if t.mustShow("reading the public page", a, err) {
		leads(t, "The public page", a.body, at)
	}
}

// leads notes whether a page names the authority in a link to it.
func leads(t *trial, what string, page []byte, at policy.Authority) {
	if links(page, at.URL, at.Name) {
		t.good("%s leads to %s.", what, at.Name)
		return
	}
	t.breach("%s does not say where to complain: there is no link to %s.", what, at.Name)
}
