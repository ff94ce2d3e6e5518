package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
)

func TestSentences(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "",
		"  \n ":                            "",
		"We keep it. You don’t!":           "we keep it / you don't",
		"TLS 1.2, or higher; nothing else": "tls 1.2 or higher / nothing else",
		"memory-only (sub-processors)":     "memory only sub processors",
		"See https://acme.example. And on": "see https acme.example / and on",
		"«لا نبيع بياناتك». نعم":            "لا نبيع بياناتك / نعم",
		"e-mail... what?!":                  "e mail / what",
		"It is 5 o'clock' said 'nobody'.":   "it is 5 o'clock said nobody",
		"Straße, ÉTAT: naïve\u00a0words.\n": "straße état naïve words",
	} {
		var got []string
		for _, s := range sentences(text) {
			got = append(got, strings.Join(s.texts(), " "))
		}
		if all := strings.Join(got, " / "); all != want {
			t.Errorf("%q is %q, want %q", text, all, want)
		}
	}
}

// Words stand in the text where they say, whatever the text.
func TestWordsStandWhereTheySay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		at := 0
		for _, s := range sentences(text) {
			if len(s) == 0 {
				t.Fatal("an empty sentence")
			}
			for _, w := range s {
				if w.from < at || w.to <= w.from || w.to > len(text) || strings.ReplaceAll(strings.ToLower(text[w.from:w.to]), "’", "'") != w.text {
					t.Fatalf("%q at %d to %d of %q", w.text, w.from, w.to, text)
				}
				at = w.to
			}
		}
	})
}

