package httpapi

import (
	"encoding/base64"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

const agentsPath = "/v1/agents"

// agents are the addresses for those who register agents and see what they asked; those for the agents
// themselves are the Data Rights Protocol's.
func (s *service) agents(r *routes) {
	r.private(operation{
		method: "POST", path: agentsPath, id: "add-agent", tag: "agents", scope: api.ScopeAdmin,
		summary: "Let an agent ask for people", about: "By the Data Rights Protocol, for the people of one tenant.",
		in: api.NewAgent{}, out: api.Agent{}, status: http.StatusCreated,
	}, s.addAgent)
	r.private(operation{
		method: "GET", path: agentsPath, id: "list-agents", tag: "agents", scope: api.ScopeAdmin,
		summary: "List the agents", out: api.Agents{},
	}, s.listAgents)
	r.private(operation{
		method: "DELETE", path: agentsPath + "/{agent}", id: "remove-agent", tag: "agents", scope: api.ScopeAdmin,
		summary: "Remove an agent", about: "Its token is refused from the next request on. What it asked for goes on.", status: http.StatusNoContent,
	}, s.removeAgent)
	r.private(operation{
		method: "GET", path: "/v1/tenants/{tenant}/agent-requests", id: "list-agent-requests", tag: "agents", scope: api.ScopeRights,
		summary: "What agents asked for people", about: "Each with the requests it opened; kept for 60 days after their end.",
		query: []parameter{cursorQuery, limitQuery}, out: api.AgentRequests{},
	}, s.listAgentRequests)
	s.protocol(r)
}

func (s *service) addAgent(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "agent.add"); err != nil {
		return err
	}
	in, err := decode[api.NewAgent](x)
	if err != nil {
		return err
	}
	key, err := base64.StdEncoding.Strict().DecodeString(in.VerifyKey)
	if err != nil {
		if key, err = base64.RawStdEncoding.Strict().DecodeString(in.VerifyKey); err != nil {
			return invalid("verify_key", "the key is not base64")
		}
	}
	within, ok := policy.ParseTerm(in.Within)
	if !ok {
		return invalid("within", "proof of identity is waited for a time such as 14 days")
	}
	a, err := s.Registry.Add(x.Context(), c.Credential.ID, s.Policy, drp.Agent{
		Agent: in.Agent, Business: in.Business, Tenant: in.Tenant, Title: in.Title, Key: key,
		Callback: in.Callback, Verification: in.Verification, Trusts: in.Trusts, Within: within,
	})
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, agentOf(&a))
}

func agentOf(a *drp.Agent) api.Agent {
	return api.Agent{
		ID: a.ID, Agent: a.Agent, Business: a.Business, Tenant: a.Tenant, Title: a.Title, VerifyKey: base64.StdEncoding.EncodeToString(a.Key),
		Callback: a.Callback, Verification: a.Verification, Trusts: orEmpty(a.Trusts), Within: a.Within.String(),
		Paired: api.Moment(a.Paired), Created: a.Created,
	}
}

func (s *service) listAgents(c vault.Caller, x *exchange) error {
	if err := s.Vault.Admit(x.Context(), c, "agent.list", "", api.ScopeAdmin); err != nil {
		return err
	}
	all, err := s.Registry.List(x.Context())
	if err != nil {
		return err
	}
	out := api.Agents{Agents: make([]api.Agent, len(all))}
	for i := range all {
		out.Agents[i] = agentOf(&all[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) removeAgent(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "agent.remove"); err != nil {
		return err
	}
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Registry.Remove(x.Context(), c.Credential.ID, x.PathValue("agent")); err != nil {
		return err
	}
	return x.done()
}

func (s *service) listAgentRequests(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Agents.Asked(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	if page == nil {
		page = []api.AgentRequest{}
	}
	return x.answer(http.StatusOK, api.AgentRequests{AgentRequests: page, Next: next})
}
