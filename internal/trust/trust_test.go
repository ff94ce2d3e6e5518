package trust_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/trust"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func statuses(p *policy.Policy) []api.ClauseStatus {
	proven, since := now.Add(-90*time.Minute), now.Add(-72*time.Hour)
	states := []string{api.StateKept, api.StateUnkept, api.StateAtRisk, api.StateBroken, api.StateStated, api.StateAttested}
	var all []api.ClauseStatus
	for i, c := range p.Clauses {
		s := api.ClauseStatus{Clause: c.ID, Section: c.Section, Text: c.Text, State: states[i%len(states)], Reasons: []string{"Seen by a probe."}}
		for _, k := range c.Keep {
			s.Controls = append(s.Controls, k.Control)
		}
		if s.State == api.StateKept {
			s.Proven, s.Since = &proven, &since
		}
		all = append(all, s)
	}
	return all
}

func serve(t *testing.T, p *policy.Policy, of func(context.Context) ([]api.ClauseStatus, error)) *httptest.Server {
	t.Helper()
	h, err := trust.New(trust.Config{Policy: p, Statuses: of, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}

// What is announced is shown with its day and in sentences, text as text; what is in force is not news.
func TestWhatWillChangeIsShown(t *testing.T) {
	p := apptest.Parse(t, nil)
	versions := []api.PolicyVersion{{ID: "pv_0", Version: "this", State: "in-force", Changes: []string{"Old news."}},
		{ID: "pv_1", Version: "next", State: "announced", First: "2026-12-24", Changes: []string{"Requests go to <b>dpo</b>.", "Less is kept."}}}
	h, err := trust.New(trust.Config{Policy: p, Now: func() time.Time { return now },
		Statuses: func(context.Context) ([]api.ClauseStatus, error) { return statuses(p), nil },
		Versions: func(context.Context) ([]api.PolicyVersion, error) { return versions, nil }})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	r, body := get(t, s.URL+"/")
	for _, want := range []string{`<section aria-labelledby="pv_1">`, `<h2 id="pv_1">What will change</h2>`, `<time datetime="2026-12-24">24 December 2026</time>`, "Requests go to &lt;b&gt;dpo&lt;/b&gt;.", "Less is kept."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if strings.Contains(body, "Old news") || !strings.HasPrefix(r.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'") {
		t.Error("what is in force is shown as news, or the page may load things")
	}
	if _, body := get(t, s.URL+"/trust.json"); !strings.Contains(body, `"announced": [`) || strings.Contains(body, "Old news") {
		t.Errorf("as JSON: %s", body)
	}
}

func TestEveryClauseIsShownWithItsState(t *testing.T) {
	p := apptest.Parse(t, nil)
	all := statuses(p)
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return all, nil })
	r, body := get(t, s.URL+"/")
	if r.StatusCode != 200 {
		t.Fatalf("status %d", r.StatusCode)
	}
	labels := map[string]string{
		api.StateKept: "Kept", api.StateUnkept: "Unkept", api.StateAtRisk: "At risk",
		api.StateBroken: "Broken", api.StateStated: "Statement", api.StateAttested: "Attested",
	}
	for _, c := range all {
		_, rest, found := strings.Cut(body, `id="`+c.Clause+`"`)
		if !found {
			t.Errorf("clause %s is not on the page", c.Clause)
			continue
		}
		shown, _, _ := strings.Cut(rest, "</p>")
		if !strings.HasSuffix(shown, labels[c.State]) {
			t.Errorf("clause %s is %s, but the page says %q", c.Clause, c.State, shown)
		}
		if c.State != api.StateKept && strings.Contains(shown, "state kept") {
			t.Errorf("clause %s is shown in the colour of kept ones", c.Clause)
		}
	}
	if !strings.Contains(body, "Last proven") || !strings.Contains(body, "1 hour ago") {
		t.Error("the page does not say when clauses were last proven")
	}
}

// TestHowLongDataIsKept is said as the policy does, not rounded to days.
func TestHowLongDataIsKept(t *testing.T) {
	p := apptest.Parse(t, nil)
	p.Data[0].Keep, p.Data[1].Keep = 36*time.Hour, 0
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return statuses(p), nil })
	if _, body := get(t, s.URL+"/"); !strings.Contains(body, "<td>36 hours</td>") || !strings.Contains(body, "<td>while the account is active</td>") {
		t.Error("the page does not say how long data is kept")
	}
}

func TestThePageLoadsNothingFromElsewhere(t *testing.T) {
	p := apptest.Parse(t, nil)
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return statuses(p), nil })
	r, body := get(t, s.URL+"/")
	if got := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; style-src 'self'") || strings.Contains(got, "script-src") {
		t.Errorf("the content policy is %q", got)
	}
	for _, bad := range []string{"<script", "<img", "<iframe", " style=", "src=", "@import", "url("} {
		if strings.Contains(body, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if _, css := get(t, s.URL+"/trust.css"); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads something")
	}
}

func TestTextFromThePolicyIsEscaped(t *testing.T) {
	p := apptest.Parse(t, nil)
	all := statuses(p)
	all[0].Text = `<script>alert(1)</script>`
	all[0].Reasons = []string{`"><img src=x onerror=alert(1)>`}
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return all, nil })
	if _, body := get(t, s.URL+"/"); strings.Contains(body, "<script>") || strings.Contains(body, "<img") {
		t.Error("text of the policy is not escaped")
	}
}

func TestTheSameAsJSON(t *testing.T) {
	p := apptest.Parse(t, nil)
	all := statuses(p)
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return all, nil })
	_, body := get(t, s.URL+"/trust.json")
	var got trust.Published
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != p.Version || got.Digest != p.Digest || len(got.Clauses) != len(all) {
		t.Errorf("got version %q, %d clauses", got.Version, len(got.Clauses))
	}
	sum := 0
	for _, n := range got.Counts {
		sum += n
	}
	if sum != len(all) {
		t.Errorf("the counts add up to %d, want %d", sum, len(all))
	}
}

func TestUnknownStatusShowsNothingAsKept(t *testing.T) {
	p := apptest.Parse(t, nil)
	s := serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return nil, errors.New("pq: secret path") })
	for _, path := range []string{"/", "/trust.json"} {
		r, body := get(t, s.URL+path)
		if r.StatusCode != 503 || strings.Contains(strings.ToLower(body), "kept") || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q", path, r.StatusCode, body)
		}
	}
}
