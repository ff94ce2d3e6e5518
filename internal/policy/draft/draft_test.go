package draft_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/draft"
)

func read(t testing.TB, name, text string) *draft.Draft {
	t.Helper()
	d, err := draft.Read(name, []byte(text), control.Catalogue(), day)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// parses has the draft's policy parsed, and its clauses planned together as a server would.
func parses(t interface {
	Helper()
	Fatalf(string, ...any)
}, d *draft.Draft) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("draft", []byte(d.YAML()), control.Catalogue())
	if err != nil {
		t.Fatalf("the draft does not parse: %v\n%s", err, d.YAML())
	}
	plan, err := control.PlanOf(p)
	if err != nil {
		t.Fatalf("the draft cannot be planned: %v", err)
	}
	if _, err := decision.Compile(p, plan.Grounds); err != nil {
		t.Fatalf("the draft cannot be decided by: %v\n%s", err, d.YAML())
	}
	return p
}

// kept is how many of the proposals are controls: how long backups are kept, their schedule says.
func kept(all []draft.Proposal) int {
	return len(slices.DeleteFunc(slices.Clone(all), func(p draft.Proposal) bool { return p.Control == draft.Backups }))
}

// accounted checks that the coverage line adds up, and that what is a clause stands in the policy.
func accounted(t interface {
	Helper()
	Fatalf(string, ...any)
}, d *draft.Draft, p *policy.Policy) {
	t.Helper()
	sum := d.Count(draft.Promise) + d.Count(draft.Description) + d.Count(draft.Boilerplate) + d.Count(draft.Unread)
	if sum != len(d.Sentences) {
		t.Fatalf("%d of %d sentences are accounted for", sum, len(d.Sentences))
	}
	for i, s := range d.Sentences {
		if s.Class == draft.Boilerplate {
			continue
		}
		c, ok := p.Clause(s.Clause)
		if !ok && len(d.Notes) == 0 {
			t.Fatalf("%q is no clause", s.Text)
		}
		whole := s.Whole()
		if ok && i+1 < len(d.Sentences) && d.Sentences[i+1].Clause == s.Clause {
			whole += " " + d.Sentences[i+1].Text
		}
		if i > 0 && d.Sentences[i-1].Clause == s.Clause {
			whole = d.Sentences[i-1].Whole() + " " + s.Text
		}
		if ok && c.Text != strings.Join(strings.Fields(whole), " ") {
			t.Fatalf("clause %s says %q, not %q", c.ID, c.Text, whole)
		}
		if ok && (s.Class == draft.Promise && len(c.Keep) != kept(s.Proposals) || s.Class == draft.Description != c.Statement) {
			t.Fatalf("clause %s is kept by %v, the account says %v", c.ID, c.Keep, s.Proposals)
		}
	}
}

func TestTheCorpusMakesSoundPolicies(t *testing.T) {
	for _, l := range corpus(t) {
		d := read(t, l.name, string(l.src))
		accounted(t, d, parses(t, d))
	}
}

// TestAnyTextParses mixes sentences that promise all sorts of things with each other, and with text
// that means nothing.
func TestAnyTextParses(t *testing.T) {
	var known []string
	for _, l := range corpus(t) {
		for _, x := range l.labels {
			known = append(known, x.text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 30).Draw(t, "pieces") {
			piece := rapid.OneOf(rapid.SampledFrom(known), rapid.SampledFrom(known), rapid.String()).Draw(t, "piece")
			b.WriteString(rapid.SampledFrom([]string{"", "- ", "# ", "1. ", "| ", "<p>", "<li>", "We will: ", "Q: ", "A: "}).Draw(t, "before"))
			b.WriteString(piece)
			b.WriteString(rapid.SampledFrom([]string{"\n", "\n\n", " ", ":\n", " |\n", "</td><td>"}).Draw(t, "after"))
		}
		name := rapid.SampledFrom([]string{"a.txt", "a.md", "a.html"}).Draw(t, "name")
		d, err := draft.Read(name, []byte(b.String()), control.Catalogue(), day)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%v", err)
			}
			return
		}
		accounted(t, d, parses(t, d))
	})
}

