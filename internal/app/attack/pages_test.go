package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest"
)

// markup is what somebody types who would have others run it.
const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`

// paths are the pages of somebody signed in, of accounts and of the application.
var paths = []string{
	"/account/en/", "/account/en/data", "/account/en/consents", "/account/en/requests", "/account/en/trail", "/account/en/notices", "/account/en/security",
	"/account/en/close", "/en/", "/en/score", "/en/spending", "/en/transactions", "/en/plan", "/en/notices",
}

// TestPages has somebody attack the pages by what browsers send: each form as another site would send it, markup in
// each field, addresses that lead away, lines in what becomes a header, and hosts of their choosing.
func TestPages(t *testing.T) {
	t.Parallel()
	s := open(t, scanned)
	b := s.joinAs(ana, "Ana "+markup)
	for _, attack := range []struct {
		name string
		do   func(*testing.T, *scene, *http.Client)
	}{
		{"markup", markupIsText},
		{"forms of other sites", foreignForms}, // of what was entered too
		{"addresses that lead away", openRedirects},
		{"lines in headers", headerLines},
		{"hosts of somebody's choice", foreignHosts},
	} {
		t.Run(attack.name, func(t *testing.T) { attack.do(t, s, b) })
	}
	s.unbroken(100)
}

func (s *scene) ask(t *testing.T, b *http.Client, method, path string, form url.Values, headers ...string) apptest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	return apptest.Ask(t, b, r)
}

var (
	forms   = regexp.MustCompile(`<form[^>]*method="post"[^>]*>`)
	actions = regexp.MustCompile(`action="([^"]*)"`)
)

// foreignForms sends each form that the pages have as another site would have a browser send it (CSRF).
func foreignForms(t *testing.T, s *scene, b *http.Client) {
	var all []string
	for _, path := range paths {
		for _, form := range forms.FindAllString(s.ask(t, b, "GET", path, nil).Body, -1) {
			action := path
			if m := actions.FindStringSubmatch(form); m != nil && m[1] != "" {
				action = m[1]
			}
			all = append(all, action)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < 16 {
		t.Fatalf("the pages have the forms %q only", all)
	}
	for _, action := range all {
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site", "Origin", "https://sister.example"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			a := s.ask(t, b, "POST", action, url.Values{"password": {secret}, "sure": {"yes"}}, headers...)
			if a.Status != http.StatusForbidden && a.Status != http.StatusUnauthorized {
				t.Errorf("%s, sent by another site (%q), is answered %d", action, headers, a.Status)
			}
		}
	}
	if a := s.ask(t, b, "GET", "/account/en/", nil); a.Status != http.StatusOK {
		t.Errorf("another site signed somebody out: %d", a.Status)
	}
}

// markupIsText looks at each page of somebody whose name, debt, goal and spending are markup.
func markupIsText(t *testing.T, s *scene, b *http.Client) {
	once := regexp.MustCompile(`name="once" value="([0-9a-f]{32})"`)
	for path, form := range map[string]url.Values{
		"/en/debts":        {"name": {markup}, "kind": {"card"}, "balance": {"5"}},
		"/en/goals":        {"name": {markup}, "target": {"1000"}, "saved": {"600"}},
		"/en/transactions": {"date": {s.server.Clock.Now().Format("2006-01-02")}, "amount": {"5"}, "direction": {"expense"}, "category": {"other"}, "merchant": {markup}, "description": {markup}},
	} {
		m := once.FindStringSubmatch(s.ask(t, b, "GET", "/en/plan", nil).Body)
		if m == nil {
			t.Fatal("the plan has no form")
		}
		form.Set("once", m[1])
		if a := s.ask(t, b, "POST", path, form, "Sec-Fetch-Site", "same-origin"); a.Status != http.StatusSeeOther {
			t.Fatalf("%s answers %d", path, a.Status)
		}
	}
	for _, right := range []string{"access", "rectification"} {
		s.ask(t, b, "POST", "/account/en/requests", url.Values{"right": {right}, "text": {markup}}, "Sec-Fetch-Site", "same-origin")
	}
	shown := 0
	all := slices.Clone(paths)
	for _, m := range regexp.MustCompile(`href="(/account/en/data/[^"]+)"`).FindAllStringSubmatch(s.ask(t, b, "GET", "/account/en/data", nil).Body, -1) {
		all = append(all, m[1]) // the forms for correcting it
	}
	for _, path := range append(all, "/account/en/sign-in?to=/"+url.QueryEscape(markup), "/account/en/"+url.PathEscape(markup), "/en/spending?month="+url.QueryEscape(markup), "/en/?done="+url.QueryEscape(markup)) {
		a := s.ask(t, b, "GET", path, nil)
		if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "<img src=x") {
			t.Errorf("%s: what somebody typed is markup", path)
		}
		if strings.Contains(a.Body, "&lt;script&gt;alert") {
			shown++
		}
		if csp := a.Header.Get("Content-Security-Policy"); strings.Contains(a.Header.Get("Content-Type"), "html") && (csp == "" || strings.Contains(csp, "script-src 'unsafe-inline'")) {
			t.Errorf("%s: its policy for content is %q", path, csp)
		}
	}
	if shown < 4 {
		t.Errorf("%d pages show what was typed: the attack was not seen through", shown)
	}
}

