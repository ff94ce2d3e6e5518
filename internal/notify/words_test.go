package notify_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

// ours are the facts that every message has.
var ours = strings.Fields("name organisation contact website organisation_address officer officer_contact authority authority_url")

// wordsOf is a file of words: head and body.
func wordsOf(t *testing.T, language, name string) (head map[string]string, body string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("words", language, name))
	if err != nil {
		t.Fatal(err)
	}
	top, body, _ := strings.Cut(string(src), "\n\n")
	head = map[string]string{}
	for line := range strings.Lines(top) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			t.Fatalf("%s/%s: %q is no line of a head", language, name, line)
		}
		head[key] = strings.TrimSpace(value)
	}
	return head, body
}

var placeholder = regexp.MustCompile(`\.([a-z_]+)|\{\{template "([a-z]+)"`)

func placeholders(s string) (all []string) {
	for _, action := range regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(s, -1) {
		for _, m := range placeholder.FindAllStringSubmatch(action, -1) {
			all = append(all, m[1]+m[2])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Both languages say the same things: the same files, the same details, the same places for them; and
// each detail that is named is used, and each that is used is named.
func TestBothLanguagesSayTheSame(t *testing.T) {
	names := func(language string) (all []string) {
		files, err := fs.Glob(os.DirFS("words"), language+"/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			all = append(all, filepath.Base(f))
		}
		return all
	}
	if en, ar := names("en"), names("ar"); !slices.Equal(en, ar) {
		t.Fatalf("files: %q and %q", en, ar)
	}
	for _, name := range notify.Templates() {
		en, enBody := wordsOf(t, "en", name+".txt")
		ar, arBody := wordsOf(t, "ar", name+".txt")
		if en["Needs"] != ar["Needs"] || en["May"] != ar["May"] || en["Needs"] == "" || en["Subject"] == "" || ar["Subject"] == "" {
			t.Errorf("%s: heads %q and %q", name, en, ar)
		}
		if a, b := placeholders(en["Subject"]), placeholders(ar["Subject"]); !slices.Equal(a, b) {
			t.Errorf("%s: subjects with %q and %q", name, a, b)
		}
		a, b := placeholders(enBody), placeholders(arBody)
		if !slices.Equal(a, b) {
			t.Errorf("%s: bodies with %q and %q", name, a, b)
		}
		declared := append(strings.Fields(en["Needs"]), strings.Fields(en["May"])...)
		used := append(a, placeholders(en["Subject"])...)
		for _, p := range used {
			if !slices.Contains(declared, p) && !slices.Contains(ours, p) && !slices.Contains([]string{"greeting", "closing", "complaint"}, p) {
				t.Errorf("%s uses %q, which it does not name", name, p)
			}
		}
		for _, p := range declared {
			if !slices.Contains(used, p) {
				t.Errorf("%s names %q, which it does not use", name, p)
			}
		}
	}
	if a, b := terms(t, "en"), terms(t, "ar"); !slices.Equal(a, b) {
		t.Errorf("terms %q and %q", a, b)
	}
	if a, b := commons(t, "en"), commons(t, "ar"); !slices.Equal(a, b) {
		t.Errorf("common parts with %q and %q", a, b)
	}
}

func terms(t *testing.T, language string) (ids []string) {
	src, err := os.ReadFile("words/" + language + "/terms.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(src)) {
		id, name, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok || name == "" {
			t.Errorf("%s: %q is no term", language, line)
		}
		ids = append(ids, id)
	}
	return ids
}

func commons(t *testing.T, language string) []string {
	src, err := os.ReadFile("words/" + language + "/common.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	return placeholders(string(src))
}

// The sorts of messages that are needed are there, with every detail and with none but the needed, in
// both languages, and nothing shows of how they are made.
func TestEveryMessageReads(t *testing.T) {
	for _, name := range strings.Fields("clock alert request-received request-identity request-extended request-answered request-refused request-withdrawn erasure-confirmation breach-people breach-authority policy-change disclosure-notice legal-demand written-notice grant-used") {
		if !slices.Contains(notify.Templates(), name) {
			t.Errorf("there are no words for %s", name)
		}
	}
	bare, err := notify.NewLibrary(&policy.Policy{Organisation: policy.Organisation{Name: "Acme", Contact: "privacy@acme.example"}})
	if err != nil {
		t.Fatal(err)
	}
	p := clesaro(t)
	p.Organisation.Officer = policy.Party{Name: "Ada", Contact: "dpo@clesaro.example"}
	full, err := notify.NewLibrary(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range notify.Templates() {
		head, _ := wordsOf(t, "en", name+".txt")
		for _, language := range []string{"en", "ar"} {
			for _, all := range []bool{false, true} {
				m := notify.Message{Template: name, Language: language, Details: map[string]string{}}
				for _, key := range strings.Fields(head["Needs"]) {
					m.Details[key] = "2026-11-05"
				}
				library, who := bare, ""
				if all {
					library, who = full, "Zoe"
					for _, key := range strings.Fields(head["May"]) {
						m.Details[key] = "2026-11-05"
					}
				}
				w, err := library.Render(&m, who)
				if err != nil {
					t.Fatal(err)
				}
				reads(t, name, language, w)
				if all && name != "clock" && name != "alert" && name != "breach-authority" && !strings.Contains(w.Text, "Zoe") {
					t.Errorf("%s/%s greets nobody: %s", language, name, w.Text)
				}
			}
		}
	}
}

// reads checks what holds of every message.
func reads(t testing.TB, name, language string, w notify.Words) {
	t.Helper()
	if w.Language != language || w.Subject == "" || strings.TrimSpace(w.Subject) != w.Subject || strings.ContainsFunc(w.Subject, unicode.IsControl) || len([]rune(w.Subject)) > 150 {
		t.Errorf("%s/%s: the subject is %q in %s", language, name, w.Subject, w.Language)
	}
	for _, bad := range []string{"<no value>", "{{", "}}", "\n\n\n", "  ", "map[", "\r", "\x00"} {
		if strings.Contains(w.Text+w.Subject, bad) {
			t.Errorf("%s/%s shows %q: %s", language, name, bad, w.Text)
		}
	}
	if !strings.HasSuffix(w.Text, "\n") || strings.HasPrefix(w.Text, "\n") {
		t.Errorf("%s/%s: %q", language, name, w.Text)
	}
	html, err := w.HTML()
	if err != nil || strings.Contains(html, "<script") || strings.Contains(html, "http-equiv") {
		t.Errorf("%s/%s: %v, %s", language, name, err, html)
	}
}

// A breach is told as GDPR art. 34(2) asks: its nature in plain words, whom to ask, the consequences, and
// the measures.
func TestBreachToldToPeople(t *testing.T) {
	p := clesaro(t)
	p.Organisation.Officer = policy.Party{Name: "Ada", Contact: "dpo@clesaro.example"}
	l, err := notify.NewLibrary(p)
	if err != nil {
		t.Fatal(err)
	}
	w, err := l.Render(&notify.Message{Template: "breach-people", Language: "en-GB", Details: map[string]string{
		"incident": "inc_1", "happened": "2026-11-01T22:00:00+04:00", "nature": "A copy of our mail list was taken.", "data": "your email address",
		"consequences": "You may get mail that pretends to be from us.", "measures": "We closed the hole.", "advice": "Follow no link in such mail.",
		"organisation": "Somebody else"}}, "Zoe")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Dear Zoe,", "1 November 2026, 22:00 UTC+04:00", "What happened: A copy of our mail list was taken.", "Which of your data: your email address", "What it can mean for you: You may",
		"doing: We closed the hole.", "What you can do: Follow", "inc_1", "Ada: dpo@clesaro.example", "privacy@clesaro.example", "UAE Data Office", "\nClesaro\n"} {
		if !strings.Contains(w.Text, want) {
			t.Errorf("it does not say %q:\n%s", want, w.Text)
		}
	}
	if strings.Contains(w.Text, "Somebody else") {
		t.Error("a detail took the place of who it is from")
	}
}

// A language that we do not write is written in English, a dialect as its language.
func TestLanguages(t *testing.T) {
	for tag, want := range map[string]string{"": "en", "en": "en", "en-GB": "en", "ar": "ar", "ar-AE": "ar", "AR": "ar", "fr": "en", "../ar": "en"} {
		w, err := library(t).Render(&notify.Message{Template: "request-received", Language: tag, Details: map[string]string{"request": "r", "right": "erasure"}}, "")
		if err != nil || w.Language != want {
			t.Errorf("%q is told in %q, %v", tag, w.Language, err)
		}
	}
}

// Whatever details and names hold, a message stays what it is: one subject line, text, a page without
// markup of others.
func FuzzRender(f *testing.F) {
	for _, s := range []string{"req_1", "a\r\nBcc: eve@example.com", "<script>alert(1)</script>", "\u202e\u2066evil", "{{.contact}}", "\x00\xff", "2026-11-05", strings.Repeat("long ", 1000), "a\n\n\n\nb", "www.evil.example"} {
		f.Add(s, s, "ar")
	}
	l, err := notify.NewLibrary(&policy.Policy{Organisation: policy.Organisation{Name: "Acme", Contact: "privacy@acme.example"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, detail, name, language string) {
		for _, template := range notify.Templates() {
			m := notify.Message{Template: template, Language: language, Details: map[string]string{}}
			for _, key := range []string{"request", "right", "what", "duty", "clause", "title", "text", "incident", "nature", "measures", "due", "link", "organisation", "name"} {
				m.Details[key] = detail
			}
			w, err := l.Render(&m, name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(w.Subject, "\r\n\x00") || len([]rune(w.Subject)) > 150 || strings.ContainsAny(w.Text, "\r\x00\u202e\u2066\u2028") {
				t.Fatalf("subject %q, text %q", w.Subject, w.Text)
			}
			html, err := w.HTML()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(html, "<") != strings.Count(w.Text, "\n\n")*2+strings.Count(strings.ReplaceAll(strings.TrimSpace(w.Text), "\n\n", ""), "\n")+2+10 {
				t.Fatalf("the page has other marks than ours: %s", html)
			}
		}
	})
}
