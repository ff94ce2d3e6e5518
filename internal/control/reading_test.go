package control

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

func example(t *testing.T, name string) *policy.Policy {
	t.Helper()
	source, err := os.ReadFile("../../examples/" + name + "/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("policy.yaml", source, Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rendered(t *testing.T, p *policy.Policy, name string) []byte {
	t.Helper()
	f, err := publish.One(p, name, publish.Options{Language: ownEdition(p), On: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Controls: Catalogue()})
	if err != nil {
		t.Fatal(err)
	}
	return f.Bytes
}

// The probe of published does not trust the renderer: each fact that a statement does not hold is missed.
func TestEachFactOfTheStatementIsLookedFor(t *testing.T) {
	for _, name := range []string{"clarus", "clari", "clear", "clesaro"} {
		p := example(t, name)
		text := wordsOf(rendered(t, p, "statement.html"))
		whole := &trial{}
		(&Published{What: "data"}).read(whole, p, text)
		if len(whole.breaches) > 0 || len(whole.saw) < 5 {
			t.Errorf("%s: the whole statement lacks %q", name, whole.breaches)
		}
		for _, part := range parts() {
			for _, fact := range part.facts(p) {
				if fact == "" {
					continue
				}
				cut := &trial{}
				(&Published{What: "data"}).read(cut, p, strings.ReplaceAll(text, oneLine(fact), "…"))
				if len(cut.breaches) == 0 {
					t.Errorf("%s: without %q of %s nothing is missed", name, fact, part.name)
				}
			}
		}
	}
}

// What the clause says is published must be there.
func TestWhatIsNamedIsThere(t *testing.T) {
	p := example(t, "clesaro")
	p.Laws, p.Products = nil, nil
	text := wordsOf(rendered(t, p, "statement.html"))
	for what, breaks := range map[string]bool{
		"controller and laws": true, "our products": true, "controller": false, "what is collected, why, and how to correct it": false, "changes": false,
	} {
		seen := &trial{}
		(&Published{What: what}).read(seen, p, text)
		if (len(seen.breaches) > 0) != breaks {
			t.Errorf("%q: %q", what, seen.breaches)
		}
	}
}

// Each answer is compared with the policy, and not only with what the renderer makes of it.
func TestTheQuestionnaireIsComparedWithThePolicy(t *testing.T) {
	p := example(t, "clari")
	whole := rendered(t, p, "questionnaire.json")
	judged := func(change func(*sheet)) *trial {
		var q sheet
		if err := json.Unmarshal(whole, &q); err != nil {
			t.Fatal(err)
		}
		change(&q)
		seen := &trial{}
		q.judge(seen, p)
		return seen
	}
	var must, asked []string
	if seen := judged(func(q *sheet) {
		for _, s := range q.Sections {
			for _, f := range s.Fields {
				asked = append(asked, f.ID)
			}
		}
	}); len(seen.breaches) > 0 {
		t.Errorf("the whole one: %q", seen.breaches)
	}
	for _, m := range mustAnswer(p) {
		must = append(must, m.field)
	}
	if len(must) != 12 {
		t.Errorf("%d questions must be answered, not 12", len(must))
	}
	judged(func(q *sheet) {
		for i := range q.Sections {
			for j, f := range q.Sections[i].Fields {
				got := judged(func(q *sheet) { q.Sections[i].Fields[j].Answers = nil })
				if slices.Contains(must, f.ID) != (len(got.breaches) > 0) {
					t.Errorf("without an answer to %s: %q", f.ID, got.breaches)
				}
				for k, a := range f.Answers {
					if !strings.HasPrefix(a.Source, "clause ") {
						continue
					}
					if got := judged(func(q *sheet) { q.Sections[i].Fields[j].Answers[k].Text = "All is well." }); len(got.breaches) == 0 {
						t.Errorf("an answer to %s that is not its clause's is believed", f.ID)
					}
					if got := judged(func(q *sheet) { q.Sections[i].Fields[j].Answers[k].Source = "clause nowhere" }); len(got.breaches) == 0 {
						t.Errorf("an answer to %s from no clause is believed", f.ID)
					}
				}
			}
		}
	})
	for _, m := range must {
		if !slices.Contains(asked, m) {
			t.Errorf("%s is no question", m)
		}
	}
	// What is declared and not answered is missed: a data set, a processor, a model, a place.
	p.Data = append(p.Data, policy.DataSet{ID: "diary", Title: "Diary"})
	if got := judged(func(*sheet) {}); len(got.breaches) != 1 || !strings.Contains(got.breaches[0], `"Diary"`) {
		t.Errorf("a data set that no answer names: %q", got.breaches)
	}
}

// A provider of single sign-on is an answer from a clause that is no clause's text.
func TestAListedNameIsAnAnswer(t *testing.T) {
	p, seen := example(t, "clear"), &trial{}
	reply{Text: "Google Workspace", Source: "clause clear-sso"}.judge(seen, "single-sign-on", p)
	if len(seen.breaches) > 0 {
		t.Error(seen.breaches)
	}
	reply{Text: "Another", Source: "clause clear-sso"}.judge(seen, "single-sign-on", p)
	if len(seen.breaches) != 1 {
		t.Error("a provider that no clause lists is believed")
	}
}

// A link counts where its words name the authority and it leads there.
func TestLinks(t *testing.T) {
	for page, want := range map[string]bool{
		`<p>See <a href="https://o.example/a?b=1&amp;c=2" rel="noreferrer">The <b>Data</b> Office</a>.</p>`: true,
		`<a href="https://o.example/a?b=1&amp;c=2">Our team</a> The Data Office`:                            false,
		`<a href="https://o.example/other">The Data Office</a>`:                                             false,
		`The Data Office, https://o.example/a?b=1&amp;c=2`:                                                  false,
	} {
		if got := links([]byte(page), "https://o.example/a?b=1&c=2", "The Data Office"); got != want {
			t.Errorf("%s: %v", page, got)
		}
	}
}
