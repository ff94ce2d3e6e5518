package app_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/ledger/proof"
)

const rightsClause = "clesaro-rights"

// A person uses their rights through a company's application: a request is opened, acknowledged, answered;
// the package is fetched by its link, once; what was promised of it is the clause's state.
func TestRightsAtTheDoor(t *testing.T) { engines(t, rightsAtTheDoor) }

func rightsAtTheDoor(t *testing.T, o apptest.Options) {
	o.Beat, o.Engine = apptest.Quick, alone(rightsClause)
	s := apptest.Start(t, o)
	s.App.Evidence.MaxAge = 365 * 24 * time.Hour
	if _, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now); err != nil {
		t.Fatal(err)
	}
	proven := func(want evidence.State) {
		t.Helper()
		if got := stateOf(t, s, rightsClause); got != want {
			t.Errorf("the clause is %s, want %s", got, want)
		}
	}
	proven(evidence.Kept)
	admin := s.Client(t, s.Application(t, nil, "admin"))
	for _, tenant := range []string{"acme", "other"} {
		if _, err := admin.CreateTenant(t.Context(), newTenant(tenant)); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Client(t, s.Application(t, []string{"acme"}, "data", "subjects", "rights"))
	person, err := c.CreateSubject(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	identity := client.Target{Tenant: "acme", Subject: person, DataSet: "identity", Purpose: "account"}
	if _, err := c.Create(t.Context(), identity, map[string]any{"first_name": "Amal", "email": "amal@example.com"}); err != nil {
		t.Fatal(err)
	}
	r, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: person, Right: "access", Language: "ar"})
	if err != nil || r.Due == nil || len(r.Clocks) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	s.Clock.Move(r.Due.Sub(s.Clock.Now()) + time.Hour)
	proven(evidence.Broken) // nobody answered in time
	if r, err = c.Acknowledge(t.Context(), "acme", r.ID); err != nil || r.State != "in-progress" {
		t.Errorf("%+v, %v", r, err)
	}
	answer, err := c.Answer(t.Context(), "acme", r.ID)
	if err != nil || answer.Request.State != "answered" || !answer.Request.Late {
		t.Fatalf("%+v, %v", answer, err)
	}
	proven(evidence.Kept)
	anybody := s.Client(t, "")
	look, err := s.App.System(s.Door).HTTP.Head(s.Door.URL + answer.Link) // mail programs do
	if err != nil || look.StatusCode != http.StatusOK {
		t.Fatalf("a look at the link: %v, %v", look, err)
	}
	body, err := anybody.Download(t.Context(), answer.Link)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(body)
	if err != nil || body.Close() != nil {
		t.Fatal(err)
	}
	checkArchive(t, s, archive)
	for name, row := range map[string]struct {
		do     func() error
		status int
	}{
		"the link again": {func() error { _, err := anybody.Download(t.Context(), answer.Link); return err }, http.StatusNotFound},
		"a link made up": {func() error { _, err := anybody.Download(t.Context(), "/download/acme.x"); return err }, http.StatusNotFound},
		"another tenant's request": {func() error {
			_, err := s.Client(t, s.Application(t, []string{"other"}, "rights")).Request(t.Context(), "other", r.ID)
			return err
		}, http.StatusNotFound},
		"another tenant": {func() error {
			_, err := s.Client(t, s.Application(t, []string{"other"}, "rights")).Request(t.Context(), "acme", r.ID)
			return err
		}, http.StatusForbidden},
		"without the scope": {func() error {
			_, err := s.Client(t, s.Application(t, []string{"acme"}, "duties", "subjects")).Answer(t.Context(), "acme", r.ID)
			return err
		}, http.StatusForbidden},
		"refusing what is done": {func() error { _, err := c.Refuse(t.Context(), "acme", r.ID, "excessive"); return err }, http.StatusConflict},
		"a ground of nobody's":  {func() error { _, err := c.Refuse(t.Context(), "acme", r.ID, "no-time"); return err }, http.StatusBadRequest},
		"more time":             {func() error { _, err := c.Extend(t.Context(), "acme", r.ID, "complexity"); return err }, http.StatusConflict},
		"nobody's right": {func() error {
			_, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: "sub_none", Right: "access"})
			return err
		}, http.StatusNotFound},
	} {
		var problem *client.Problem
		if err := row.do(); !errors.As(err, &problem) || problem.Status != row.status {
			t.Errorf("%s: %v, want status %d", name, err, row.status)
		}
	}
	var open []api.Request
	for r, err := range c.Requests(t.Context(), "acme", "open") {
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, r)
	}
	if len(open) != 0 {
		t.Errorf("open are %+v", open)
	}
}

