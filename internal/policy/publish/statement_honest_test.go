package publish_test

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

// section returns the part of a Markdown document under an anchor, up to the next heading.
func section(t testing.TB, doc, anchor string) string {
	t.Helper()
	_, after, ok := strings.Cut(doc, `<a id="`+anchor+`"></a>`)
	if !ok {
		t.Fatalf("there is no part %s", anchor)
	}
	title, rest, _ := strings.Cut(strings.TrimSpace(after), "\n")
	body, _, _ := strings.Cut(rest, "\n## ")
	return title + "\n" + body
}

// about returns a clause as a Markdown document has it: its text and its marks.
func about(t testing.TB, doc, id string) string {
	t.Helper()
	_, after, ok := strings.Cut(doc, `<a id="`+id+`"></a>`)
	if !ok {
		t.Fatalf("there is no clause %s", id)
	}
	said, rest, _ := strings.Cut(after, "`"+id+"`")
	marks, _, _ := strings.Cut(rest, "\n")
	return said + marks
}

func TestEveryClauseIsThere(t *testing.T) {
	for name, p := range map[string]*policy.Policy{"whole": whole(t), "clesaro": load(t, examples+"/clesaro/policy.yaml")} {
		for _, lang := range []string{"en", "ar"} {
			page, doc, plain := read(t, p, lang, "statement.html"), read(t, p, lang, "statement.md"), read(t, p, lang, "statement.txt")
			for _, c := range p.Clauses {
				if strings.Count(page, `<article class="clause" id="`+c.ID+`">`) != 1 || strings.Count(doc, `<a id="`+c.ID+`"></a>`) != 1 || strings.Count(plain, "["+c.ID) != 1 {
					t.Errorf("clause %s of %s is not there once in %s", c.ID, name, lang)
				}
			}
		}
	}
}

// TestWhatNothingMeasuresIsMarked: a promise is shown as one, never as kept.
func TestWhatNothingMeasuresIsMarked(t *testing.T) {
	p := whole(t)
	p.Clauses = append(p.Clauses, policy.Clause{ID: "acme-bare", Section: "Security", Text: "We care."})
	const mark, open = "Not measured yet", "Open point"
	doc := read(t, p, "en", "statement.md")
	for id, want := range map[string][2]bool{
		"acme-tls": {false, false}, "acme-passwords": {true, false}, "acme-bare": {true, false}, "acme-risk": {false, false}, "acme-sub-processors": {true, true},
	} {
		said := about(t, doc, id)
		if got := [2]bool{strings.Contains(said, mark), strings.Contains(said, open)}; got != want {
			t.Errorf("%s is marked as unmeasured, open: %v, want %v", id, got, want)
		}
	}
	if !strings.Contains(section(t, doc, "Open"), "yet Modeller hosts the language model") {
		t.Error("the reason of the known finding is not published")
	}
	o := options("en")
	o.Controls = nil
	f, err := publish.One(p, "statement.md", o)
	if err != nil {
		t.Fatal(err)
	}
	if said := about(t, string(f.Bytes), "acme-tls"); !strings.Contains(said, mark) {
		t.Error("where nobody says which controls run, a clause passes for measured")
	}
}

