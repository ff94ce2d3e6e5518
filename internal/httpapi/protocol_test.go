package httpapi

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
)

const (
	asAgent = "Authorization: Bearer " + agentToken
	isText  = "Content-Type: text/plain"
)

func TestDataRightsProtocol(t *testing.T) {
	s := set(t)
	at := exercisingPath + "/3f1c"
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		call, want               string
	}{
		{"pair", "POST", "/v1/agent/HELPER", "signed", []string{isText}, 200, `Pair HELPER signed`, `{"agent-id":"HELPER","token":"` + agentToken + `"}`},
		{"pair, forged", "POST", "/v1/agent/HELPER", "forged", []string{isText}, 403, "", ""},
		{"pair, another type", "POST", "/v1/agent/HELPER", "signed", []string{isJSONl}, 403, "", ""},
		{"check", "GET", "/v1/agent/HELPER", "", []string{asAgent}, 200, "", "{}\n"},
		{"check another", "GET", "/v1/agent/OTHER", "", []string{asAgent}, 403, "", `"code":"403"`},
		{"exercise", "POST", exercisingPath, "signed", []string{asAgent, isText + "; charset=utf-8"}, 200, `Exercise agt_1 "" "signed"`,
			`{"request_id":"3f1c","received_at":"2026-03-02T12:00:00Z","status":"fulfilled","results_url":"https://example.com/v1/data-rights-request/3f1c/results"}`},
		{"exercise, JSON", "POST", exercisingPath, "{}", []string{asAgent, isJSONl}, 415, "", `"code":"415"`},
		{"exercise, too large", "POST", exercisingPath, strings.Repeat("x", 70_000), []string{asAgent, isText}, 413, "", `"code":"413"`},
		{"exercise, an application's key", "POST", exercisingPath, "signed", []string{asData, isText}, 401, "", `"code":"401"`},
		{"status", "GET", at, "", []string{asAgent}, 200, `ExerciseStatus agt_1 "3f1c" ""`, `"status":"fulfilled"`},
		{"status, with a query", "GET", at + "?x=1", "", []string{asAgent}, 400, "", `"code":"400"`},
		{"revoke", "DELETE", at, "signed", []string{asAgent, isText}, 200, `RevokeExercise agt_1 "3f1c" "signed"`, `"request_id":"3f1c"`},
		{"collect", "GET", at + "/results", "", []string{asAgent}, 404, `Collect agt_1 3f1c`, `"code":"404"`},
		{"a look at the results", "HEAD", at + "/results", "", []string{asAgent}, 200, "", ""},
		{"an agent's token is no key", "GET", "/v1/tenants/acme/requests", "", []string{asAgent}, 401, "", ""},
	} {
		s.took()
		w := s.send(c.method, c.path, c.body, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.status == 403 && c.call+c.want == "" && w.Body.Len() > 0 {
			t.Errorf("%s: status %d, %s", c.name, w.Code, w.Body)
		}
		if got := strings.Join(s.took(), "|"); got != c.call {
			t.Errorf("%s: the domain saw %q", c.name, got)
		}
	}
}

// A failure of the domain is told in the protocol's words, and that of the server tells nothing.
func TestProtocolFailures(t *testing.T) {
	s := set(t)
	for _, c := range []struct {
		err    error
		status int
	}{
		{fault.New("x", fault.Refused, "no"), 403}, {fault.New("x", fault.Conflict, "no"), 409}, {fault.New("x", fault.Other, "secret"), 500}, {fault.New("x", fault.Unavailable, "secret"), 503},
	} {
		s.fake.err = c.err
		w := s.send("GET", exercisingPath+"/3f1c", "", asAgent)
		if e := exerciseError(t, w); w.Code != c.status || strings.Contains(e.Message, "secret") || e.Fatal {
			t.Errorf("%v: %d %+v", c.err, w.Code, e)
		}
	}
}

// Whoever tries keys at the door where no token is needed is slowed down as others are.
func TestPairingIsSlowedDown(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{FailureBurst: 3} })
	got := map[int]int{}
	for range 10 {
		got[s.send("POST", "/v1/agent/HELPER", "forged", isText).Code]++
	}
	if got[403] != 3 || got[429] != 7 {
		t.Errorf("%v", got)
	}
}

func TestAgentsEndpoints(t *testing.T) {
	s := set(t)
	body := `{"agent":"HELPER","business":"ACME","tenant":"acme","title":"Helper","verify_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","callback":"https://helper.example/cb","verification":"https://acme.example/me/{request}","trusts":["email"],"within":"14 days"}`
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		call, want         string
	}{
		{"POST", "/v1/agents", body, []string{asAdmin, isJSONl}, 201, `AddAgent app_admin HELPER ACME acme "Helper" 32 https://helper.example/cb https://acme.example/me/{request} [email] 14 days`, `"id":"agt_1"`},
		{"POST", "/v1/agents", strings.Replace(body, "AAA=", "AAA-", 1), []string{asAdmin, isJSONl}, 400, "", "base64"},
		{"POST", "/v1/agents", strings.Replace(body, "14 days", "soon", 1), []string{asAdmin, isJSONl}, 400, "", "within"},
		{"GET", "/v1/agents", "", []string{asAdmin}, 200, `Agents`, `"paired":"2026-03-02T12:00:00Z"`},
		{"DELETE", "/v1/agents/agt_1", "", []string{asAdmin}, 204, `RemoveAgent app_admin agt_1`, ""},
		{"GET", "/v1/tenants/acme/agent-requests?limit=2", "", []string{asData}, 200, `Asked app_data acme "" 2`, `"agent_requests":[{"id":"3f1c"`},
	} {
		s.took()
		w := s.send(c.method, c.path, c.body, c.header...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: status %d, %s", c.method, c.path, w.Code, w.Body)
		}
		calls := s.took()
		if c.call != "" && (len(calls) == 0 || calls[len(calls)-1] != c.call) {
			t.Errorf("%s %s: the domain saw %q", c.method, c.path, calls)
		}
	}
}
