package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
)

// Published keeps clauses that say what is published: GDPR art. 12 to 14.
type Published struct {
	What string `param:"what" doc:"what is published, such as controller and laws"`
}

// Check finds a clause that names nothing.
func (c *Published) Check(*policy.Policy) error {
	if strings.TrimSpace(c.What) == "" {
		return problem("published", "what", "it does not say what is published").WithHint("write for example: controller and laws")
	}
	return nil
}

// Plan asks for nothing: the server publishes what it runs.
func (c *Published) Plan(*Plan) {}

// Probe reads the public page and the statement: every clause, and everything the policy declares, must be
// there as the policy has it, and what the clause names must be among it.
func (c *Published) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	if !s.clausesShown(ctx, t) { // a door that says nothing at all proves nothing
		return t.finding("")
	}
	for _, lang := range editions() {
		page, same := s.asPublished(ctx, t, "/statement", "statement.html", lang)
		if same && lang == ownEdition(s.Policy) {
			c.read(t, s.Policy, wordsOf(page))
		}
	}
	return t.finding("What runs is what is published: every clause, and " + c.What + " with everything else the policy declares.")
}

// clausesShown compares the clauses of the public page with those of the policy, word by word. It is false
// if there is no such page.
func (s *System) clausesShown(ctx context.Context, t *trial) bool {
	a, err := s.door("").do(ctx, call{method: "GET", path: "/trust.json"})
	var page struct {
		Version string
		Digest  string `json:"policy_sha256"`
		Clauses []api.ClauseStatus
	}
	if !t.mustShow("reading the public page", a, err) {
		return false
	}
	if err := json.Unmarshal(a.body, &page); err != nil {
		t.hurdle("the public page cannot be read.")
		return false
	}
	if page.Digest != s.Policy.Digest || page.Version != s.Policy.Version {
		t.breach("The public page is of another policy than the one published.")
		return true
	}
	shown := map[string]string{}
	for _, clause := range page.Clauses {
		shown[clause.Clause] = clause.Text
	}
	for _, clause := range s.Policy.Clauses {
		if text, ok := shown[clause.ID]; !ok || oneLine(text) != oneLine(clause.Text) {
			t.breach("The public page does not show clause %s as the policy has it.", clause.ID)
		}
	}
	if len(t.breaches) == 0 {
		t.good("The public page shows each of the %d clauses word by word.", len(s.Policy.Clauses))
	}
	return true
}

// read looks for the facts of each part of the policy in the words of the statement. That they are those of
// the renderer is compared elsewhere: this does not trust it.
func (c *Published) read(t *trial, p *policy.Policy, text string) {
	var known []string
	for _, part := range parts() {
		facts := slices.DeleteFunc(part.facts(p), func(f string) bool { return f == "" })
		named := part.namedBy(c.What)
		if named {
			known = append(known, part.name)
		}
		switch missing := lacking(text, facts); {
		case len(missing) > 0:
			t.breach("The statement does not tell %s: %q is missing.", part.name, missing[0])
		case named && len(facts) == 0:
			t.breach("The clause says that %s is published, and the policy declares none.", part.name)
		case len(facts) > 0:
			t.good("The statement tells %s: %s found.", part.name, plural(len(facts), "fact"))
		}
	}
	if len(known) == 0 {
		t.note("What the clause calls %q is no part of a policy that this probe knows by name; all parts were looked at.", c.What)
	}
}

// part is one part of what a policy declares.
type part struct {
	name  string
	words []string // beginnings of the words by which a clause names it
	facts func(*policy.Policy) []string
}

// namedBy reports whether one of the part's words is in the clause's.
func (p part) namedBy(what string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(what), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }), func(word string) bool {
		return slices.ContainsFunc(p.words, func(begins string) bool { return strings.HasPrefix(word, begins) })
	})
}

// parts are the parts of a policy and what must be told of each.
func parts() []part {
	return []part{
		{"the clauses", []string{"clause", "promise"}, func(p *policy.Policy) []string {
			return each(p.Clauses, func(c policy.Clause) []string { return strings.Split(c.Text, "\n") })
		}},
		{"the organisation", []string{"controller", "processor", "company", "organisation"}, func(p *policy.Policy) []string {
			o := p.Organisation
			facts := []string{o.Name, o.Address, strings.TrimPrefix(o.Contact, "mailto:"), o.Officer.Name, o.Agent.Name}
			if ownEdition(p) == "en" {
				facts = append(facts, o.Role)
			}
			return facts
		}},
		{"the laws", []string{"law"}, func(p *policy.Policy) []string {
			return each(p.Laws, func(l policy.Law) []string { return []string{l.Title, l.Citation} })
		}},
		{"the data", []string{"data", "collect", "categor", "information"}, func(p *policy.Policy) []string {
			return each(p.Data, func(d policy.DataSet) []string {
				return append(each(d.Fields, func(f policy.Field) []string { return []string{f.Title} }), d.Title)
			})
		}},
		{"the purposes", []string{"why", "purpose", "use"}, func(p *policy.Policy) []string {
			return each(p.Purposes, func(u policy.Purpose) []string { return []string{u.Title} })
		}},
		{"the recipients", []string{"recipient", "who", "share"}, func(p *policy.Policy) []string {
			return each(p.Recipients, func(r policy.Recipient) []string { return []string{r.Name} })
		}},
		{"the places", []string{"where", "place", "region", "location"}, func(p *policy.Policy) []string {
			return each(p.Regions, func(r policy.Region) []string { return []string{r.Place, r.Provider} })
		}},
		{"the authority", []string{"authorit", "complain"}, func(p *policy.Policy) []string {
			return []string{p.Organisation.Authority.Name}
		}},
		{"the products", []string{"product"}, func(p *policy.Policy) []string {
			return each(p.Products, func(d policy.Product) []string { return []string{d.Title} })
		}},
		{"the rights", []string{"right", "correct", "erase", "access"}, func(p *policy.Policy) []string {
			return each(p.Clauses, func(c policy.Clause) []string {
				if slices.ContainsFunc(c.Keep, func(k policy.Keep) bool { return k.Control == "data-subject-rights" }) {
					return strings.Split(c.Text, "\n")
				}
				return nil
			})
		}},
		{"the documents", []string{"document"}, func(p *policy.Policy) []string {
			return each(p.Documents, func(d policy.Document) []string { return []string{d.Title} })
		}},
		{"the language models", []string{"model"}, func(p *policy.Policy) []string {
			return each(p.Models, func(m policy.Model) []string { return []string{m.Name} })
		}},
		{"the certificates", []string{"certificate", "attestation"}, func(p *policy.Policy) []string {
			return each(p.Attestations, func(a policy.Attestation) []string { return []string{a.Title, a.Issuer} })
		}},
	}
}

// each gathers what is said of each of all.
func each[T any](all []T, say func(T) []string) (out []string) {
	for _, one := range all {
		out = append(out, say(one)...)
	}
	return out
}