// TestNoSubProcessorIsHidden: who hosts a model is listed, whatever a clause says.
func TestNoSubProcessorIsHidden(t *testing.T) {
	for _, lang := range []string{"en", "ar"} {
		list := section(t, read(t, whole(t), lang, "sub-processors.md"), "List")
		for _, want := range []string{"Sendit GmbH", "Modeller Inc.", "Large-4", "Standard contractual clauses of 2021", "> "} {
			if !strings.Contains(list, want) {
				t.Errorf("%s: the list does not say %q:\n%s", lang, want, list)
			}
		}
		if none := map[string]string{"en": "None is recorded", "ar": "لم تُسجَّل أي ضمانة"}[lang]; !strings.Contains(list, none) {
			t.Errorf("%s: that no safeguard of a transfer is recorded is not said", lang)
		}
		if strings.Contains(list, "courts") {
			t.Errorf("%s: the courts are no sub-processor", lang)
		}
	}
	p := whole(t)
	p.Known = append(p.Known, policy.Known{Finding: "old-news", About: []string{"acme-location"}, Reason: "Elsewhere."}, policy.Known{Finding: "all-over", Reason: "Everywhere."})
	if open := section(t, read(t, p, "en", "sub-processors.md"), "Open"); !strings.Contains(open, "Modeller hosts") || strings.Contains(open, "where.") {
		t.Errorf("the open points of the list are %s", open)
	}
	if open := section(t, read(t, p, "en", "statement.md"), "Open"); !strings.Contains(open, "Elsewhere. ([acme-location]") || !strings.Contains(open, "- Everywhere.\n") {
		t.Errorf("the open points of the statement are %s", open)
	}
	for name, p := range map[string]*policy.Policy{"clari": load(t, examples+"/clari/policy.yaml")} {
		list := section(t, read(t, p, "en", "sub-processors.md"), "List")
		for _, m := range p.Models {
			r, ok := p.Recipient(m.Recipient)
			if !ok || !strings.Contains(list, r.Name) {
				t.Errorf("the host of %s is not on the list of %s", m.Name, name)
			}
		}
	}
}

func TestNoSubProcessorsIsSaidInSoManyWords(t *testing.T) {
	p := whole(t)
	p.Recipients, p.Models = nil, nil
	list := section(t, read(t, p, "en", "sub-processors.md"), "List")
	if !strings.Contains(list, "names nobody who processes personal data") || strings.Contains(list, "|") {
		t.Errorf("the list is %s", list)
	}
	if got := read(t, p, "en", "statement.md"); !strings.Contains(got, "names no language model") || !strings.Contains(got, "names nobody who is given personal data") {
		t.Error("the statement does not say that nobody gets data, and no model")
	}
}

func TestTheCookieStatementSaysWhoIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*policy.Policy)
		want   string
	}{
		"some need consent":    {func(*policy.Policy) {}, "[theme](<#cookie.theme>) and [\\_count](<#cookie.counter>)"},
		"one, necessary":       {func(p *policy.Policy) { p.Cookies = p.Cookies[:1] }, "The only cookie is strictly necessary. The law asks no consent for it, so there is no banner."},
		"none is named":        {func(p *policy.Policy) { p.Cookies = nil }, "The policy names no cookie."},
		"necessary, not named": {func(p *policy.Policy) { p.Cookies = nil; p.Clauses[8].Keep[0].Control = "cookies-only-necessary" }, "Only strictly necessary cookies are promised."},
	} {
		p := whole(t)
		c.change(p)
		if got := section(t, read(t, p, "en", "cookies.md"), "Consent"); !strings.Contains(got, c.want) {
			t.Errorf("%s: it says %s", name, got)
		}
	}
	p := whole(t)
	p.Cookies, p.Clauses = nil, p.Clauses[:1]
	if _, err := publish.One(p, "cookies.html", options("en")); !fault.Is(err, fault.NotFound) {
		t.Errorf("a policy that says nothing of cookies: %v", err)
	}
	list := section(t, read(t, whole(t), "en", "cookies.md"), "List")
	for _, want := range []string{"365 days", "2 days", "Until the browser is closed", "Another site", "Signed: a forged value is refused<br>Hidden from scripts<br>Over encrypted connections only"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
}

