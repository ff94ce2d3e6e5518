package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy/check"
	"clause.dev/clause/internal/policy/law"
	"pgregory.net/rapid"
)

func TestCitations(t *testing.T) {
	for _, c := range []struct {
		laws, text string
		want       string // code: part of the message, for each finding; "" for none
	}{
		// Right, however it is put.
		{"gdpr", "You can object under article 21 of the GDPR.", ""},
		{"gdpr", "You can have your data deleted (Art. 17 GDPR).", ""},
		{"gdpr", "We answer every request within a month (GDPR art. 12(3)).", ""},
		{"gdpr", "Your rights are those of Articles 15 to 22 GDPR.", ""},
		{"gdpr", "You may withdraw consent (Art. 7 (3) GDPR).", ""},
		{"gdpr", "You may withdraw your consent (article 7 of the GDPR).", ""},
		{"gdpr", "Transfers follow chapter V of the GDPR.", ""},
		{"gdpr", "You have the right of access (Art. 15 GDPR), to rectification (Art. 16 GDPR), to erasure (Art. 17 GDPR), to restriction of processing (Art. 18 GDPR), to data portability (Art. 20 GDPR) and to object (Art. 21 GDPR).", ""},
		{"gdpr", "Access (art. 15), correction (art. 16), deletion (art. 17) and objection (art. 21 GDPR) are free for you.", ""},
		{"gdpr", "You can complain to the supervisory authority (Art. 77 GDPR).", ""},
		{"gdpr", "The basis is our legitimate interests (Art. 6 para. 1 lit. f GDPR); you can object to that (Art. 21 GDPR).", ""},
		{"gdpr", "Under the GDPR (article 6(1)(f)), you can object to processing (art. 21).", ""},
		{"gdpr", "You can ask us to erase your data, for example when you withdraw your consent (Art. 17 GDPR).", ""},
		{"gdpr", "You can have data erased if you object (Article 17(1)(c) GDPR).", ""},
		{"gdpr", "You can object, at any time, to processing that rests on legitimate interests (Art. 21 GDPR).", ""},
		{"gdpr", "As article 32 of the GDPR asks, access by staff is limited and data is encrypted.", ""},
		{"gdpr", "Access to your data by our staff is limited (Art. 32 GDPR).", ""},
		{"gdpr", "We delete your data within 30 days, as article 12(3) of the GDPR asks.", ""},
		{"gdpr", "Children need the consent of a parent (article 8 GDPR).", ""},
		{"gdpr", "Article 28 GDPR contracts bind whoever processes data for us.", ""},
		{"gdpr", "We tell the authority of a breach (art. 33 GDPR) and, where the risk is high, the people concerned (art. 34 GDPR).", ""},
		{"gdpr", "You have the right to rectification and erasure (articles 16 and 17 GDPR).", ""},
		{"gdpr", "Under article 12 of the GDPR, 30 days are the rule and you can object.", ""},
		{"pdpl", "You can ask for correction and erasure under article 15 of the PDPL, and object under PDPL art. 17.", ""},
		{"gdpr pdpl", "You can object (article 21 of the GDPR, article 17 of the PDPL).", ""},
		{"gdpr pdpl", "It is not transferred elsewhere without the safeguards of article 22 of the PDPL and chapter V of the GDPR.", ""},
		{"dpdp", "You can have data corrected and erased under section 12 of the DPDP Act, and nominate another person under section 14 of the Act.", ""},
		{"dpdp", "A grievance is answered within 90 days (rule 14 of the DPDP Rules).", ""},
		{"dpdp", "We tell the Board of a breach as rule 7 of the DPDP Act's Rules demands.", ""},

		// About something else than our laws.
		{"gdpr", "You can object under article 8 of the Charter.", ""},
		{"gdpr", "Cookies follow article 5(3) of Directive 2002/58/EC; you can object to them.", ""},
		{"gdpr", "See section 5 of this policy on how to object.", ""},
		{"gdpr", "You can object as article 17 of our terms says.", ""},
		{"gdpr", "You can object under article 17 of the UK GDPR.", ""},
		{"gdpr", "You can access your data (article 13 PDPL) and object (article 15).", ""}, // whose PDPL?
		{"saudi", "You can object under article 4 of the PDPL.", ""},
		{"gdpr", "AES-256 protects 12 articles of clothing in 30 days.", ""},

		// Wrong.
		{"gdpr", "You can object under article 17 of the GDPR.", "wrong-citation: objection is cited as article 17 of the GDPR, which is about Right to erasure"},
		{"gdpr", "You can object (Art. 17 GDPR).", "wrong-citation: it is article 21"},
		{"gdpr", "Article 17 of the GDPR lets you object.", "wrong-citation: it is article 21"},
		{"gdpr", "GDPR, art. 17, gives you the right to object.", "wrong-citation: it is article 21"},
		{"gdpr", "Access (art. 15), correction (art. 16), deletion (art. 17) and objection (art. 17 GDPR) are free for you.", "wrong-citation: objection"},
		{"gdpr", "You have the right to erasure (art. 16 GDPR) and to rectification (art. 17 GDPR).", "wrong-citation: erasure | wrong-citation: rectification"},
		{"gdpr", "You have the right to be forgotten (Article 20 GDPR).", "wrong-citation: erasure is cited as article 20"},
		{"gdpr", "You may withdraw your consent (Article 21 GDPR).", "wrong-citation: withdrawal of consent"},
		{"gdpr", "You have rights of objection and restriction (Arts. 17 and 18 GDPR).", "wrong-citation: objection is cited as article 17"},
		{"gdpr", "Your rights of access and portability are those of articles 16 to 18 GDPR.", "wrong-citation: articles 16 to 18"},
		{"gdpr", "You can object, as chapter V of the GDPR says.", "wrong-citation: chapter V"},
		{"gdpr", "We notify the supervisory authority under article 34 of the GDPR.", "wrong-citation: notification of a breach to the authority"},
		{"gdpr", "You can complain to the supervisory authority (article 78 GDPR).", "wrong-citation: it is article 77"},
		{"gdpr pdpl", "You have the right of access (article 13 PDPL) and to object (article 15).", "wrong-citation: it is article 17"},
		{"pdpl", "You can object under article 21 of the PDPL.", "wrong-citation: it is article 17"},
		{"dpdp", "You can have your data erased under section 11 of the DPDP Act.", "wrong-citation: it is section 12"},

		// Unknown.
		{"gdpr", "You can object under article 121 of the GDPR.", "unknown-citation: the GDPR has no article 121: its articles are 1 to 99"},
		{"pdpl", "See article 44 of the PDPL.", "unknown-citation: its articles are 1 to 31"},
		{"gdpr", "See chapter XII of the GDPR.", "unknown-citation: its chapters are I to XI"},
		{"gdpr", "Your rights are those of Articles 15 to 122 GDPR.", "unknown-citation: article 122"},

		// Left out.
		{"gdpr", "You have the right of access (Art. 15 GDPR), to rectification (Art. 16 GDPR), to erasure (Art. 17 GDPR), to data portability, and to object (Art. 21 GDPR).", "missing-citation: portability stands without its article"},
		{"gdpr", "You can ask for access, erasure and portability (Art. 15 to 20 GDPR), and you can object to processing.", ""},

		// Not listed.
		{"", "You can object under article 21 of the GDPR.", "undeclared-law: the text cites the GDPR, which the policy does not list"},
		{"", "You can object under article 17 of the PDPL.", ""}, // whose PDPL?
	} {
		var got []string
		for _, f := range cited(t, c.laws, c.text) {
			got = append(got, f.Code+": "+f.Message)
		}
		want := strings.Split(c.want, " | ")
		if c.want == "" {
			want = nil
		}
		ok := len(got) == len(want)
		for i := 0; ok && i < len(want); i++ {
			code, part, _ := strings.Cut(want[i], ": ")
			ok = strings.HasPrefix(got[i], code+": ") && strings.Contains(got[i], part)
		}
		if !ok {
			t.Errorf("%s\n  got  %q\n  want %q", c.text, got, want)
		}
	}
}

