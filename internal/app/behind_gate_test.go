package app_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify/notifytest"
)

// TestClesaroBehindTheGate is a person's first hour with Clesaro, in a real browser, before the programs as they are
// run: she joins by the mailed link, comes to the application through the gate, is scored, sees who saw her data, and
// signs out. The application has nothing of its own but the key of the interface.
func TestClesaroBehindTheGate(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		mail, sends := posts(t)
		people, site := free(t), free(t)
		env = append(append(env, sends...), "CLAUSE_PEOPLE="+people, "CLAUSE_PEOPLE_TENANT=acme", "CLAUSE_UPSTREAM=http://"+site)
		p := setUp(t, t.TempDir(), env...)
		s := p.serveAcme(t)
		_, audit := s.application(p.admin, "audit")
		id, key := s.application(p.admin, "data", "subjects")
		runClesaro(t, p.folder, key, "--listen", site, "--server", s.url, "--ca", filepath.Join(p.data, "tls", "cert.pem"), "--tenant", "acme", "--gate", "https://"+people)

		b := browser.Open(t, browser.Look{Width: 400})
		at := func(path string) string { return "https://" + people + path }
		b.Visit(at("/en/"))
		if where := browser.Eval[string](b, "location.pathname"); where != "/account/en/sign-in" {
			t.Fatalf("who is not signed in comes to %s", where)
		}
		b.Visit(at("/account/en/register"))
		fill(b, "identity.first_name", "Layla", "identity.email", "layla@example.com", "born", "1994-03-01", "password", herPassword)
		browser.Eval[bool](b, `document.querySelectorAll("input[name=consent]").forEach(c => { c.checked = true }), true`)
		b.Submit()
		b.Visit(at("/account/en/verify#" + mailedLink(t, mail, "layla@example.com")))
		fill(b, "password", herPassword)
		b.Submit()
		b.Visit(at("/en/plan"))
		fill(b, "monthly_income", "18500")
		b.Submit()
		b.Visit(at("/en/score"))
		if plots := browser.Eval[int](b, `document.querySelectorAll("main svg").length`); plots == 0 {
			t.Errorf("the page of the score has no plot: %.300s", browser.Ask[string](b, "text"))
		}
		b.Visit(at("/ar/"))
		if text := browser.Ask[string](b, "text"); !strings.Contains(text, "Layla") {
			t.Errorf("the first page: %.300s", text)
		}
		if dir := browser.Eval[string](b, "document.documentElement.dir"); dir != "rtl" {
			t.Errorf("in Arabic it goes %s", dir)
		}
		if c := browser.Eval[string](b, "document.cookie"); c != "" {
			t.Errorf("a script reads %q", c)
		}
		// The browser's own pictures, as of a calendar, are no others'.
		if found := slices.DeleteFunc(b.Elsewhere("https://"+people), func(at string) bool { return strings.HasPrefix(at, "data:") }); len(found) > 0 {
			t.Errorf("the pages ask others: %q", found)
		}
		b.Visit(at("/account/en/data"))
		if text := browser.Ask[string](b, "text"); !strings.Contains(text, "layla@example.com") || !strings.Contains(text, "18500") && !strings.Contains(text, "18,500") {
			t.Errorf("what is held: %.600s", text)
		}
		b.Visit(at("/account/en/"))
		browser.Eval[bool](b, `document.querySelector("form[action$=sign-out] button").focus(), true`)
		b.Submit()
		b.Visit(at("/en/score"))
		if where := browser.Eval[string](b, "location.pathname"); where != "/account/en/sign-in" {
			t.Errorf("after signing out she comes to %s", where)
		}
		reads := 0
		eachEntry(t, s, audit, func(e proof.Entry) {
			if e.Actor == id && e.Kind == "record.read" {
				reads++
			}
		})
		if reads == 0 {
			t.Error("the application's reads are not in the ledger")
		}
	})
}

const herPassword = "seven green camels by the creek"

// free is an address of this machine that nothing listens at. Its port is none of those that the machine hands to
// whoever asks for any, so that nobody is given it meanwhile.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		if at, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12_000+rand.IntN(20_000))); err == nil {
			defer func() { _ = at.Close() }()
			return at.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// runClesaro runs Clesaro's application until the test ends.
func runClesaro(t *testing.T, folder, key string, args ...string) {
	t.Helper()
	path, err := clesaro()
	if err != nil {
		t.Fatalf("Clesaro's application cannot be built: %v", err)
	}
	file := filepath.Join(folder, "app.key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	run := exec.Command(path, append(args, "--key-file", file)...)
	run.Stderr = &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill()
		_ = run.Wait()
		if t.Failed() {
			t.Logf("the application said:\n%s", said.String())
		}
	})
}

// fill types into the fields of a form, each named before its value, and stays in the last of them.
func fill(b *browser.Page, fields ...string) {
	for i := 0; i+1 < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		browser.Eval[bool](b, fmt.Sprintf(`(f => { f.value = %s; f.focus(); return true })(document.getElementsByName(%s)[0])`, strconv.Quote(value), strconv.Quote(name)))
	}
}

var codeInMail = regexp.MustCompile(`verify#([A-Za-z0-9-]+)`)

// mailedLink waits for the mail by which an address is verified, and reads the link's code.
func mailedLink(t *testing.T, mail *notifytest.Sink, to string) string {
	t.Helper()
	for until := time.Now().Add(startWithin); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		for _, m := range mail.Took() {
			text := strings.ReplaceAll(m.Body, "=\r\n", "") // quoted-printable
			if found := codeInMail.FindStringSubmatch(text); found != nil && len(m.To) == 1 && m.To[0] == to {
				return found[1]
			}
		}
	}
	t.Fatalf("no mail with a code came to %s", to)
	return ""
}
