package law_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

// TestTheFilesAreSound: every law has its source, its articles are whole and in order, and whatever
// one file names of another is there.
func TestTheFilesAreSound(t *testing.T) {
	subjects := map[string]bool{}
	for _, s := range law.Subjects() {
		if subjects[s.Key] || s.Title == "" {
			t.Errorf("subject %q is there twice, or has no title", s.Key)
		}
		subjects[s.Key] = true
	}
	for _, l := range law.All() {
		if !strings.HasPrefix(l.Source.URL, "https://") || len(l.Source.Read) == 0 || l.Source.Note == "" || len(l.Territory) == 0 {
			t.Errorf("%s does not say where it is from", l.ID)
		}
		for _, day := range []string{l.InForce, l.Source.TextOf} {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				t.Errorf("%s: %v", l.ID, err)
			}
		}
		for i, a := range l.Articles {
			if a.Number != strconv.Itoa(i+1) || a.Title == "" || len(a.Subjects) == 0 && !a.General {
				t.Errorf("%s: article %d is %+v", l.ID, i+1, a)
			}
			all := slices.Concat(a.Subjects, a.Touches)
			for _, more := range a.Paragraphs {
				all = append(all, more...)
			}
			for _, s := range all {
				if !subjects[s] {
					t.Errorf("%s %s is about %q, which is no subject", l.ID, a.Number, s)
				}
			}
		}
		for i, c := range l.Chapters {
			if i > 0 && c.From != l.Chapters[i-1].To+1 || c.To < c.From {
				t.Errorf("%s: chapter %s does not follow the one before", l.ID, c.Number)
			}
		}
		for _, d := range l.Deadlines {
			article, _, _ := strings.Cut(d.Article, "(")
			if _, ok := l.Article(article); !ok || !subjects[d.Subject] || d.Says == "" {
				t.Errorf("%s: deadline %+v", l.ID, d)
			}
		}
		for _, c := range l.Contents {
			article, _, _ := strings.Cut(c.Article, "(")
			if _, ok := l.Article(article); !ok || c.Asks == "" || c.Role != "controller" && c.Role != "processor" {
				t.Errorf("%s: content %+v", l.ID, c)
			}
		}
	}
}

func TestOf(t *testing.T) {
	for citation, want := range map[string]string{
		"Regulation (EU) 2016/679":                            "gdpr",
		"General Data Protection Regulation (GDPR)":           "gdpr",
		"Regulation (EU) 2016/679 of the European Parliament": "gdpr",
		"gdpr":                              "gdpr",
		"Federal Decree-Law No. 45 of 2021": "uae-pdpl",
		"UAE Federal Decree-Law No. (45) of 2021 on Personal Data":             "uae-pdpl",
		"Federal Decree-Law 45/2021":                                           "uae-pdpl",
		"المرسوم بقانون اتحادي رقم 45 لسنة 2021":                               "uae-pdpl",
		"Digital Personal Data Protection Act, 2023":                           "dpdp-india",
		"The Digital Personal Data Protection Act 2023 (No. 22 of 2023)":       "dpdp-india",
		"Digital Personal Data Protection Rules, 2025":                         "dpdp-rules-india",
		"Digital Personal Data Protection Act, 2023, and the DPDP Rules, 2025": "dpdp-rules-india",
		"UK General Data Protection Regulation":                                "",
		"UK GDPR":                                                              "",
		"Personal Data Protection Law (PDPL), Royal Decree M/19":               "",
		"Federal Decree-Law No. 44 of 2021":                                    "",
		"California Consumer Privacy Act":                                      "",
		"":                                                                     "",
	} {
		l, ok := law.Of(citation)
		if ok != (want != "") || ok && l.ID != want {
			t.Errorf("%q is %v, want %q", citation, l, want)
		}
	}
}

// TestWhatTheLawsSay holds the figures and articles that everything rests on to the laws' texts.
func TestWhatTheLawsSay(t *testing.T) {
	term := func(s string) policy.Term { got, _ := policy.ParseTerm(s); return got }
	for _, c := range []struct{ law, subject, article, within, extend string }{
		{"GDPR", "answer", "12(3)", "1 month", "2 months"},
		{"GDPR", "breach-authority", "33(1)", "72 hours", ""},
		{"GDPR", "breach-people", "34(1)", "without undue delay", ""},
		{"DPDP Rules", "breach-authority", "7(2)", "72 hours", ""},
		{"DPDP Rules", "grievance", "14", "90 days", ""},
		{"UAE PDPL", "answer", "28", "", ""},
	} {
		l, _ := law.Of(c.law)
		d, ok := l.Deadline(c.subject)
		if !ok || d.Article != c.article || d.Within != term(c.within) || d.Extend != term(c.extend) || d.Confirmed == (c.within == "") {
			t.Errorf("%s on %s: %+v", c.law, c.subject, d)
		}
	}
	for _, c := range []struct{ law, subject, first string }{
		{"GDPR", "access", "15"}, {"GDPR", "rectification", "16"}, {"GDPR", "erasure", "17"}, {"GDPR", "restriction", "18"},
		{"GDPR", "portability", "20"}, {"GDPR", "objection", "21"}, {"GDPR", "automated-decisions", "22"}, {"GDPR", "withdrawal", "7"},
		{"GDPR", "breach-authority", "33"}, {"GDPR", "breach-people", "34"}, {"GDPR", "complaint", "77"}, {"GDPR", "records", "30"},
		{"UAE PDPL", "portability", "14"}, {"UAE PDPL", "erasure", "15"}, {"UAE PDPL", "restriction", "16"}, {"UAE PDPL", "objection", "17"},
		{"UAE PDPL", "transfers", "22"}, {"UAE PDPL", "breach-authority", "9"}, {"UAE PDPL", "withdrawal", "6"}, {"UAE PDPL", "complaint", "24"},
		{"DPDP Act", "access", "11"}, {"DPDP Act", "erasure", "12"}, {"DPDP Act", "grievance", "13"}, {"DPDP Act", "nomination", "14"},
		{"DPDP Act", "withdrawal", "6"}, {"DPDP Act", "children", "9"}, {"DPDP Act", "transfers", "16"}, {"DPDP Act", "information", "5"},
	} {
		l, _ := law.Of(c.law)
		if found := l.Subject(c.subject); len(found) == 0 || found[0].Number != c.first {
			t.Errorf("%s of the %s is not first in %s", c.subject, c.law, c.first)
		}
	}
}