// TestCitationIsShownWhereItStands: at the citation itself, wherever the file breaks the lines.
func TestCitationIsShownWhereItStands(t *testing.T) {
	text := "You can have your data erased (article 17 of the GDPR), and you\ncan at any time also\nobject to processing (article 17\nof the GDPR)."
	got := cited(t, "gdpr", text)
	if len(got) != 1 || got[0].Pos.Line != 16 || !strings.Contains(got[0].Excerpt, "object to processing (article 17\n") {
		t.Fatalf("got %+v", got)
	}
	lines := strings.Split(got[0].Excerpt, "\n")
	if at := strings.Index(lines[0], "article 17"); at < 0 || strings.Index(lines[1], "^") != at || strings.Count(lines[1], "^") != len("article 17") {
		t.Errorf("the caret is not under the citation:\n%s", got[0].Excerpt)
	}
}

// TestATranslationIsReadToo: it cites what people read, and the same mistake is told once.
func TestATranslationIsReadToo(t *testing.T) {
	p := lawPolicy(t, "gdpr", "You can object.")
	p.Clauses[0].Translations = append(p.Clauses[0].Translations,
		translation("ar", "لك بموجب اللائحة العامة لحماية البيانات حق الوصول (المادة ١٥)، والاعتراض (المادة 17)."),
		translation("de", "Widerspruch, object, (Art. 17 GDPR) you."))
	var codes []string
	for _, f := range check.Run(p, control.Catalogue(), someDay) {
		if f.Code == "wrong-citation" {
			codes = append(codes, f.Message)
		}
	}
	if len(codes) != 1 || !strings.HasPrefix(codes[0], "objection is cited as article 17") {
		t.Errorf("got %q", codes)
	}
}

