package control

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/rights"
)

// byAgent is a person whose rights the canary agent uses, by the Data Rights Protocol: it pairs itself, asks,
// is told how far it has come, collects the package, and takes another request back. What it did not sign,
// or signed long ago, must open nothing.
type byAgent struct {
	*exercise
	door   door
	claims map[string]any
}

const exercisePath = "/v1/data-rights-request"

func (x *exercise) agent(ctx context.Context) {
	a := &byAgent{exercise: x, claims: x.claimed()}
	switch {
	case !slices.Contains(x.Rights, string(rights.Access)):
		return
	case x.s.Canary.Agent.Sign == nil || len(a.claims) == 0:
		x.t.note("No agent was tried: people cannot be found by an email or telephone that the policy names.")
		return
	}
	if purpose, ok := x.s.Policy.Purpose(x.s.Policy.Contacts.Purpose); ok {
		if err := x.person.ready(ctx, purpose); err != nil {
			x.t.hurdle("%v", err)
			return
		}
	}
	if !a.pair(ctx) {
		return
	}
	a.attack(ctx)
	a.access(ctx)
	if slices.Contains(x.Rights, string(rights.Erasure)) {
		a.revoke(ctx)
	}
}

// claimed is what the agent says of the person: the contacts that people can be found by.
func (x *exercise) claimed() map[string]any {
	all := map[string]any{}
	for claim, name := range map[string]string{"email": x.s.Policy.Contacts.Email, "phone_number": x.s.Policy.Contacts.Phone} {
		set, field, _ := strings.Cut(name, ".")
		for _, k := range x.records {
			if f, ok := k.set.Field(field); ok && k.set.ID == set && (f.Find || f.Unique) && k.values[field] != nil {
				all[claim], all[claim+"_verified"] = k.values[field], true
			}
		}
	}
	return all
}

// signed is a message of the agent, as of so long ago.
func (x *byAgent) signed(age time.Duration, more map[string]any) []byte {
	issued := x.s.Now().Add(-age)
	m := map[string]any{
		"agent-id": x.s.Canary.Agent.ID, "business-id": x.s.Canary.Agent.Business, "drp.version": "1.0",
		"issued-at": issued.UTC().Format(time.RFC3339Nano), "expires-at": issued.Add(10 * time.Minute).UTC().Format(time.RFC3339Nano),
	}
	maps.Copy(m, more)
	text, err := json.Marshal(m)
	if err != nil {
		x.t.hurdle("%v", err)
		return nil
	}
	return append(x.s.Canary.Agent.Sign(text), text...)
}

// asking is a message that exercises a right for the person.
func (x *byAgent) asking(age time.Duration, right string) []byte {
	m := map[string]any{"exercise": right}
	maps.Copy(m, x.claims)
	return x.signed(age, m)
}

func (x *byAgent) send(ctx context.Context, method, path string, message []byte) (answer, error) {
	c := call{method: method, path: path}
	if message != nil {
		c.raw, c.kind = []byte(base64.StdEncoding.EncodeToString(message)), "text/plain"
	}
	return x.door.do(ctx, c)
}

// pair has the agent fetch its token. The message must pair once.
func (x *byAgent) pair(ctx context.Context) bool {
	x.door = x.s.door("")
	path, message := "/v1/agent/"+x.s.Canary.Agent.ID, x.signed(time.Millisecond, nil) // a probe may have paired it a moment ago
	a, err := x.send(ctx, "POST", path, message)
	var got api.AgentToken
	if !x.t.mustShow("pairing an agent", a, err) || json.Unmarshal(a.body, &got) != nil || got.Token == "" {
		x.t.hurdle("the agent was given no token.")
		return false
	}
	again, err := x.send(ctx, "POST", path, message)
	x.t.mustRefuse("Pairing an agent with a message that was used before", again, err)
	x.door = x.s.door(got.Token)
	return true
}

// attack sends what must open nothing.
func (x *byAgent) attack(ctx context.Context) {
	changed := x.asking(time.Second, "access")
	changed = bytes.Replace(changed, []byte(`"access"`), []byte(`"deletion"`), 1)
	a, err := x.send(ctx, "POST", exercisePath, changed)
	x.t.mustRefuse("A message of an agent that was changed on its way", a, err)
	a, err = x.send(ctx, "POST", exercisePath, x.asking(time.Hour, "access"))
	x.t.mustRefuse("A message of an agent that expired long ago", a, err)
	message := x.asking(time.Second, "access")
	a, err = x.s.door("").do(ctx, call{method: "POST", path: exercisePath, raw: []byte(base64.StdEncoding.EncodeToString(message)), kind: "text/plain"})
	if err == nil && a.status == 401 {
		x.t.good("A message without its agent's token was refused (%s).", a)
		return
	}
	x.t.mustRefuse("A message without its agent's token", a, err)
}

