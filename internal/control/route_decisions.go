package control

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// RouteDecisions keeps clauses that promise that no request is served without a decision.
type RouteDecisions struct{}

// Check finds nothing: it holds whatever the policy.
func (c *RouteDecisions) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the door has no other way to serve.
func (c *RouteDecisions) Plan(*Plan) {}

// openRoutes are the operations that are for anybody, by design. Another one without a key is a breach: who adds
// one says so here.
var openRoutes = map[string]string{
	"GET /": "the trust page", "GET /trust.json": "the same", "GET /trust.css": "its style",
	"GET /statement": "what is published", "GET /published": "what is published", "GET /published/{name}": "what is published",
	"GET /documents/{id}": "what is published", "GET /.well-known/clause.json": "which policy runs",
	"GET /.well-known/security.txt": "RFC 9116", "GET /.well-known/gpc.json": "Global Privacy Control",
	"GET /healthz": "whether it is ready", "GET /openapi.json": "the description", "GET /docs": "the same for people", "GET /docs.css": "its style",
	"GET /ledger/{tenant}/checkpoint": "heads hold hashes alone", "GET /ledger/{tenant}/key": "it verifies them", "GET /ledger/{tenant}/tile/{path}": "hashes; entries ask for a key themselves",
	"GET /security/report": "researchers have no key", "POST /security/report": "researchers have no key", "GET /security/report/{token}": "the link is the secret",
	"POST /oauth/token": "an application proves itself there", "GET /.well-known/oauth-authorization-server": "RFC 8414",
	"GET /download/{token}": "the link is the secret, and works once",
}

// anyKey are the operations that any application's key opens: they tell of the policy, and of nobody's data.
var anyKey = map[string]string{
	"GET /v1/policy-versions": "which versions there are", "GET /v1/evidence": "whether the clauses are kept",
}

// bodies are those that the least value of their shape is not: of several parts one has to be there.
var bodies = map[string]any{
	"POST /v1/bounces": api.Bounce{Message: "<" + strings.Repeat("0", 40) + "@canary.invalid>", Status: "5.1.1"},
	"POST /v1/tenants/{tenant}/requests/{request}/identity": api.IdentityCheck{Proven: true},
}

// Probe goes to every operation that the server describes: without a key, and with the key of a stranger, who may
// do nothing. Neither may be served, and each refusal of the stranger has to be a decision that the ledger holds. It
// goes to every page of the console too: see console.
func (c *RouteDecisions) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Canary.Stranger == "" || s.Canary.Admin == "" || s.HTTP == nil {
		t.hurdle("there is no key of a stranger to try.")
		return t.finding("")
	}
	nobody := s.door("")
	a, err := nobody.do(ctx, call{method: http.MethodGet, path: "/openapi.json"})
	var doc described
	if err := done("the server's description could not be read", a, err); err != nil {
		t.hurdle("%v", err)
		return t.finding("")
	}
	if err := json.Unmarshal(a.body, &doc); err != nil || len(doc.Paths) == 0 {
		t.hurdle("the server's description cannot be understood.")
		return t.finding("")
	}
	tried, decided, since := 0, 0, s.watch(ctx, t)
	for _, op := range doc.operations() {
		tried++
		decided += c.try(ctx, t, s, &doc, op)
	}
	if recorded := since(strangerID, proof.Refuse); len(t.hurdles) == 0 && recorded < decided {
		t.breach("The stranger was refused %d times, and the ledger holds %d of those decisions.", decided, recorded)
	}
	t.good("%s were tried without a key and with a stranger's; %s of the stranger are in the ledger.", plural(tried, "operation"), plural(decided, "refusal"))
	c.console(ctx, t, s)
	return t.finding("Every request is decided before it is served.")
}

// try goes to one operation, and returns how many decisions that must have made.
func (c *RouteDecisions) try(ctx context.Context, t *trial, s *System, doc *described, op operation) int {
	name := op.method + " " + op.path
	if len(op.Security) == 0 {
		if openRoutes[name] == "" {
			t.breach("%s is for anybody, and is not among the operations that may be.", name)
		}
		return 0
	}
	request := doc.request(s, op)
	// Agents prove themselves otherwise: a key is none of their proofs, and few failures of theirs are answered.
	agents := !slices.ContainsFunc(op.Security, func(by map[string][]string) bool { return by["key"] != nil })
	ask := door.do
	if agents {
		ask = door.once
	}
	a, err := ask(s.door(""), ctx, request)
	switch {
	case err != nil:
		t.hurdle("%s without a key: %v", name, err)
	case a.ok():
		t.breach("%s is served without a key.", name)
	case agents && a.status == http.StatusTooManyRequests:
	case a.status != http.StatusUnauthorized && a.status != http.StatusForbidden:
		t.breach("%s without a key is not refused before anything else: %s.", name, a)
	}
	a, err = ask(s.door(s.Canary.Stranger), ctx, request)
	switch {
	case err != nil:
		t.hurdle("%s as a stranger: %v", name, err)
	case a.ok() && anyKey[name] != "":
	case a.ok():
		t.breach("%s is served to a stranger.", name)
	case agents:
	case a.status == http.StatusForbidden:
		return 1
	default:
		t.hurdle("%s as a stranger: %s, which does not show whether it was decided.", name, a)
	}
	return 0
}