func TestNegated(t *testing.T) {
	for text, want := range map[string]bool{
		"We do not sell your X":                            true,
		"We never use it for X":                            true,
		"Nobody uses it for X":                             true,
		"We don't use it for X":                            true,
		"It is used without X":                             true,
		"We use it for X":                                  false,
		"We use it for X, not for Y":                       false,
		"We do not charge you, and we use it for X":        false,
		"It is not free, but used for X":                   false,
		"Nothing else. We use it for X":                    false,
		"We collect no data on A, B, C or X":               true,
		"No " + strings.Repeat("very ", scope+1) + "big X": false,
	} {
		all := sentences(text)
		last := all[len(all)-1]
		for _, s := range all {
			if s.holds("x") {
				last = s
			}
		}
		at := slices.IndexFunc(last, func(w word) bool { return w.text == "x" })
		if got := last.negated(at); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestKeptFor(t *testing.T) {
	for text, want := range map[string]string{
		"Orders are kept for 90 days":                     "90 days",
		"We store recordings for up to 18 months":         "18 months",
		"We retain it, for tax, for a period of 6 years.": "6 years",
		"Orders are not kept for 90 days":                 "",
		"We answer within 30 days":                        "",
		"We keep what you buy within 30 days":             "",
		"For 30 days it is kept":                          "",
		"Kept for 0 days":                                 "",
		"Kept for days":                                   "",
	} {
		got := ""
		if at, term, _ := keptFor(sentences(text)[0]); at >= 0 {
			got = term.String()
		}
		if got != want {
			t.Errorf("%q is kept for %q, want %q", text, got, want)
		}
	}
}

// The longest phrase counts, and one word of it less is another.
func TestLexicon(t *testing.T) {
	l := phrases([][]string{{"a", "card, credit card, card number"}, {"b", "credit card number"}}, 1)
	for text, want := range map[string]string{
		"your card":                        "a card",
		"your credit card, sir":            "a credit card",
		"credit-card number":               "b credit card number",
		"a card. Number 5":                 "a card",
		"nothing of it":                    "",
		"cards and credits and numbers 12": "",
	} {
		var got []string
		for _, s := range sentences(text) {
			for _, m := range l.in(s) {
				got = append(got, m.row[0]+" "+strings.Join(m.words, " "))
			}
		}
		if all := strings.Join(got, ", "); all != want {
			t.Errorf("%q has %q, want %q", text, all, want)
		}
	}
}

// Each data file has the columns that the rules read, and phrases that sentences can have.
func TestDataFiles(t *testing.T) {
	for name, f := range map[string]struct {
		file          string
		columns       int
		phrases, says []int
	}{
		"claims.txt": {claimsFile, 2, []int{1}, []int{0}},
		"nouns.txt":  {nounsFile, 3, []int{1}, []int{0, 2}},
		"uses.txt":   {usesFile, 5, []int{deniedAs, usedAs}, []int{0}},
		"vague.txt":  {vagueFile, 2, []int{0}, []int{1}},
	} {
		rows := table(f.file)
		if len(rows) < 5 {
			t.Errorf("%s has %d rows", name, len(rows))
		}
		for _, row := range rows {
			if len(row) != f.columns {
				t.Fatalf("%s: %q has %d cells, not %d", name, row, len(row), f.columns)
			}
			for _, c := range f.phrases {
				if row[c] == "" || strings.Contains(row[c], ",,") || strings.HasSuffix(row[c], ",") {
					t.Errorf("%s: %q", name, row[c])
				}
			}
			for _, c := range f.says {
				if row[c] == "" {
					t.Errorf("%s: a cell of %q says nothing", name, row)
				}
			}
		}
	}
	for _, kind := range []string{"no-sub-processors", "never-shared", "erasure", "irrevocable", "withdrawal", "no-service-without-consent", "only-necessary-cookies", "session-cookies-only"} {
		if len(claims(kind)) == 0 {
			t.Errorf("no claims of the kind %s", kind)
		}
	}
}

func TestWithinTerm(t *testing.T) {
	const day = 24
	for _, c := range []struct {
		term string
		days int
		want bool
	}{
		{"30 days", 30, true}, {"30 days", 31, false}, {"30 days", 29, false}, {"1 month", 28, true}, {"1 month", 31, true}, {"1 month", 27, false},
		{"1 month", 32, false}, {"2 years", 730, true}, {"2 years", 729, false}, {"4 weeks", 28, true}, {"1 quarter", 90, true}, {"1 quarter", 80, false},
	} {
		term, ok := policy.ParseTerm(c.term)
		if got := within(term, spanOf(c.days*day)); got != c.want || !ok {
			t.Errorf("%d days are %s: %v", c.days, c.term, got)
		}
	}
}

// A hit stands where the words are in the file, however the text is laid out there.
func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ clause, want string }{
		"folded":   {"  - id: a\n    section: regularly\n    text: >\n      Logs are\n      looked at regularly.\n", "13:17 9"},
		"flow":     {"  - {id: a, section: regularly, text: Logs are looked at regularly.}\n", "9:58 9"},
		"quoted":   {"  - id: a\n    section: S\n    text: \"Logs: regularly\"\n", "11:18 9"},
		"arabic":   {"  - id: a\n    section: S\n    text: السجلات regularly\n", "11:19 9"},
		"parted":   {"  - id: a\n    section: S\n    text: >\n      At regular\n      intervals we look.\n", "12:7 10"},
		"escaped":  {"  - id: a\n    section: S\n    text: \"Logs \\u0072egularly\"\n", "9:5 2"},
		"Windows":  {"  - id: a\r\n    section: S\r\n    text: >\r\n      At regular\r\n      intervals.\r\n", "12:7 10"},
		"reversed": {"  - text: Logs regularly\n    id: a\n    section: S\n", "9:16 9"},
	} {
		t.Run(name, func(t *testing.T) {
			src := "version: \"1\"\norganisation: {name: A, role: controller, contact: a@b.example}\nregions: {r: {provider: P, place: P, country: AE}}\nenvironments: [p]\nbackups: {epoch: 1d, horizon: 1d}\ndata: {d: {title: T, category: c, fields: {f: text}}}\npurposes: {p: {title: T, basis: contract, may: [read], sees: {d: all}}}\nclauses:\n"
			src += c.clause + "  - {id: b, section: S, text: Other words regularly}\n"
			p, err := policy.Parse("p.yaml", []byte(src), nothing{})
			if err != nil {
				t.Fatal(err)
			}
			phrase := []string{"regularly"}
			if name == "parted" || name == "Windows" {
				phrase = []string{"at", "regular", "intervals"}
			}
			h := newView(p, nothing{}, p.Effective).find(0, phrase, "")
			if got := fmt.Sprintf("%d:%d %d", h.pos.Line, h.pos.Column, h.width); got != c.want {
				t.Errorf("found at %s, want %s", got, c.want)
			}
		})
	}
}

// nothing is a vocabulary without controls.
type nothing struct{}

func (nothing) Control(string) (policy.ControlSpec, bool) { return policy.ControlSpec{}, false }
func (nothing) Names() []string                           { return nil }

func spanOf(hours int) time.Duration { return time.Duration(hours) * time.Hour }
