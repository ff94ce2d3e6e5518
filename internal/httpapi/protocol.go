package httpapi

import (
	"mime"
	"net/http"
	"strconv"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights/drp"
)

// The addresses of the Data Rights Protocol 1.0, section 2, and where results are collected.
const (
	pairPath          = "/v1/agent/{agent}"
	exercisingPath    = "/v1/data-rights-request"
	exercisingOnePath = exercisingPath + "/{exercise}"
	resultsPath       = exercisingOnePath + "/results"
)

// The schemes by which agents prove themselves, beside applications' keys.
const (
	tokenName     = "agent"
	signatureName = "signature"
)

func (s *service) protocol(r *routes) {
	add := func(op operation, do func(drp.Agent, *exchange) error) {
		op.tag, op.security, op.failure = "agents", tokenName, api.ExerciseError{}
		r.proven(op, func(x *exchange) error { return x.exercise(do) })
	}
	r.proven(operation{
		method: "POST", path: pairPath, id: "pair-agent", tag: "agents", summary: "An agent fetches a token",
		about:  "Data Rights Protocol 1.0, section 2.05: by a message it signed. The token before it holds no longer. Whatever is wrong is a 403 without a body.",
		inType: "text/plain", out: api.AgentToken{}, security: signatureName,
	}, s.pairAgent)
	add(operation{
		method: "GET", path: pairPath, id: "check-agent", summary: "An agent asks whether its token is valid", about: "Data Rights Protocol 1.0, section 2.06.", outType: "application/json",
	}, s.checkAgent)
	add(operation{
		method: "POST", path: exercisingPath, id: "exercise-right", summary: "An agent exercises a right for a person",
		about:  "Data Rights Protocol 1.0, section 2.01: base64 of an Ed25519 signature and the JSON it signs. The same message again has no further effect.",
		inType: "text/plain", out: api.ExerciseStatus{},
	}, s.exerciseRight)
	add(operation{
		method: "GET", path: exercisingOnePath, id: "get-exercise", summary: "How far it has come", about: "Data Rights Protocol 1.0, section 2.02.", out: api.ExerciseStatus{},
	}, s.getExercise)
	add(operation{
		method: "DELETE", path: exercisingOnePath, id: "revoke-exercise", summary: "An agent takes back what it asked", about: "Data Rights Protocol 1.0, section 2.04.",
		inType: "text/plain", out: api.ExerciseStatus{},
	}, s.revokeExercise)
	add(operation{
		method: "GET", path: resultsPath, id: "collect-results", summary: "An agent collects a person's package", about: "Where results_url points: once, while expires_at lies ahead.",
		outType: "application/zip",
	}, s.collectResults)
}

// exercise serves an agent, and answers failures as the protocol does (section 3.06).
func (x *exchange) exercise(do func(drp.Agent, *exchange) error) error {
	a, err := x.agent()
	if err == nil {
		err = x.checkQuery(nil)
	}
	if err == nil {
		err = do(a, x)
	}
	if err == nil || x.status != 0 {
		return err
	}
	p := problemFor(err)
	x.failure, x.instance = err, p.Instance
	h := x.Header()
	h.Del("Content-Disposition")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("Www-Authenticate", `Bearer realm="clause"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	message := p.Detail
	if message == "" {
		message = p.Title
	}
	return x.answer(p.Status, api.ExerciseError{Code: strconv.Itoa(p.Status), Message: message, Fatal: drp.Fatal(err)})
}

// agent returns whose token was sent, and takes one of its rate; see authenticate.
func (x *exchange) agent() (drp.Agent, error) {
	s := x.service
	a, err := s.Agents.Authenticate(x.Context(), x.key())
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) && !s.failures.allow(addressKey(x.RemoteAddr), x.began) {
			return a, fault.New("httpapi.agent", fault.TooMany, "too many failed authentications from this address")
		}
		return a, fault.Wrap("httpapi.agent", err)
	}
	x.actor = a.ID
	if !s.byKey.allow(x.actor, x.began) {
		return a, fault.New("httpapi.agent", fault.TooMany, "too many requests of this agent")
	}
	return a, nil
}

// text reads a body of text.
func (x *exchange) text() ([]byte, error) {
	h := x.Request.Header
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "text/plain" || len(h["Content-Type"]) != 1 || h["Content-Encoding"] != nil {
		return nil, &httpError{meaning: mediaMeaning, detail: "the body must be text/plain, not compressed"}
	}
	return x.bounded(drp.MaxMessage)
}

// pairAgent answers a failure with 403 and nothing else, as section 2.05.1 wishes: whoever is refused settles
// it with the operator. What is the server's own trouble is told as such.
func (s *service) pairAgent(x *exchange) error {
	if !s.failures.holds(addressKey(x.RemoteAddr), x.began) {
		return fault.New("httpapi.pairAgent", fault.TooMany, "too many failed authentications from this address")
	}
	body, err := x.text()
	var token api.AgentToken
	if err == nil {
		token, err = s.Agents.Pair(x.Context(), x.PathValue("agent"), body)
	}
	if err == nil {
		x.actor = token.Agent
		return x.answer(http.StatusOK, token)
	}
	if problemFor(err).Status >= http.StatusInternalServerError {
		return err
	}
	s.failures.allow(addressKey(x.RemoteAddr), x.began)
	x.failure = err
	x.WriteHeader(http.StatusForbidden)
	return nil
}

func (s *service) checkAgent(a drp.Agent, x *exchange) error {
	if x.PathValue("agent") != a.Agent {
		return fault.New("httpapi.checkAgent", fault.Refused, "the token is another agent's")
	}
	return x.answer(http.StatusOK, struct{}{})
}

func (s *service) exerciseRight(a drp.Agent, x *exchange) error {
	body, err := x.text()
	if err != nil {
		return err
	}
	status, err := s.Agents.Exercise(x.Context(), a, body)
	return x.sendStatus(status, err)
}

func (s *service) getExercise(a drp.Agent, x *exchange) error {
	status, err := s.Agents.Status(x.Context(), a, x.PathValue("exercise"))
	return x.sendStatus(status, err)
}

func (s *service) revokeExercise(a drp.Agent, x *exchange) error {
	body, err := x.text()
	if err != nil {
		return err
	}
	status, err := s.Agents.Revoke(x.Context(), a, x.PathValue("exercise"), body)
	return x.sendStatus(status, err)
}

// sendStatus answers with a status; its addresses are those by which the agent came.
func (x *exchange) sendStatus(status api.ExerciseStatus, err error) error {
	if err != nil {
		return err
	}
	if status.ResultsURL != "" {
		status.ResultsURL = "https://" + x.Host + status.ResultsURL
	}
	return x.answer(http.StatusOK, status)
}

// collectResults hands a package out. A look at it (HEAD) does not use it up.
func (s *service) collectResults(a drp.Agent, x *exchange) error {
	if x.Method == http.MethodHead {
		x.Header().Set("Content-Type", "application/zip")
		x.WriteHeader(http.StatusOK)
		return nil
	}
	p, err := s.Agents.Collect(x.Context(), a, x.PathValue("exercise"))
	if err != nil {
		return err
	}
	return x.hand(p)
}