func TestAbout(t *testing.T) {
	gdpr, _ := law.Of("GDPR")
	for _, c := range []struct {
		article, paragraph, subject string
		want                        bool
	}{
		{"17", "", "erasure", true}, {"17", "", "objection", false}, {"17", "1(c)", "objection", true}, {"17", "1", "objection", true},
		{"17", "2", "objection", false}, {"7", "", "withdrawal", true}, {"7", "3", "withdrawal", true}, {"7", "1", "withdrawal", false},
		{"12", "3", "objection", true}, {"9", "2(a)", "consent", true},
	} {
		a, ok := gdpr.Article(c.article)
		if !ok || a.About(c.subject, c.paragraph) != c.want {
			t.Errorf("article %s(%s) about %s: want %v", c.article, c.paragraph, c.subject, c.want)
		}
	}
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]string{
		"the right to be forgotten":              "erasure",
		"Take it elsewhere.":                     "portability",
		"decided by a machine; withdraw consent": "automated-decisions withdrawal",
		"breach":                                 "breach breach-authority breach-people",
		"ومحوها (المادة 17)، والاعتراض": "erasure objection",
		"the controller's instructions": "instructions",
		"nothing of the kind":           "",
	} {
		var got []string
		tokens := law.Tokens(text)
		for _, m := range law.Mentions(tokens) {
			if !slices.Contains(got, m.Subject.Key) {
				got = append(got, m.Subject.Key)
			}
			if m.From >= m.To || m.To > len(tokens) {
				t.Errorf("%q: %+v", text, m)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q names %v, want %q", text, got, want)
		}
	}
}

func TestUnder(t *testing.T) {
	act, _ := law.Of("DPDP Act")
	rules, _ := law.Of("DPDP Rules")
	if got := law.Under(act); !slices.Equal(got, []*law.Law{act, rules}) {
		t.Errorf("under the Act are %v", got)
	}
	if got := law.Under(rules); !slices.Equal(got, []*law.Law{rules}) {
		t.Errorf("under the Rules are %v", got)
	}
}

func TestAbroad(t *testing.T) {
	gdpr, _ := law.Of("GDPR")
	for country, want := range map[string]bool{"DE": false, "NO": false, "CH": false, "AE": true, "US": true, "IN": true} {
		if gdpr.Abroad(country) != want {
			t.Errorf("%s abroad: want %v", country, want)
		}
	}
}

func TestDuties(t *testing.T) {
	for duty, want := range map[string]string{"privacy mail": "answer", "Data subject requests": "answer", "erasure requests": "erasure",
		"breach notice to the authority": "breach-authority", "grievances": "grievance", "access review": ""} {
		if got := law.OfDuty(duty); got != want {
			t.Errorf("%q is %q, want %q", duty, got, want)
		}
	}
}

// TestCites: what has a citation is never passed over, and ordinary figures are.
func TestCites(t *testing.T) {
	for text, want := range map[string]bool{
		"article 17 of the GDPR": true, "Art.17": true, "(Arts. 15)": true, "§ 12": true, "§§12": true, "s. 12 of the Act": true, "chapter V": true,
		"Chapter 5": true, "المادة 17": true, "المادة ١٧": true, "GDPR (article  15, 16)": true,
		"within 30 days": false, "AES-256 and TLS 1.2": false, "12": false, "": false, "a part of 5": false,
	} {
		if law.Cites(text) != want {
			t.Errorf("%q cites: want %v", text, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("Regulation (EU) 2016/679, art. 17(1)(c); §12 — المادة ١٧")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, token := range law.Tokens(text) {
			if token.At < last || token.End <= token.At || token.End > len(text) || (token.Sign == 0) == (token.Word == "") {
				t.Fatalf("%q: %+v", text, token)
			}
			last = token.End
		}
		law.Mentions(law.Tokens(text))
		law.Of(text)
	})
}
