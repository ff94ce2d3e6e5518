package httpapi

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

const agentToken = "clause_drp_fake"

// agency stands for the desk of agents and their registry.
type agency struct{ f *fake }

func (a agency) Authenticate(_ context.Context, token string) (drp.Agent, error) {
	if token != agentToken {
		return drp.Agent{}, fault.New("fake", fault.Unauthenticated, "the token is not valid")
	}
	return drp.Agent{ID: "agt_1", Agent: "HELPER", Business: "ACME", Tenant: "acme"}, nil
}

func (a agency) Pair(_ context.Context, agent string, body []byte) (api.AgentToken, error) {
	if string(body) != "signed" {
		return api.AgentToken{}, fault.New("fake", fault.Invalid, "not signed")
	}
	return api.AgentToken{Agent: agent, Token: agentToken}, a.f.call("Pair %s %s", agent, body)
}

func (a agency) status(what string, by drp.Agent, id, body string) (api.ExerciseStatus, error) {
	return api.ExerciseStatus{ID: "3f1c", Received: noon, Status: "fulfilled", ResultsURL: drp.ResultsPath("3f1c")}, a.f.call("%s %s %q %q", what, by.ID, id, body)
}

func (a agency) Exercise(_ context.Context, by drp.Agent, body []byte) (api.ExerciseStatus, error) {
	return a.status("Exercise", by, "", string(body))
}

func (a agency) Status(_ context.Context, by drp.Agent, id string) (api.ExerciseStatus, error) {
	return a.status("ExerciseStatus", by, id, "")
}

func (a agency) Revoke(_ context.Context, by drp.Agent, id string, body []byte) (api.ExerciseStatus, error) {
	return a.status("RevokeExercise", by, id, string(body))
}

func (a agency) Collect(_ context.Context, by drp.Agent, id string) (*rights.Package, error) {
	if err := a.f.call("Collect %s %s", by.ID, id); err != nil {
		return nil, err
	}
	return nil, fault.New("fake", fault.NotFound, "there is no such request")
}

func (a agency) Asked(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.AgentRequest, string, error) {
	return []api.AgentRequest{{ID: "3f1c", Agent: "HELPER", Exercise: "access", Requests: []string{"req_1"}, Received: noon}}, "", a.f.call("Asked %s %s %q %d", c.Credential.ID, tenant, cursor, limit)
}

func (a agency) Add(_ context.Context, actor string, _ *policy.Policy, r drp.Agent) (drp.Agent, error) {
	r.ID, r.Created = "agt_1", noon
	return r, a.f.call("AddAgent %s %s %s %s %q %d %s %s %v %s", actor, r.Agent, r.Business, r.Tenant, r.Title, len(r.Key), r.Callback, r.Verification, r.Trusts, r.Within)
}

func (a agency) List(context.Context) ([]drp.Agent, error) {
	return []drp.Agent{{ID: "agt_1", Agent: "HELPER", Business: "ACME", Tenant: "acme", Title: "Helper", Key: make([]byte, 32), Created: noon, Paired: noon}}, a.f.call("Agents")
}

func (a agency) Remove(_ context.Context, actor, registration string) error {
	return a.f.call("RemoveAgent %s %s", actor, registration)
}

// exerciseError decodes an answer that must be an error of the Data Rights Protocol.
func exerciseError(t testing.TB, w *httptest.ResponseRecorder) api.ExerciseError {
	t.Helper()
	var e api.ExerciseError
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code == "" || e.Message == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %q is no error of the protocol", w.Code, w.Body)
	}
	return e
}
