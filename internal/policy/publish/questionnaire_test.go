package publish_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// questionnaireFields are the fields that the listings of marketplaces show, in their order.
var questionnaireFields = []string{
	"developer-name", "headquarters", "terms-of-service",
	"data-retention-policy", "data-archiving-and-removal-policy", "data-storage-policy", "data-center-locations",
	"data-hosting-details", "data-hosting-company", "has-sub-processors", "sub-processor-guidelines",
	"uses-language-models", "language-models", "language-model-retention", "language-model-tenancy", "language-model-residency",
	"soc", "iso-27001", "iso-27017", "iso-27018", "fedramp", "csa-star", "coppa", "hipaa", "gdpr-commitment",
	"penetration-test", "data-deletion-requests",
	"single-sign-on", "saml", "security-team", "bug-bounty", "vulnerability-disclosure", "third-party-authentication",
	"third-party-services", "security-contact",
}

type questionnaireDoc struct {
	Sections []struct {
		ID, Title string
		Fields    []questionnaireField
	}
}

type questionnaireField struct {
	ID, Question string
	Stated       bool
	Answers      []struct{ Text, Source string }
}

func (f questionnaireField) text() string {
	var all []string
	for _, a := range f.Answers {
		all = append(all, a.Text)
	}
	return strings.Join(all, "\n")
}

// asked publishes the questionnaire and returns its fields by id, and the ids in order.
func asked(t testing.TB, p *policy.Policy, lang string, on time.Time) (map[string]questionnaireField, []string) {
	t.Helper()
	o := options(lang)
	o.On = on
	f, err := publish.One(p, "questionnaire.json", o)
	if err != nil {
		t.Fatal(err)
	}
	var doc questionnaireDoc
	decode(t, string(f.Bytes), &doc)
	fields, order := map[string]questionnaireField{}, []string(nil)
	for _, s := range doc.Sections {
		for _, f := range s.Fields {
			fields[f.ID], order = f, append(order, f.ID)
		}
	}
	return fields, order
}

func TestTheQuestionnaireAsksEverything(t *testing.T) {
	for folder, p := range policies(t) {
		for _, lang := range []string{"en", "ar"} {
			fields, order := asked(t, p, lang, published)
			if !slices.Equal(order, questionnaireFields) {
				t.Errorf("%s: it asks %q", folder, order)
			}
			for id, f := range fields {
				if f.Question == "" || f.Stated != (len(f.Answers) > 0) {
					t.Errorf("%s: %s is asked as %q and stated: %t", folder, id, f.Question, f.Stated)
				}
			}
		}
	}
}

// An answer comes from the policy or is none: its source is there, and a clause's text is the clause's.
func TestEveryAnswerNamesItsSource(t *testing.T) {
	for folder, p := range policies(t) {
		fields, _ := asked(t, p, "en", published)
		for id, f := range fields {
			for _, a := range f.Answers {
				if a.Text == "" || !inPolicy(p, a.Source, a.Text) {
					t.Errorf("%s: %s is answered %q, from %q", folder, id, a.Text, a.Source)
				}
			}
		}
	}
}

func inPolicy(p *policy.Policy, source, text string) bool {
	if id, ok := strings.CutPrefix(source, "clause "); ok {
		c, there := p.Clause(id)
		return there && (strings.Contains(text, strings.Join(strings.Fields(c.Text), " ")) || strings.Contains(strings.Join(strings.Fields(c.Text), " "), text))
	}
	part, id, _ := strings.Cut(source, ".")
	there := false
	switch part {
	case "organisation", "security", "backups", "models":
		return true
	case "data":
		_, there = p.DataSet(id)
	case "regions":
		_, there = p.Region(id)
	case "recipients":
		_, there = p.Recipient(id)
	case "attestations":
		there = slices.ContainsFunc(p.Attestations, func(a policy.Attestation) bool { return a.ID == id })
	case "documents":
		there = slices.ContainsFunc(p.Documents, func(d policy.Document) bool { return d.ID == id })
	}
	return there
}

func TestWhatThePolicyDoesNotSayIsNotStated(t *testing.T) {
	p := parse(t, small)
	fields, _ := asked(t, p, "en", published)
	stated := []string{
		"developer-name", "data-retention-policy", "data-archiving-and-removal-policy", "data-center-locations",
		"data-hosting-details", "data-hosting-company", "data-deletion-requests",
	}
	for id, f := range fields {
		if f.Stated != slices.Contains(stated, id) {
			t.Errorf("%s is answered %q", id, f.text())
		}
	}
	page := read(t, p, "en", "questionnaire.md")
	if got, want := strings.Count(page, "not stated"), len(fields)-len(stated); got != want {
		t.Errorf("%d answers are not stated, want %d", got, want)
	}
}

// The defects that the example policies are known for stay visible: both sides are shown, with sources.
func TestContradictionsAreShownNotHidden(t *testing.T) {
	clari, _ := asked(t, load(t, examples+"/clari/policy.yaml"), "en", published)
	for id, want := range map[string][]string{
		"has-sub-processors":       {"Yes", "Microsoft (Azure OpenAI)", "We have no sub-processors."},
		"data-center-locations":    {"East US (Virginia)", "United States"},
		"language-model-residency": {"Singapore", "Brazil"},
		"language-models":          {"GPT-4o", "Microsoft"},
	} {
		for _, w := range want {
			if !strings.Contains(clari[id].text(), w) {
				t.Errorf("%s is answered %q, without %q", id, clari[id].text(), w)
			}
		}
	}
	if strings.Contains(clari["data-center-locations"].text(), "Singapore") {
		t.Error("a model's region is called a data centre")
	}
}

func TestAnExpiredCertificateIsCalledExpired(t *testing.T) {
	clear := load(t, examples+"/clear/policy.yaml")
	expires := clear.Attestations[slices.IndexFunc(clear.Attestations, func(a policy.Attestation) bool { return a.ID == "iso-27001" })].Expires
	for day, want := range map[int]string{-1: "valid until", 0: "valid until", 1: "expired on"} {
		fields, _ := asked(t, clear, "en", expires.AddDate(0, 0, day))
		if got := fields["iso-27001"].text(); !strings.Contains(got, want+" "+expires.Format("2 January 2006")) {
			t.Errorf("%d days after it expired: %q", day, got)
		}
	}
}

func TestTheQuestionnaireIsTranslated(t *testing.T) {
	clesaro := load(t, examples+"/clesaro/policy.yaml")
	page := read(t, clesaro, "ar", "questionnaire.html")
	for _, want := range []string{`lang="ar" dir="rtl"`, "غير مذكور", "الاستبيان الأمني"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if strings.Contains(page, "not stated") || strings.Contains(page, "<script") {
		t.Error("the page holds what it should not")
	}
}