// status reads an answer that must be the status of a request.
func (x *byAgent) status(what string, a answer, err error) (s api.ExerciseStatus, ok bool) {
	if !x.t.mustShow(what, a, err) {
		return s, false
	}
	if json.Unmarshal(a.body, &s) != nil || s.ID == "" || s.Status == "" {
		x.t.breach("The answer to %s is no status of the Data Rights Protocol.", what)
		return s, false
	}
	return s, true
}

// access has the agent ask for the person's data, and collect it once.
func (x *byAgent) access(ctx context.Context) {
	message := x.asking(time.Second, "access")
	a, err := x.send(ctx, "POST", exercisePath, message)
	s, ok := x.status("asking through an agent", a, err)
	if !ok {
		return
	}
	if s.Status != "in_progress" || s.Expected == nil {
		x.t.breach("A request through an agent is %s, and not in progress until a day that is told.", s.Status)
		return
	}
	a, err = x.send(ctx, "POST", exercisePath, message)
	if again, ok := x.status("sending a message again", a, err); ok && again.ID != s.ID {
		x.t.breach("A message of an agent that was sent again opened another request.")
	}
	request := x.opened(ctx, s.ID)
	if request == "" {
		return
	}
	if _, ok := x.answer(ctx, api.Request{ID: request, Right: string(rights.Access)}); !ok {
		return
	}
	a, err = x.send(ctx, "GET", exercisePath+"/"+s.ID, nil)
	if s, ok = x.status("asking how far a request has come", a, err); !ok {
		return
	}
	if s.Status != "fulfilled" || s.ResultsURL == "" {
		x.t.breach("A request through an agent that was answered is %s, or its results are nowhere.", s.Status)
		return
	}
	results := exercisePath + "/" + s.ID + "/results"
	a, err = x.send(ctx, "GET", results, nil)
	if !x.t.mustShow("collecting the results of an agent's request", a, err) {
		return
	}
	again, err := x.send(ctx, "GET", results, nil)
	x.t.mustRefuse("Collecting the results of an agent's request a second time", again, err)
	parts, err := unzip(a.body)
	if err != nil {
		x.t.breach("The package that an agent collects does not open: %v.", err)
		return
	}
	x.holdsAll(rights.Access, parts)
	x.holdsNobody(rights.Access, parts)
	x.t.good("An agent asked for the person's data, was told when it was there, and collected it once.")
}

// opened is the request that an agent's one opened.
func (x *byAgent) opened(ctx context.Context, id string) string {
	for cursor := ""; ; {
		a, err := x.person.do(ctx, call{method: "GET", path: x.person.home() + "/agent-requests?limit=100" + cursor})
		var page api.AgentRequests
		if !x.t.mustShow("listing what agents asked", a, err) || json.Unmarshal(a.body, &page) != nil {
			return ""
		}
		for _, asked := range page.AgentRequests {
			if asked.ID == id && len(asked.Requests) == 1 {
				return asked.Requests[0]
			}
		}
		if page.Next == "" {
			x.t.breach("What an agent asked for opened no request.")
			return ""
		}
		cursor = "&cursor=" + page.Next
	}
}

// revoke has the agent ask for the person's erasure and take that back: the person must still be there.
func (x *byAgent) revoke(ctx context.Context) {
	a, err := x.send(ctx, "POST", exercisePath, x.asking(time.Second, "deletion"))
	s, ok := x.status("asking for erasure through an agent", a, err)
	if !ok {
		return
	}
	a, err = x.send(ctx, "DELETE", exercisePath+"/"+s.ID, x.signed(time.Second, map[string]any{"reason": ""}))
	if _, ok := x.status("taking an agent's request back", a, err); !ok {
		return
	}
	a, err = x.send(ctx, "GET", exercisePath+"/"+s.ID, nil)
	if s, ok = x.status("asking how far a request has come", a, err); ok && s.Status != "revoked" {
		x.t.breach("A request that an agent took back is %s.", s.Status)
		return
	}
	x.t.good("A request that an agent took back was not carried out.")
}