// openRedirects asks to be sent elsewhere, before signing in and after.
func openRedirects(t *testing.T, s *scene, b *http.Client) {
	for _, to := range []string{
		"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "javascript:alert(1)", "https:evil.example", "http:///evil.example",
		"//evil.example/%2f..", "/%0a/evil.example", "@evil.example", "data:text/html,x", " //evil.example", "/.//evil.example/..//", "///evil.example",
	} {
		q := url.Values{"to": {to}}
		for what, a := range map[string]apptest.Answer{
			"a link, signed in":       s.ask(t, b, "GET", "/account/en/sign-in?"+q.Encode(), nil),
			"a link, whatever speech": s.ask(t, b, "GET", "/account/sign-in?"+q.Encode(), nil),
			"the form":                s.ask(t, s.browser(), "POST", "/account/en/sign-in", url.Values{"login": {ana}, "password": {secret}, "to": {to}}, "Sec-Fetch-Site", "same-origin"),
		} {
			at := a.Header.Get("Location")
			u, err := url.Parse(at)
			if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//") || strings.ContainsAny(at, "\\\t\r\n") {
				t.Errorf("%s to %q leads to %q", what, to, at)
			}
		}
	}
}

// headerLines puts lines into what becomes part of an answer's head.
func headerLines(t *testing.T, s *scene, b *http.Client) {
	const line = "x\r\nSet-Cookie: planted=1\r\nX-Planted: 1"
	for _, path := range []string{
		"/account/sign-in?to=/" + url.QueryEscape(line), "/account/en/sign-in?to=/" + url.QueryEscape(line), "/account/en/consents/" + url.PathEscape(line),
		"/en/transactions?month=" + url.QueryEscape(line), "/?x=" + url.QueryEscape(line),
	} {
		for name, asks := range map[string]*http.Client{"somebody": b, "nobody": s.browser()} {
			a := s.ask(t, asks, "GET", path, nil, "Accept-Language", "en")
			if a.Header.Get("X-Planted") != "" || strings.Contains(fmt.Sprint(a.Header["Set-Cookie"]), "planted") {
				t.Errorf("%s asks for %s: the answer's head is %v", name, path, a.Header)
			}
		}
	}
}

// foreignHosts asks for a new password under names of other hosts: no mail ever leads there.
func foreignHosts(t *testing.T, s *scene, b *http.Client) {
	form := url.Values{"login": {ana}}
	if a := s.ask(t, b, "POST", "/account/en/recover", form, "Sec-Fetch-Site", "same-origin", "Host", "evil.example"); a.Status != http.StatusMisdirectedRequest {
		t.Errorf("under another host it is %d", a.Status)
	}
	s.ask(t, b, "POST", "/account/en/recover", form, "Sec-Fetch-Site", "same-origin", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example", "X-Host", "evil.example")
	_ = s.code()
	if !strings.Contains(s.newest, s.at+"/account/") || strings.Contains(s.newest, "evil.example") {
		t.Errorf("the mail says %q", s.newest)
	}
}
