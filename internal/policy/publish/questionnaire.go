package publish

import (
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// questions is tables/questionnaire.json.
type questions struct {
	Sections []questionSection
	Phrases  map[string]map[string]phrase // by language
}

type questionSection struct {
	ID, EN, AR string
	Fields     []question
}

// question is one field of the questionnaire, and where a policy answers it.
type question struct {
	ID, EN, AR string
	Fact       string         // something the policy declares, see [questionnaire.fact]
	Standards  []string       // attestations whose standard or title holds one of these
	Documents  []string       // documents whose title holds one of these
	Controls   []string       // clauses that one of these controls keeps
	Params     map[string]any // a parameter the control must have, or hold
	Answer     string         // the phrase that such a clause means, where its text is no answer yet
}

// questionnaire answers the questions from a policy.
type questionnaire struct {
	*register
	asked   questions
	phrases *tongue
}

// said is part of an answer, and where the policy says it.
type said struct {
	words  words
	source string
}

func newQuestionnaire(r *register) (*questionnaire, error) {
	q := &questionnaire{register: r}
	if err := readTable("questionnaire.json", &q.asked); err != nil {
		return nil, err
	}
	own := *r.tongue
	own.phrases = q.asked.Phrases[r.lang]
	q.phrases = &own
	return q, nil
}

// in returns the English or the Arabic of a text.
func (q *questionnaire) either(en, ar string) words {
	if sameLanguage(q.lang, "ar") {
		return text(ar)
	}
	return text(en)
}

// answer gathers all that the policy says to a question, nothing where it says nothing.
func (q *questionnaire) answer(f question) []said {
	all := q.fact(f.Fact)
	for _, a := range q.Attestations {
		if names(f.Standards, a.Standard+" "+a.Title) {
			all = append(all, said{q.attested(a), "attestations." + a.ID})
		}
	}
	for _, d := range q.Documents {
		if names(f.Documents, d.Title) {
			all = append(all, said{text(d.Title + ": ").join(address(d.URL)), "documents." + d.ID})
		}
	}
	var seen []string
	for _, b := range q.keeping(f.Controls...) {
		if !holds(b.keep.Params, f.Params) || slices.Contains(seen, b.clause.ID) {
			continue
		}
		seen = append(seen, b.clause.ID)
		clause := q.words(b.clause)
		words := q.writer.in(clause.lang, oneLine(clause.text))
		if f.Answer != "" {
			words = q.phrases.say(f.Answer).with(". ").join(words)
		}
		all = append(all, said{words, clauseSource(b.clause)})
	}
	return all
}

// join puts words behind others.
func (w words) join(more words) words { return append(w[:len(w):len(w)], more...) }

// names reports whether a text names one of the terms.
func names(terms []string, s string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc(terms, func(t string) bool { return strings.Contains(s, t) })
}

// holds reports whether parameters are as wanted: the same value, or a list with it.
func holds(params policy.Params, want map[string]any) bool {
	for name, value := range want {
		list, _ := params[name].([]string)
		element, _ := value.(string)
		if params[name] != any(nil) && list == nil && params[name] == value || element != "" && slices.Contains(list, element) {
			continue
		}
		return false
	}
	return true
}

// attested says what an attestation is, and whether it still holds on the day of publishing.
func (q *questionnaire) attested(a policy.Attestation) words {
	out := q.phrases.say("issued", slots{
		"title": q.own(a.Title), "standard": name(a.Standard), "issuer": q.own(a.Issuer), "day": q.date(a.Issued),
	})
	if a.Expires.IsZero() {
		return out
	}
	key := "until"
	if q.options.On.After(a.Expires.Add(24*time.Hour - 1)) {
		key = "expired"
	}
	return out.with(q.comma()).join(q.phrases.say(key, slots{"day": q.date(a.Expires)}))
}