func stateOf(t *testing.T, s *apptest.Server, clause string) evidence.State {
	t.Helper()
	statuses, err := s.App.Evidence.Statuses(t.Context(), s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range statuses {
		if st.Clause.ID == clause {
			return st.State
		}
	}
	t.Fatalf("there is no clause %s", clause)
	return ""
}

// checkArchive opens a package as the person would.
func checkArchive(t *testing.T, s *apptest.Server, archive []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"data.json": "amal@example.com", "data/identity.csv": "amal@example.com", "index.html": `dir="rtl"`, "about.json": "UAE Data Office",
	} {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(f); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q: %v", name, want, err)
		}
	}
	f, err := z.Open("ledger.json")
	if err != nil {
		t.Fatal(err)
	}
	if report, err := proof.VerifyExcerpt(f, s.App.Ledger.VerifierKey("acme"), nil); err != nil || report.Entries < 5 {
		t.Errorf("the ledger's part: %+v, %v", report, err)
	}
}

// TestClarusCorrectionIsKept: a policy that leaves the time to the law, and names none, has its clause kept.
func TestClarusCorrectionIsKept(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(apptest.Root(t, "examples/clarus/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := apptest.Start(t, apptest.Options{Policy: source, Beat: apptest.Quick, Engine: alone("clarus-correction")})
	records, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Clause == "clarus-correction" && r.Finding.Outcome != "kept" {
			t.Errorf("%s %q", r.Finding.Summary, r.Finding.Facts)
		}
	}
	if got := stateOf(t, s, "clarus-correction"); got != evidence.Kept {
		t.Errorf("the clause is %s", got)
	}
}

// TestKilledWhileErasing kills a server while it answers requests for erasure. The next one finishes what
// was begun: every request that was begun is answered, and its person is gone.
func TestKilledWhileErasing(t *testing.T) {
	t.Parallel()
	const people = 60
	p := setUp(t, t.TempDir())
	s := p.serveAcme(t)
	_, key := s.application(p.admin, "data", "subjects", "rights")
	c := s.client(key)
	requests := map[string]string{} // request to person
	for range people {
		person, err := c.CreateSubject(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.OpenRequest(t.Context(), "acme", api.NewRequest{Subject: person, Right: "erasure"})
		if err != nil {
			t.Fatal(err)
		}
		requests[r.ID] = person
	}
	var mu sync.Mutex
	told := map[string]bool{}
	var working sync.WaitGroup
	slots := make(chan struct{}, 8)
	for id := range requests {
		working.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if _, err := c.Answer(t.Context(), "acme", id); err == nil {
				mu.Lock()
				defer mu.Unlock()
				told[id] = true
			}
		})
	}
	for until := time.Now().Add(startWithin); time.Now().Before(until); time.Sleep(time.Millisecond) {
		mu.Lock()
		n := len(told)
		mu.Unlock()
		if n >= people/4 {
			break
		}
	}
	s.kill()
	working.Wait()
	s = p.serve(t)
	c = s.client(key)
	answered := 0
	for id, person := range requests {
		var r api.Request
		var err error
		for until := time.Now().Add(startWithin); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			if r, err = c.Request(t.Context(), "acme", id); err != nil || r.State != "carrying-out" {
				break
			}
		}
		_, gone := c.Standing(t.Context(), "acme", person)
		switch {
		case err != nil:
			t.Fatal(err)
		case r.State == "answered":
			answered++
			if gone == nil || r.Subject != "" || r.Late {
				t.Errorf("a request is answered, and its person there: %+v", r)
			}
		case r.State != "received" || gone != nil || told[id]:
			t.Errorf("a request is %s, told %v, its person gone: %v", r.State, told[id], gone)
		}
	}
	t.Logf("of %d requests %d were told to be answered when the server was killed, %d are", people, len(told), answered)
	if answered < len(told) {
		t.Errorf("%d were told to be answered, %d are", len(told), answered)
	}
}