// strangerID is the stranger as the ledger names it.
const strangerID = "canary-stranger"

// watch notes where the organisation's ledger and that of the canary tenant end. What it returns counts the decisions
// about somebody since, those with an answer or all with an answer for "".
func (s *System) watch(ctx context.Context, t *trial) func(actor, answer string) int {
	ends := map[string]int64{}
	for tenant := range s.ledgers() {
		ends[tenant] = -1
		s.entries(ctx, t, tenant, 1, func(e *api.Entry) bool {
			ends[tenant] = e.Seq
			return false
		})
	}
	return func(actor, answer string) (n int) {
		for tenant := range s.ledgers() {
			s.entries(ctx, t, tenant, 100, func(e *api.Entry) bool {
				if e.Seq > ends[tenant] && e.Actor == actor && e.Answer != "" && (answer == "" || e.Answer == answer) {
					n++
				}
				return e.Seq > ends[tenant]
			})
		}
		return n
	}
}

// ledgers are those that are looked into, and the keys to them.
func (s *System) ledgers() map[string]string {
	return map[string]string{"_org": s.Canary.Admin, s.Canary.A.ID: s.Canary.Auditor}
}

// maxPages bounds how far back a ledger is read.
const maxPages = 50

// entries hands over the entries of a ledger, the newest first, while fn wants more.
func (s *System) entries(ctx context.Context, t *trial, tenant string, limit int, fn func(*api.Entry) bool) {
	cursor := ""
	for range maxPages {
		a, err := s.door(s.ledgers()[tenant]).do(ctx, call{method: http.MethodGet, path: fmt.Sprintf("/v1/tenants/%s/entries?limit=%d%s", url.PathEscape(tenant), limit, cursor)})
		var page api.Entries
		if err := done("the ledger of "+tenant+" could not be read", a, err); err != nil {
			t.hurdle("%v", err)
			return
		}
		if json.Unmarshal(a.body, &page) != nil {
			t.hurdle("the ledger of %s cannot be understood.", tenant)
			return
		}
		for i := range page.Entries {
			if !fn(&page.Entries[i]) {
				return
			}
		}
		if page.Next == "" {
			return
		}
		cursor = "&cursor=" + url.QueryEscape(page.Next)
	}
}

// described is the part of an OpenAPI document that requests are made of.
type described struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*shape }
}

// operation is one of them.
type operation struct {
	method, path string
	Security     []map[string][]string
	Parameters   []struct {
		Name, In string
		Required bool
		Schema   shape
	}
	RequestBody *struct {
		Content map[string]struct{ Schema *shape }
	}
}

func (d *described) operations() (all []operation) {
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return all
}

// request fills an operation with values of the right form, about canary tenant A and nobody in it.
func (d *described) request(s *System, op operation) call {
	c := call{method: op.method, path: op.path}
	for _, p := range op.Parameters {
		switch {
		case p.In == "path" && p.Name == "tenant":
			c.path = strings.Replace(c.path, "{tenant}", url.PathEscape(s.Canary.A.ID), 1)
		case p.In == "path" && p.Name == "number":
			c.path = strings.Replace(c.path, "{number}", "1", 1)
		case p.In == "path":
			c.path = strings.Replace(c.path, "{"+p.Name+"}", "none-0", 1)
		}
	}
	if s.Policy != nil && len(s.Policy.Purposes) > 0 {
		c.purpose = s.Policy.Purposes[0].ID
	}
	if op.RequestBody != nil {
		for kind, content := range op.RequestBody.Content {
			if content.Schema == nil {
				c.raw, c.kind = []byte("none"), kind
				continue
			}
			c.body, c.raw = d.example(content.Schema, 0), nil
			break
		}
	}
	if body := bodies[op.method+" "+op.path]; body != nil {
		c.body = body
	}
	return c
}
