package api

import "time"

// NewAgent lets an agent ask for people by the Data Rights Protocol.
type NewAgent struct {
	Agent        string   `json:"agent" minLength:"1" maxLength:"64" doc:"Its id in the network's directory (agent-id)." example:"PERMISSION_SLIP"`
	Business     string   `json:"business" minLength:"1" maxLength:"64" doc:"Your id in the directory (business-id)." example:"ACME"`
	Tenant       string   `json:"tenant" minLength:"1" maxLength:"128" doc:"The tenant whose people it asks for."`
	Title        string   `json:"title" minLength:"1" maxLength:"200" doc:"Its name for people."`
	VerifyKey    string   `json:"verify_key" minLength:"43" maxLength:"44" doc:"Its Ed25519 key (verify_key), in base64."`
	Callback     string   `json:"callback,omitempty" maxLength:"500" doc:"Where its status callbacks begin; absent: it is not called back."`
	Verification string   `json:"verification" minLength:"1" maxLength:"500" doc:"Your page where a person proves who they are; {request} stands for the request's id."`
	Trusts       []string `json:"trusts,omitempty" nullable:"false" maxItems:"2" enum:"email,phone_number" doc:"Claims whose verification by the agent proves a person's identity."`
	Within       string   `json:"within" minLength:"1" maxLength:"40" doc:"How long proof of identity is waited for." example:"14 days"`
}

// Agent is an agent that may ask for people.
type Agent struct {
	ID           string     `json:"id"`
	Agent        string     `json:"agent"`
	Business     string     `json:"business"`
	Tenant       string     `json:"tenant"`
	Title        string     `json:"title"`
	VerifyKey    string     `json:"verify_key"`
	Callback     string     `json:"callback,omitempty"`
	Verification string     `json:"verification"`
	Trusts       []string   `json:"trusts" nullable:"false"`
	Within       string     `json:"within"`
	Paired       *time.Time `json:"paired,omitempty" doc:"When it fetched its token; absent: not yet."`
	Created      time.Time  `json:"created"`
}

// Agents is a list of agents.
type Agents struct {
	Agents []Agent `json:"agents" nullable:"false"`
}

// AgentRequest is what an agent asked for somebody.
type AgentRequest struct {
	ID       string    `json:"id" doc:"As the agent knows it."`
	Agent    string    `json:"agent"`
	Exercise string    `json:"exercise"`
	Regime   string    `json:"regime,omitempty"`
	Requests []string  `json:"requests" nullable:"false" doc:"The requests it opened."`
	Denied   string    `json:"denied,omitempty" doc:"Why it opened none."`
	Received time.Time `json:"received"`
}

// AgentRequests is a page of them.
type AgentRequests struct {
	AgentRequests []AgentRequest `json:"agent_requests" nullable:"false"`
	Next          string         `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

// AgentToken is the Data Rights Protocol's answer to an agent that pairs itself (section 2.05).
type AgentToken struct {
	Agent string `json:"agent-id"`
	Token string `json:"token"`
}

// ExerciseStatus is the Data Rights Protocol's status of a request (section 3.03).
type ExerciseStatus struct {
	ID              string     `json:"request_id"`
	Received        time.Time  `json:"received_at"`
	Expected        *time.Time `json:"expected_by,omitempty"`
	AgentRequest    string     `json:"agent_request_id,omitempty"`
	Details         string     `json:"processing_details,omitempty"`
	Status          string     `json:"status" enum:"open,in_progress,fulfilled,revoked,denied,expired"`
	Reason          string     `json:"reason,omitempty"`
	VerificationURL string     `json:"user_verification_url,omitempty"`
	Expires         *time.Time `json:"expires_at,omitempty"`
	ResultsURL      string     `json:"results_url,omitempty"`
}

// ExerciseError is the Data Rights Protocol's error (section 3.06).
type ExerciseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Fatal   bool   `json:"fatal,omitempty" doc:"The same message will never be taken."`
}
