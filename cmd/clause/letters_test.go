package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/notify/notifytest"
)

// post is a mail server for the stories.
type post struct {
	t    *testing.T
	sink map[string]*notifytest.Sink // by the story's folder
}

// start is "mailserver": it starts a mail server of this machine, and sets $SMTP to its address.
func (p post) start(ts *testscript.TestScript, _ bool, _ []string) {
	s := notifytest.Listen(p.t, false)
	p.sink[ts.Getenv("WORK")] = s
	ts.Setenv("SMTP", "smtp://"+s.At)
}

// returned is "returned FILE": it waits for a mail, and writes what a mail server sends back for the newest one.
func (p post) returned(ts *testscript.TestScript, _ bool, args []string) {
	s := p.sink[ts.Getenv("WORK")]
	for range 1200 {
		if got := s.Took(); len(got) > 0 {
			last := got[len(got)-1]
			head, _, _ := strings.Cut(last.Body, "\r\n\r\n")
			ts.Check(os.WriteFile(ts.MkAbs(args[0]), fmt.Appendf(nil, "From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
				"--b\r\nContent-Type: text/plain\r\n\r\nNobody of that name.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"+
				"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n%s\r\n\r\n--b--\r\n", last.From, last.To[0], head), 0o600))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("no mail was sent")
}

// pathless is "pathless command…": it runs a command of the PATH that finds no other there.
func pathless(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.Getenv("PATH")
	program, err := exec.LookPath(args[0])
	for _, dir := range filepath.SplitList(path) {
		if found := filepath.Join(dir, args[0]); err != nil {
			if _, err = os.Stat(found); err == nil {
				program = found
			}
		}
	}
	ts.Check(err)
	ts.Setenv("PATH", "")
	err = ts.Exec(program, args[1:]...)
	ts.Setenv("PATH", path)
	ts.Check(err)
}

// isPDF is "pdf FILE": it wants one page of PDF, which its user alone can read.
func isPDF(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	content, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.HasPrefix(content, []byte("%PDF-")) || !bytes.Contains(content, []byte("/Count 1")) || info.Mode().Perm() != 0o600 {
		ts.Fatalf("%d bytes of mode %v are no page of PDF of ours", len(content), info.Mode())
	}
}

// A letter in Arabic and one in English, of the sorts that people get, become PDF in which the words are set in
// a font that has them.
func TestLettersBecomePDF(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := (&lettersPrintCmd{To: folder}).printer(&env{Stderr: os.Stderr})
	if err != nil || p.chromium == "" {
		t.Fatalf("no chromium was found: install it with apt-get install chromium (%v)", err)
	}
	words := letterWords(t)
	for _, language := range []string{"en", "ar"} {
		html := letterIn(t, words, language)
		pdf, err := p.pdf(t.Context(), []byte(html))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(pdf, []byte("/FontFile2")) || len(pdf) < 10_000 {
			t.Errorf("%s: %d bytes of PDF hold no font", language, len(pdf))
		}
		keepPDF(t, language, html, pdf)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 0 {
		t.Errorf("printing left %v, %v", left, err)
	}
}

// A letter in Arabic runs from the right, its letters join, and nothing in it loads anything or overflows.
func TestArabicLettersJoin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "letter.html")
	if err := os.WriteFile(file, []byte(letterIn(t, letterWords(t), "ar")), 0o600); err != nil {
		t.Fatal(err)
	}
	p := browser.Open(t, browser.Look{Width: 800, Print: true})
	p.Visit("file://" + file)
	const widths = `(() => {
		const width = (text) => {
			const span = document.createElement("span");
			span.textContent = text;
			document.querySelector("h1").append(span);
			const wide = span.getBoundingClientRect().width;
			span.remove();
			return wide;
		};
		return [width("بياناتك"), width([..."بياناتك"].join("\u200c"))];
	})()`
	if w := browser.Eval[[]float64](p, widths); w[0] <= 0 || w[0] > 0.9*w[1] {
		t.Errorf("a word is %v wide joined, %v with its letters apart", w[0], w[1])
	}
	for what, question := range map[string]string{
		"does not run from the right": `getComputedStyle(document.querySelector("p:last-child")).direction === "rtl"`,
		"begins at the left":          `document.querySelector("address bdi").getBoundingClientRect().right > innerWidth * 0.7`,
		"is wider than the paper":     `document.documentElement.scrollWidth <= innerWidth`,
		"holds a script":              `document.scripts.length === 0`,
	} {
		if !browser.Eval[bool](p, question) {
			t.Errorf("the letter %s", what)
		}
	}
	if said := p.Complaints(); len(said) > 0 || p.Asked() != 1 {
		t.Errorf("the page asks for %d things, the browser complains %q", p.Asked(), said)
	}
}

func letterWords(t *testing.T) *notify.Library {
	t.Helper()
	pol, err := readPolicy(&env{}, "../../examples/clesaro/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	words, err := notify.NewLibrary(pol)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func letterIn(t *testing.T, words *notify.Library, language string) string {
	t.Helper()
	to := map[string]notify.Address{
		"en": {Name: "Zoë Ünal", Postal: "1 High Street, Flat 2\nLondon W1"},
		"ar": {Name: "أمل العلي", Postal: "شارع الوصل 12، شقة 4\nDubai, P.O. Box 5566"},
	}[language]
	w, err := words.Render(&notify.Message{Template: "breach-people", Language: language, Details: map[string]string{
		"incident": "inc_1", "happened": "2026-11-20", "nature": map[string]string{"en": "confidentiality", "ar": "السرية"}[language],
		"data": map[string]string{"en": "Your income, your debts", "ar": "دخلك وديونك"}[language], "consequences": map[string]string{"en": "fraud", "ar": "الاحتيال"}[language],
		"measures": map[string]string{"en": "access was revoked", "ar": "أُلغي الوصول"}[language],
	}}, to.Name)
	if err != nil {
		t.Fatal(err)
	}
	html, err := words.Letter(w, to, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return html
}

// keepPDF saves a letter where people want to look at it: CLAUSE_PICTURES names the folder.
func keepPDF(t *testing.T, name, html string, pdf []byte) {
	t.Helper()
	folder := os.Getenv("CLAUSE_PICTURES")
	if folder == "" {
		return
	}
	for end, content := range map[string][]byte{".html": []byte(html), ".pdf": pdf} {
		if err := os.WriteFile(filepath.Join(folder, "letter-"+name+end), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
