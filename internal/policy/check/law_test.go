package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
	"clause.dev/clause/internal/policy/law"
)

// lawPolicy is a policy of one clause, under the laws named.
func lawPolicy(t *testing.T, laws, text string) *policy.Policy {
	t.Helper()
	known := map[string]string{
		"gdpr":  "  gdpr: {title: GDPR, citation: Regulation (EU) 2016/679}\n",
		"pdpl":  "  pdpl: {title: UAE PDPL, citation: Federal Decree-Law No. 45 of 2021}\n",
		"dpdp":  "  dpdp: {title: DPDP Act, citation: \"Digital Personal Data Protection Act, 2023\"}\n",
		"saudi": "  saudi: {title: Saudi PDPL, citation: Royal Decree M/19}\n",
	}
	named := ""
	for id := range strings.FieldsSeq(laws) {
		named += known[id]
	}
	if named != "" {
		named = "laws:\n" + named
	}
	src := fmt.Sprintf(`version: "1"
organisation: {name: A, role: controller, contact: a@a.example}
%sregions: {home: {provider: A, place: B, country: DE}}
environments: [production]
backups: {epoch: 7d, horizon: 21d}
data: {person: {title: You, category: identity, fields: {name: text}}}
purposes: {account: {title: Account, basis: contract, may: [read], sees: {person: all}}}
clauses:
  - id: c
    section: S
    text: >
      %s
`, named, strings.ReplaceAll(text, "\n", "\n      "))
	p, err := policy.Parse("p.yaml", []byte(src), control.Catalogue())
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return p
}

var someDay = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func translation(language, text string) policy.Translation {
	return policy.Translation{Language: language, Section: "S", Text: text}
}

// cited runs the rules about citations over one clause.
func cited(t *testing.T, laws, text string) (got []check.Finding) {
	t.Helper()
	for _, f := range check.Run(lawPolicy(t, laws, text), control.Catalogue(), someDay) {
		switch f.Code {
		case "wrong-citation", "unknown-citation", "missing-citation", "undeclared-law":
			got = append(got, f)
		}
	}
	return got
}

// TestEverythingAskedForHasARule: what a law's file asks of policies is checked, and each finding says
// in which article it is asked.
func TestEverythingAskedForHasARule(t *testing.T) {
	rests := map[string]string{"law-asks-for-withdrawal": "irrevocable-consent finds it"}
	for _, r := range check.Rules() {
		rests[r.Code] = r.RestsOn
	}
	for _, l := range law.All() {
		for _, c := range l.Contents {
			switch on := rests["law-asks-for-"+c.Thing]; {
			case on == "":
				t.Errorf("no rule asks for %s, which %s does", c.Thing, l.Cite(c.Article))
			case c.Thing != "withdrawal" && !strings.Contains(on, l.Cite(c.Article)):
				t.Errorf("the rule about %s does not rest on %s", c.Thing, l.Cite(c.Article))
			}
		}
	}
}

// TestAPolicyThatTellsNothingIsToldAll: under each law, a bare policy lacks what the law asks for, and
// under none it lacks nothing.
func TestAPolicyThatTellsNothingIsToldAll(t *testing.T) {
	for laws, want := range map[string]string{
		"":     "",
		"gdpr": "access complaint consequences erasure portability recipients rectification restriction retention",
		"pdpl": "breach complaint erasure recipients rectification restriction retention",
		"dpdp": "access complaint erasure grievance nomination rectification",
	} {
		var got []string
		for _, f := range check.Run(lawPolicy(t, laws, "We care."), control.Catalogue(), someDay) {
			if thing, ok := strings.CutPrefix(f.Code, "law-asks-for-"); ok {
				got = append(got, thing)
				if f.Pos.Line == 0 || f.Excerpt == "" || len(f.About) == 0 {
					t.Errorf("%+v", f)
				}
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("under %q: %v, want %s", laws, got, want)
		}
	}
}

// TestTwoLawsAskOnce: what two laws ask for is told once, resting on both.
func TestTwoLawsAskOnce(t *testing.T) {
	n := 0
	for _, f := range check.Run(lawPolicy(t, "gdpr pdpl", "We care."), control.Catalogue(), someDay) {
		if f.Code == "law-asks-for-erasure" {
			if n++; !strings.Contains(f.RestsOn, "GDPR art. 13(2)(b)") || !strings.Contains(f.RestsOn, "PDPL art. 13(1)(f), on request") {
				t.Errorf("rests on %s", f.RestsOn)
			}
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestALawNotYetInForceSaysSo: India's Rules begin in 2027.
func TestALawNotYetInForceSaysSo(t *testing.T) {
	p := lawPolicy(t, "dpdp", "We answer a grievance in 120 days.")
	p.Clauses[0].Keep = []policy.Keep{{Control: "clock", Params: policy.Params{"duty": "grievances", "within": policy.Term{Form: policy.Within, Count: 120, Unit: policy.Day}}, Pos: p.Clauses[0].Pos}}
	for year, want := range map[int]bool{2026: true, 2028: false} {
		for _, f := range check.Run(p, control.Catalogue(), time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)) {
			if f.Code == "deadline-laxer-than-law" && strings.Contains(f.RestsOn, "in force from") != want {
				t.Errorf("in %d: %s", year, f.RestsOn)
			}
		}
	}
}

// many is a policy of a thousand clauses, a third of which cite a law.
func many(t testing.TB) *policy.Policy {
	var src strings.Builder
	src.WriteString(`version: "1"
organisation: {name: A, role: controller, contact: a@a.example}
laws:
  gdpr: {title: GDPR, citation: Regulation (EU) 2016/679}
  pdpl: {title: UAE PDPL, citation: Federal Decree-Law No. 45 of 2021}
regions: {home: {provider: A, place: B, country: DE}}
environments: [production]
backups: {epoch: 7d, horizon: 21d}
data: {person: {title: You, category: identity, fields: {name: text}}}
purposes: {account: {title: Account, basis: contract, may: [read], sees: {person: all}}}
clauses:
`)
	for i := range 1000 {
		text := "Everything between you and us travels encrypted and is kept for the time that the contract needs, no longer and nowhere else."
		if i%3 == 0 {
			text = "You can have your data corrected (article 16 of the GDPR), erased (article 17 of the GDPR) and taken elsewhere (article 20), and we answer within 30 days."
		}
		fmt.Fprintf(&src, "  - id: c%d\n    section: S\n    text: >\n      %s\n      We tell you by email at least 30 days before anything changes, on the page and in the app.\n", i, text)
	}
	p, err := policy.Parse("p.yaml", []byte(src.String()), control.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func BenchmarkLawRules(b *testing.B) {
	p := many(b)
	for b.Loop() {
		check.Run(p, control.Catalogue(), someDay)
	}
}