// TestEveryRightIsToldFromEveryOther: each law's article of a right cited for it is silent, cited
// for another right it is not.
func TestEveryRightIsToldFromEveryOther(t *testing.T) {
	rights := map[string]string{"access": "right of access", "rectification": "right to rectification", "erasure": "right to erasure",
		"restriction": "right to restriction of processing", "portability": "right to data portability", "objection": "right to object"}
	for _, id := range []string{"gdpr", "pdpl", "dpdp"} {
		p := lawPolicy(t, id, "x")
		l, ok := law.Of(p.Laws[0].Citation)
		if !ok {
			t.Fatalf("%s is not known", id)
		}
		for right, words := range rights {
			for other := range rights {
				articles := l.Subject(other)
				if len(articles) == 0 || len(l.Subject(right)) == 0 {
					continue
				}
				text := fmt.Sprintf("You have the %s (%s %s of the %s).", words, l.Division, articles[0].Number, l.Short)
				want := 1
				if articles[0].About(right, "") {
					want = 0
				}
				if got := cited(t, id, text); len(got) != want {
					t.Errorf("%s: got %+v", text, got)
				}
			}
		}
	}
}

// TestAnyTextIsRead: no order of words makes the reader fail, and what it finds lies in the file.
func TestAnyTextIsRead(t *testing.T) {
	pieces := []string{"article", "Art.", "17", "21", "(1)", "(f)", "of", "the", "GDPR", "PDPL", "to", "and", ",", ";", ".", "(", ")", "chapter", "V", "object", "erasure",
		"right of access", "section", "para.", "lit.", "-", "–", "المادة", "99999999999999999999", "§", "you", "Regulation (EU) 2016/679", "Art", "s."}
	rapid.Check(t, func(r *rapid.T) {
		text := "x " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 30).Draw(r, "pieces"), " ")
		p := lawPolicy(t, "gdpr pdpl dpdp", text)
		for _, f := range check.Run(p, control.Catalogue(), someDay) {
			if strings.HasSuffix(f.Code, "-citation") && (!strings.Contains(lineOf(p.Source, f.Pos.Line), text) || f.Excerpt == "") {
				r.Fatalf("%q: %+v", text, f)
			}
		}
	})
}

// TestHostileTextsAreReadInTime: clauses of the greatest length, of nothing but citations and rights.
func TestHostileTextsAreReadInTime(t *testing.T) {
	for name, piece := range map[string]string{
		"rights each with its article": "object (art. 17 GDPR), ",
		"articles nobody knows":        "art. 9999 GDPR, ",
		"no law":                       "object (art. 17), ",
		"foreign":                      "art. 5 of it, ",
		"one long list":                "21, ",
		"rights alone":                 "object, erase ",
		"brackets":                     "(((art. 1(a)(b)(c)(d) ",
	} {
		t.Run(name, func(t *testing.T) {
			p := lawPolicy(t, "gdpr pdpl dpdp", "x")
			clause := p.Clauses[0]
			clause.Text = "You, under article " + strings.Repeat(piece, (8<<10)/len(piece)) + " GDPR."
			p.Clauses = nil
			for range 40 {
				p.Clauses = append(p.Clauses, clause)
			}
			began := time.Now()
			check.Run(p, control.Catalogue(), someDay)
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Log(took)
			}
		})
	}
}

func lineOf(src []byte, line int) string { return strings.Split(string(src), "\n")[line-1] }

func FuzzCitations(f *testing.F) {
	for _, text := range []string{"You can object (Art. 17 GDPR).", "articles 15, 16 and 17 to 22 of the GDPR, chapter V", "Art. 6 para. 1 lit. f GDPR", "المادة ١٧ من اللائحة العامة لحماية البيانات", "art. 5(", "§§ 12-", "article"} {
		f.Add(text)
	}
	p := lawPolicy(&testing.T{}, "gdpr pdpl dpdp", "x")
	f.Fuzz(func(t *testing.T, text string) {
		one := *p
		one.Clauses = append(one.Clauses[:0:0], p.Clauses...)
		one.Clauses[0].Text = text
		check.Run(&one, control.Catalogue(), someDay)
	})
}
