package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// Questionnaire keeps clauses that say a marketplace's security questionnaire is answered.
type Questionnaire struct{}

// Check finds nothing: there are no parameters.
func (c *Questionnaire) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: every answer is taken from the policy that runs.
func (c *Questionnaire) Plan(*Plan) {}

// Probe reads the published questionnaire: what must be answered is, and each answer says what the policy
// says at the place that it names.
func (c *Questionnaire) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	for _, lang := range editions() {
		body, same := s.asPublished(ctx, t, "/published/questionnaire.json", "questionnaire.json", lang)
		if !same || lang != ownEdition(s.Policy) {
			continue
		}
		var sheet sheet
		if err := json.Unmarshal(body, &sheet); err != nil {
			t.breach("The published questionnaire is not JSON.")
			continue
		}
		sheet.judge(t, s.Policy)
	}
	return t.finding("The published questionnaire is answered, each answer with what the policy says.")
}

// sheet is the questionnaire as it is published.
type sheet struct {
	Sections []struct {
		Fields []struct {
			ID, Question string
			Answers      []reply
		}
	}
}

// reply is an answer and the part of the policy that it comes from.
type reply struct{ Text, Source string }

// judge compares the answers with the policy.
func (q sheet) judge(t *trial, p *policy.Policy) {
	answers := map[string][]reply{}
	for _, section := range q.Sections {
		for _, f := range section.Fields {
			answers[f.ID] = f.Answers
			for _, a := range f.Answers {
				a.judge(t, f.ID, p)
			}
		}
	}
	for _, must := range mustAnswer(p) {
		all := ""
		for _, a := range answers[must.field] {
			all += " " + oneLine(a.Text)
		}
		missing := lacking(all, must.facts)
		switch {
		case all == "":
			t.breach("The question %s is not answered.", must.field)
		case len(missing) > 0:
			t.breach("The answer to %s does not say %q, which the policy does.", must.field, missing[0])
		default:
			t.good("%s is answered, by %s.", must.field, plural(len(answers[must.field]), "part")+" of the policy")
		}
	}
}

// judge looks whether an answer's source is there, and says what the answer does.
func (a reply) judge(t *trial, field string, p *policy.Policy) {
	kind, id, _ := strings.Cut(a.Source, " ")
	if kind != "clause" {
		return // what else there is to say, mustAnswer looks for
	}
	clause, ok := p.Clause(id)
	switch {
	case !ok:
		t.breach("The answer to %s rests on clause %s, which the policy does not have.", field, cut(id, 100))
	case !strings.Contains(oneLine(a.Text), oneLine(clause.Text)) && !lists(clause, a.Text):
		t.breach("The answer to %s is not what clause %s says.", field, id)
	}
}

// lists reports whether a text is one of a list that a clause's controls are given.
func lists(clause *policy.Clause, text string) bool {
	for _, k := range clause.Keep {
		for _, value := range k.Params {
			if all, ok := value.([]string); ok && slices.Contains(all, text) {
				return true
			}
		}
	}
	return false
}

// asked is a question that must be answered, and what the answer must hold.
type asked struct {
	field string
	facts []string
}

// mustAnswer are the questions that the marketplace asks: periods, archiving and removal, storage, places,
// hosting, sub-processors and, where there are any, language models.
func mustAnswer(p *policy.Policy) []asked {
	var regions []string
	for _, clause := range p.Clauses {
		for _, k := range clause.Keep {
			if ids, _ := k.Params["regions"].([]string); k.Control == "residency" {
				regions = append(regions, ids...)
			}
		}
	}
	places := each(p.Regions, func(r policy.Region) []string {
		if !slices.Contains(regions, r.ID) {
			return nil
		}
		return []string{r.Place}
	})
	hosts := each(p.Models, func(m policy.Model) []string { return []string{m.Recipient} })
	all := []asked{
		{"data-retention-policy", each(p.Data, func(d policy.DataSet) []string { return []string{d.Title} })},
		{"data-archiving-and-removal-policy", nil},
		{"data-storage-policy", nil},
		{"data-center-locations", places},
		{"data-hosting-details", places},
		{"data-hosting-company", nil},
		{"has-sub-processors", each(p.Recipients, func(r policy.Recipient) []string {
			if r.Role != "processor" && !slices.Contains(hosts, r.ID) {
				return nil
			}
			return []string{r.Name}
		})},
	}
	if len(p.Models) == 0 {
		return all
	}
	return append(all,
		asked{"uses-language-models", nil},
		asked{"language-models", each(p.Models, func(m policy.Model) []string { return []string{m.Name} })},
		asked{"language-model-retention", each(p.Models, func(m policy.Model) []string { return []string{m.Retention} })},
		asked{"language-model-tenancy", each(p.Models, func(m policy.Model) []string { return []string{m.Tenancy} })},
		asked{"language-model-residency", each(p.Models, func(m policy.Model) []string {
			return each(m.Regions, func(id string) []string {
				r, _ := p.Region(id)
				return []string{r.Place}
			})
		})},
	)
}