// TestEveryFigureIsThePolicys changes each figure, and looks for the new one.
func TestEveryFigureIsThePolicys(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		change func(*policy.Policy)
		gone   string
		now    string
	}{
		"backups":   {func(p *policy.Policy) { p.Backups.Horizon = 33 * day }, "21 days", "then at most 40 days in backups"},
		"retention": {func(p *policy.Policy) { p.Data[1].Keep = 77 * day }, "90 days", "For 77 days, then at most 21 days in backups"},
		"effective": {func(p *policy.Policy) { p.Effective = time.Date(2027, 8, 9, 0, 0, 0, 0, time.UTC) }, "1 April 2026", "9 August 2027"},
		"tls":       {func(p *policy.Policy) { p.Clauses[0].Keep[0].Params["minimum"] = "1.3" }, "TLS 1.2 or higher |", "TLS 1.3 or higher |"},
		"rights": {func(p *policy.Policy) {
			p.Clauses[6].Keep[0].Params["within"] = policy.Term{Form: policy.Within, Count: 9, Unit: policy.Day}
		}, "within 1 month", "answered within 9 days"},
		"basis":      {func(p *policy.Policy) { p.Purposes[0].Basis = policy.PublicTask }, "contract (1)", "a public task (1)"},
		"recipients": {func(p *policy.Policy) { p.Purposes[1].Recipients = []string{"court"} }, "| Consent | [Sendit GmbH]", "| Consent | [The courts of Dubai]"},
		"expiry":     {func(p *policy.Policy) { p.Attestations[0].Expires = published.Add(-day) }, "Until 30 April 2028", "Expired on 20 November 2026"},
		"last day":   {func(p *policy.Policy) { p.Attestations[0].Expires = published }, "Until 30 April 2028", "Until 21 November 2026"},
		"memory":     {func(p *policy.Policy) { p.Data[2].Storage = policy.Stored }, "In memory only, in no backup", "While the account is active"},
		"idle":       {func(p *policy.Policy) { p.Purposes = p.Purposes[:4] }, "| Security |", "No purpose: nobody can read it"},
	} {
		p := whole(t)
		before := read(t, p, "en", "statement.md")
		c.change(p)
		after := read(t, p, "en", "statement.md")
		if !strings.Contains(before, c.gone) && name != "idle" {
			t.Errorf("%s: before, it does not say %q", name, c.gone)
		}
		if strings.Contains(after, c.gone) || !strings.Contains(after, c.now) {
			t.Errorf("%s: it says %q: %v, %q: %v", name, c.gone, strings.Contains(after, c.gone), c.now, strings.Contains(after, c.now))
		}
	}
}

// TestTransfersAreRecorded: GDPR art. 30(1)(e), of what leaves the countries where data is stored.
func TestTransfersAreRecorded(t *testing.T) {
	p := whole(t)
	p.Clauses[5].Keep[0].Params["regions"] = []string{"dubai"}
	doc := read(t, p, "en", "processing-record.csv")
	for _, want := range []string{"Sendit GmbH: Germany; safeguard: Standard contractual clauses of 2021", "Modeller Inc.: Singapore and Brazil; no safeguard is recorded"} {
		if !strings.Contains(doc, want) {
			t.Errorf("the record does not say %q", want)
		}
	}
	if page := read(t, p, "en", "processing-record.html"); !strings.Contains(page, "article 30(2)") || !strings.Contains(page, "Each customer is the controller") {
		t.Error("a processor's record is not that of art. 30(2)")
	}
	p.Organisation.Role = "controller"
	if page := read(t, p, "en", "processing-record.html"); !strings.Contains(page, "article 30(1)") || strings.Contains(page, "Each customer is the controller") {
		t.Error("a controller's record is not that of art. 30(1)")
	}
}

// TestOtherLanguagesAreMarked: what is not translated says in which language it is.
func TestOtherLanguagesAreMarked(t *testing.T) {
	page := read(t, whole(t), "ar", "statement.html")
	for _, want := range []string{
		`<html lang="ar" dir="rtl">`, `<p lang="en" dir="ltr">Passwords are hashed.</p>`, `هذا البند متاح باللغة التالية فقط: الإنجليزية.`,
		`<bdi lang="en" dir="ltr">Calls | recorded</bdi>`, `<p>كل ما بينك وبيننا مشفَّر بإصدار TLS 1.2 أو أحدث.</p>`, `<bdi>privacy@acme.example</bdi>`, `العملاء`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	p := whole(t)
	p.Language = "ar"
	page = read(t, p, "en", "statement.html")
	for _, want := range []string{`<html lang="en" dir="ltr">`, `<p lang="ar" dir="rtl">Passwords are hashed.</p>`, `This clause is there in Arabic only.`} {
		if !strings.Contains(page, want) {
			t.Errorf("of a policy in Arabic, the page does not hold %s", want)
		}
	}
}