// TestNothingIsDropped reads plain text back from the account.
func TestNothingIsDropped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z]{2,9}[.!?,;:]?`), 1, 200).Draw(t, "words")
		var b strings.Builder
		for i, w := range words {
			b.WriteString(w)
			b.WriteString(rapid.SampledFrom([]string{" ", " ", " ", "\n", ".\n\n"}).Draw(t, "gap"))
			if i == len(words)-1 {
				b.WriteString(" end.")
			}
		}
		d, err := draft.Read("a.txt", []byte(b.String()), control.Catalogue(), day)
		if err != nil {
			t.Fatal(err)
		}
		var account strings.Builder
		section := ""
		for _, s := range d.Sentences {
			if s.Section != section {
				section = s.Section
			}
			account.WriteString(letters(s.Text))
		}
		if d.Headings == 0 && account.String() != letters(b.String()) {
			t.Fatalf("%q became %q", b.String(), account.String())
		}
	})
}

func TestSentencesKnowTheirPlace(t *testing.T) {
	for _, l := range corpus(t) {
		text := string(l.src)
		d := read(t, l.name, text)
		for _, s := range d.Sentences {
			word, _, _ := strings.Cut(s.Text, " ")
			word = strings.TrimRight(word, ";") // which stands between the cells of a row
			if strings.ContainsAny(word, "&*_[]<‑") {
				continue
			}
			if !strings.HasPrefix(text[s.Offset:], word) {
				t.Errorf("%s:%d: at offset %d stands %q, not %q", l.name, s.Line, s.Offset, text[s.Offset:min(len(text), s.Offset+20)], word)
			}
			if got := 1 + strings.Count(text[:s.Offset], "\n"); got != s.Line {
				t.Errorf("%s: %q is in line %d, not %d", l.name, s.Text, got, s.Line)
			}
		}
	}
}

func TestSplitting(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"abbreviations", "We rely on Art. 17 GDPR, e.g. Erasure. See No. 5 of Acme Inc. The rest follows.", []string{"We rely on Art. 17 GDPR, e.g. Erasure.", "See No. 5 of Acme Inc.", "The rest follows."}},
		{"decimals", "We speak TLS 1.2 or 1.3. We pay 2.5 times.", []string{"We speak TLS 1.2 or 1.3.", "We pay 2.5 times."}},
		{"no as an answer", "No. We never do.", []string{"No.", "We never do."}},
		{"quotes", `Acme ("we"). Your data is safe. "Data" means data.`, []string{`Acme ("we").`, "Your data is safe.", `"Data" means data.`}},
		{"questions", "Why? Because! And now… Then.", []string{"Why?", "Because!", "And now… Then."}},
		{"initials", "Ask J. Smith or the U.S. office. We answer.", []string{"Ask J. Smith or the U.S. office.", "We answer."}},
		{"items", "We will:\n- delete data;\n- tell you.\nDone.", []string{"We will:", "delete data;", "tell you. Done."}},
		{"a row", "| Data | Time |\n|---|---|\n| Logs. All. | 3 days |\n", []string{"Logs. All.; 3 days"}},
		{"other stops", "我们保护数据。我们不出售数据。", []string{"我们保护数据。", "我们不出售数据。"}},
		{"an address", "Write to us. me@example.com", []string{"Write to us.", "me@example.com"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range read(t, "a.md", c.text).Sentences {
				got = append(got, s.Text)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

func TestWhatIntroducesAListIsReadWithIt(t *testing.T) {
	d := read(t, "a.html", `<p>We never:</p><ul><li>sell your data,</li><li>keep it for more than 30 days.</li></ul><p>You have the right to:</p><ul><li>access</li></ul>`)
	for i, want := range []string{"", "We never: sell your data,", "We never: keep it for more than 30 days.", "", "You have the right to: access"} {
		s := d.Sentences[i]
		if want != "" && (s.Whole() != want || s.Class != draft.Promise) {
			t.Errorf("%q is %s", s.Whole(), s.Class)
		}
	}
	if rights := d.Sentences[4].Proposals[0].String(); rights != "data-subject-rights {rights: [access]}" {
		t.Errorf("proposes %s", rights)
	}
}

func TestEncodings(t *testing.T) {
	const text = "Wir sind Café Müller – we never sell your data. We're “kind”."
	wide := func(order func(uint16) []byte, mark []byte) []byte {
		out := mark
		for _, u := range utf16.Encode([]rune(text)) {
			out = append(out, order(u)...)
		}
		return out
	}
	windows := strings.NewReplacer("é", "\xe9", "ü", "\xfc", "–", "\x96", "“", "\x93", "”", "\x94").Replace(text)
	for _, c := range []struct {
		encoding string
		src      []byte
	}{
		{"utf-8", []byte(text)},
		{"utf-8", []byte("\xef\xbb\xbf" + text)},
		{"utf-16", wide(func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }, []byte{0xff, 0xfe})},
		{"utf-16", wide(func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }, []byte{0xfe, 0xff})},
		{"windows-1252", []byte(windows)},
	} {
		d, err := draft.Read("a.txt", c.src, control.Catalogue(), day)
		if err != nil {
			t.Fatal(err)
		}
		if d.Encoding != c.encoding || d.Sentences[0].Text != "Wir sind Café Müller – we never sell your data." {
			t.Errorf("%s: read as %s: %q", c.encoding, d.Encoding, d.Sentences[0].Text)
		}
	}
}

func TestALanguageWithoutRulesIsSaidSo(t *testing.T) {
	d := read(t, "ar.txt", "سياسة الخصوصية\n\nنحن لا نبيع بياناتك. نحذف بياناتك خلال 30 يومًا.\n")
	if d.Count(draft.Unread) != 2 || len(d.Unplaced()) != 2 || len(d.Notes) == 0 || !strings.Contains(d.Notes[0], "English alone") {
		t.Errorf("%s, %q", d.Coverage(), d.Notes)
	}
	p := parses(t, d)
	if len(p.Clauses) != 2 || len(p.Clauses[0].Keep) != 0 || p.Clauses[0].Statement {
		t.Errorf("clauses are %+v", p.Clauses)
	}
	if de := read(t, "de.txt", "Wir verkaufen Ihre Daten nicht und geben sie nicht an Dritte weiter. We use TLS 1.3."); de.Count(draft.Unread) != 1 || de.Count(draft.Promise) != 1 {
		t.Errorf("%s", de.Coverage())
	}
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		kind fault.Kind
		says string
	}{
		"empty":     {"", fault.Invalid, "holds no sentence"},
		"blank":     {" \n\t\n", fault.Invalid, "holds no sentence"},
		"signs":     {"--- *** |||", fault.Invalid, "holds no sentence"},
		"zeros":     {"a\x00b", fault.Invalid, "not text"},
		"binary":    {strings.Repeat("\x01\x02\x03a", 50), fault.Invalid, "not text"},
		"pdf":       {"%PDF-1.7 …", fault.Invalid, "a PDF file"},
		"office":    {"PK\x03\x04…", fault.Invalid, "Office"},
		"too much":  {strings.Repeat("We keep logs. ", 200_000), fault.TooLarge, "more than 2 MiB"},
		"sentences": {strings.Repeat("A b. ", 30_000), fault.TooLarge, "more than 20000 sentences"},
	} {
		_, err := draft.Read(name, []byte(c.src), control.Catalogue(), day)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSoupIsReadInTime(t *testing.T) {
	for name, text := range map[string]string{
		"nested":      strings.Repeat("<div>", 100_000) + "We never sell data.",
		"unclosed":    strings.Repeat("<b><i><li><td><nav>", 50_000) + "We never sell data.",
		"brackets":    strings.Repeat("[", 500_000) + " We never sell data.",
		"underscores": strings.Repeat("_a", 500_000) + " We never sell data.",
		"quotes":      strings.Repeat(">", 500_000) + " We never sell data.",
		"one word":    strings.Repeat("a", 1_000_000) + " We never sell data.",
		"one line":    strings.Repeat("we delete data within 30 days and ", 30_000),
		"leads":       strings.Repeat("- We will:\n", 15_000),
		"dots":        "We never sell data" + strings.Repeat(". ", 400_000),
		"entities":    strings.Repeat("&amp;", 200_000) + "<p>We never sell data.",
	} {
		for _, as := range []string{"a.txt", "a.md", "a.html"} {
			if d, err := draft.Read(as, []byte(text), control.Catalogue(), day); err == nil {
				parses(t, d)
			} else if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
				t.Errorf("%s as %s: %v", name, as, err)
			}
		}
	}
}

func TestWhatTheTextSaysAgainstItself(t *testing.T) {
	d := read(t, "a.txt", "We collect your name and health data. We do not collect any sensitive data. When you delete your account, your data is gone within 10 days. Backups are deleted after 40 days.")
	p := parses(t, d)
	if len(d.Conflicts) != 2 {
		t.Errorf("conflicts are %q", d.Conflicts)
	}
	if got := p.Backups.Epoch + p.Backups.Horizon; got > 10*24*3600e9 {
		t.Errorf("backups live for %s", got)
	}
}

func TestFactsOfTheText(t *testing.T) {
	src, err := os.ReadFile("testdata/corpus/uae.md")
	if err != nil {
		t.Fatal(err)
	}
	p := parses(t, read(t, "uae.md", string(src)))
	if p.Organisation.Name != "Rimal Wallet FZ-LLC" || p.Organisation.Authority.Name != "UAE Data Office" || p.Organisation.Role != "controller" {
		t.Errorf("organisation is %+v", p.Organisation)
	}
	if len(p.Laws) != 1 || p.Laws[0].ID != "pdpl" {
		t.Errorf("laws are %+v", p.Laws)
	}
	if len(p.Regions) == 0 || p.Regions[0].ID != "uae-north" || p.Regions[0].Country != "AE" {
		t.Errorf("regions are %+v", p.Regions)
	}
	if _, ok := p.DataSet("identity"); !ok {
		t.Errorf("data is %+v", p.Data)
	}
}

// Business days are counted on the calendar of whoever's law the text names, and the draft says that it guessed; where
// none are counted there is none.
func TestTheCalendarOfTheText(t *testing.T) {
	for text, want := range map[string]string{
		"We acknowledge every complaint within 3 business days.":                               "GB",
		"We keep to the GDPR. We acknowledge every complaint within 3 business days.":          "EU",
		"This notice follows the UAE PDPL. We acknowledge every complaint in 3 business days.": "AE",
		"We keep to the GDPR. We acknowledge every complaint within 3 days.":                   "",
	} {
		d := read(t, "x.md", "# Complaints\n\n"+text)
		p := parses(t, d)
		last := p.Clauses[len(p.Clauses)-1]
		if p.Calendar != want || strings.Contains(d.YAML(), "whose business days are counted is") != (want != "") || len(last.Keep) == 0 {
			t.Errorf("%s\ncalendar %q, want %q; kept by %v", text, p.Calendar, want, last.Keep)
		}
	}
}

func TestCertificatesHaveTheirDays(t *testing.T) {
	p := parses(t, read(t, "a.txt", "We are ISO 27001:2013 certified, valid till 31.10.2025. Our SOC 2 Type II report dated 12th June 2024 was issued by Baker Lane LLP. We hold ISO 27018."))
	days := map[string]string{}
	for _, a := range p.Attestations {
		days[a.ID] = fmt.Sprint(a.Kind, " ", a.Title, " ", a.Issued.Format("2006-01-02"), " ", a.Expires.Format("2006-01-02"), " ", a.Issuer)
	}
	for id, want := range map[string]string{
		"iso-27001": "certificate ISO/IEC 27001:2013 2022-10-31 2025-10-31 not stated",
		"soc-2":     "report SOC 2 Type 2 2024-06-12 0001-01-01 Baker Lane LLP",
		"iso-27018": "declaration ISO/IEC 27018 2026-11-01 0001-01-01 not stated",
	} {
		if days[id] != want {
			t.Errorf("%s is %q, not %q", id, days[id], want)
		}
	}
}

func TestIdsStayWhenTheTextGrows(t *testing.T) {
	const first = "# Acme privacy\n\n## Security\n\nWe use TLS 1.3.\n\n## Keeping\n\nWe keep logs for 3 days.\n"
	before := read(t, "a.md", first)
	after := read(t, "a.md", strings.Replace(first, "## Security\n", "## About\n\nWe sell shoes. We never sell your data.\n\n## Security\n\nData is encrypted at rest.\n", 1))
	for _, s := range before.Sentences {
		found := false
		for _, x := range after.Sentences {
			found = found || x.Clause == s.Clause && x.Text == s.Text
		}
		if !found {
			t.Errorf("%q has lost its id %s", s.Text, s.Clause)
		}
	}
}

func TestTheAccountIsJSON(t *testing.T) {
	out, err := json.Marshal(read(t, "a.txt", "We never sell your data."))
	if err != nil || !strings.Contains(string(out), `"class":"promise","rule":"nosale"`) {
		t.Errorf("%s %v", out, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, l := range corpus(f) {
		f.Add(l.name, l.src)
	}
	f.Add("a.md", []byte("---\nx: y\n---\n> [a](b) _c_ \\* `d`\n- x:\n  - y\n| a | b |\n|--|--|\n| c | d |\n"))
	f.Add("a.html", []byte("<nav><table><tr><td>a<p>b<li>c</nav>&#x202e;&notanentity;<title>x"))
	f.Add("a.txt", []byte("\xff\xfeW\x00e\x00"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		d, err := draft.Read(name, src, control.Catalogue(), day)
		if err != nil {
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
				t.Fatal(err)
			}
			return
		}
		accounted(t, d, parses(t, d))
		for _, s := range d.Sentences {
			if s.Line < 1 || s.Offset < 0 {
				t.Fatalf("%q stands at %d, %d", s.Text, s.Line, s.Offset)
			}
		}
	})
}
