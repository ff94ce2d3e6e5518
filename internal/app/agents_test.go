package app_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
)

// An authorised agent uses a person's rights at the front door, over a restart of the server: it pairs
// itself, asks, is called back, and collects the package.
func TestAgentsAtTheDoor(t *testing.T) { engines(t, agentsAtTheDoor) }

func agentsAtTheDoor(t *testing.T, o apptest.Options) {
	told := make(chan api.ExerciseStatus, 20)
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var s api.ExerciseStatus
		if json.NewDecoder(r.Body).Decode(&s) == nil && r.URL.Path == "/drp/7" {
			told <- s
		}
	}))
	t.Cleanup(agent.Close)
	o.Folder, o.Beat = t.TempDir(), apptest.Quick
	s := apptest.Start(t, o)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	adminKey := s.Application(t, nil, "admin")
	admin := s.Client(t, adminKey)
	if _, err := admin.CreateTenant(t.Context(), newTenant("acme")); err != nil {
		t.Fatal(err)
	}
	known, err := admin.AddAgent(t.Context(), api.NewAgent{
		Agent: "HELPER", Business: "ACME", Tenant: "acme", Title: "Helper", VerifyKey: base64.StdEncoding.EncodeToString(public), Callback: agent.URL + "/drp",
		Verification: "https://acme.example/me/{request}", Trusts: []string{"email"}, Within: "14 days",
	})
	if err != nil {
		t.Fatal(err)
	}
	key := s.Application(t, []string{"acme"}, "data", "subjects", "rights")
	c := s.Client(t, key)
	person, err := c.CreateSubject(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	identity := client.Target{Tenant: "acme", Subject: person, DataSet: "identity", Purpose: "account"}
	if _, err := c.Create(t.Context(), identity, map[string]any{"first_name": "Amal", "email": "amal@example.com"}); err != nil {
		t.Fatal(err)
	}
	send := func(method, path, token string, message map[string]any, out any) int {
		t.Helper()
		var body io.Reader
		if message != nil {
			now := s.Clock.Now()
			message["agent-id"], message["business-id"], message["drp.version"] = "HELPER", "ACME", "1.0"
			message["issued-at"], message["expires-at"] = now.Add(-time.Second).Format(time.RFC3339Nano), now.Add(10*time.Minute).Format(time.RFC3339Nano)
			text, _ := json.Marshal(message)
			body = strings.NewReader(base64.StdEncoding.EncodeToString(append(ed25519.Sign(private, text), text...)))
		}
		r, err := http.NewRequestWithContext(t.Context(), method, s.Door.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "text/plain")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer, err := s.System().HTTP.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, _ := io.ReadAll(answer.Body)
		if out != nil && json.Unmarshal(raw, out) != nil {
			t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, raw)
		}
		return answer.StatusCode
	}
	var token api.AgentToken
	if status := send("POST", "/v1/agent/HELPER", "", map[string]any{}, &token); status != 200 || token.Token == "" {
		t.Fatalf("pairing: %d %+v", status, token)
	}
	if status := send("GET", "/v1/agent/HELPER", token.Token, nil, nil); status != 200 {
		t.Errorf("its own token: %d", status)
	}
	var asked, later api.ExerciseStatus
	status := send("POST", "/v1/data-rights-request", token.Token, map[string]any{
		"exercise": "access", "email": "amal@example.com", "email_verified": true, "status_callback": agent.URL + "/drp/7",
	}, &asked)
	if status != 200 || asked.Status != "in_progress" || asked.Expected == nil {
		t.Fatalf("%d %+v", status, asked)
	}
	hears(t, told, "in_progress")

	s.Stop()
	s = apptest.Start(t, o)
	c, admin = s.Client(t, s.Application(t, []string{"acme"}, "rights")), s.Client(t, s.Application(t, nil, "admin"))
	page, err := c.AgentRequests(t.Context(), "acme", "", 0)
	if err != nil || len(page.AgentRequests) != 1 || len(page.AgentRequests[0].Requests) != 1 || page.AgentRequests[0].ID != asked.ID {
		t.Fatalf("%+v, %v", page, err)
	}
	if _, err := c.Answer(t.Context(), "acme", page.AgentRequests[0].Requests[0]); err != nil {
		t.Fatal(err)
	}
	hears(t, told, "fulfilled")
	send("GET", "/v1/data-rights-request/"+asked.ID, token.Token, nil, &later)
	results := strings.TrimPrefix(later.ResultsURL, s.Door.URL)
	if later.Status != "fulfilled" || !strings.HasPrefix(results, "/v1/") {
		t.Fatalf("%+v", later)
	}
	for _, want := range []int{200, 404} { // once
		if status := send("GET", results, token.Token, nil, nil); status != want {
			t.Errorf("collecting: %d, want %d", status, want)
		}
	}
	if status := send("GET", results, key, nil, nil); status != 401 {
		t.Errorf("an application's key collects: %d", status)
	}
	if err := admin.RemoveAgent(t.Context(), known.ID); err != nil {
		t.Fatal(err)
	}
	if status := send("GET", "/v1/data-rights-request/"+asked.ID, token.Token, nil, nil); status != 401 {
		t.Errorf("a removed agent: %d", status)
	}
}

func hears(t *testing.T, told <-chan api.ExerciseStatus, want string) {
	t.Helper()
	select {
	case s := <-told:
		if s.Status != want || s.ResultsURL != "" {
			t.Errorf("told %+v, want %s", s, want)
		}
	case <-time.After(startWithin):
		t.Fatalf("the agent was not told that it is %s", want)
	}
}
