// Package httpapi is the door for applications: the REST interface that api describes.
//
// A handler decodes, calls one domain function, and encodes. Who asks is a parameter. Every route
// below /v1/ is registered by routes.private, which authenticates before the handler runs, so none
// can be without; the domain decides, and records, by itself.
//
// The routes, their schemas and the OpenAPI document come from one table each of operations. The
// library huma makes the schemas of the document from the types of api, and bodies are checked
// against those very schemas. Requests are not served through huma: it costs twice what this
// package does on a read (see BenchmarkGet), its errors repeat the values that were sent, and it
// lets pass duplicate names and names in the wrong case.
package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Config is what the interface is made of. All but Trust, Ready, Log and Limits are required.
type Config struct {
	Vault        Vault
	Applications Applications
	Ledger       Ledger
	Probes       Probes
	Duties       Duties
	Incidents    Incidents
	Assurance    Assurance
	Demands      Demands
	Minors       Minors
	Alerts       Alerts
	Staff        Staff
	Messages     Messages
	Notices      Notices
	Retention    Retention
	Connected    Connected
	Rights       Rights
	Agents       Agents
	Registry     Registry
	Rules        *decision.Rules // for the purposes that credentials hold
	Policy       *policy.Policy  // for the bounds of blobs
	// Environment is this server's; credentials of another are refused.
	Environment string
	Title       string                      // of the documentation
	Issuer      string                      // the server's address, https://…, which access tokens are of; "": there are none
	Trust       http.Handler                // serves /, /trust.json, /trust.css and what the policy publishes; nil: no such pages
	Ready       func(context.Context) error // nil: always ready
	Now         func() time.Time            // the time that decisions go by
	Wall        func() time.Time            // the machine's, for connections and rates; nil: Now
	Log         *slog.Logger                // nil: none
	Limits      Limits
	// Observe is told of every request once it is answered; nil: nobody is.
	Observe func(detection.Interaction)
	// ClientCertificates reports whether applications can be asked for one.
	ClientCertificates bool
}

// service is the handler.
type service struct {
	Config
	mux       *http.ServeMux
	books     *book
	running   atomic.Int64
	byKey     *limiter
	failures  *limiter
	reporters *limiter // strangers who report weaknesses
}

// New returns the handler of every address of the interface.
func New(c Config) (http.Handler, error) {
	if c.Vault == nil || c.Applications == nil || c.Ledger == nil || c.Probes == nil || c.Duties == nil || c.Incidents == nil || c.Assurance == nil || c.Demands == nil || c.Minors == nil || c.Alerts == nil || c.Staff == nil || c.Messages == nil || c.Notices == nil || c.Retention == nil || c.Connected == nil || c.Rights == nil || c.Agents == nil || c.Registry == nil || c.Rules == nil || c.Policy == nil || c.Now == nil {
		return nil, fault.New("httpapi.New", fault.Other, "the configuration lacks a part")
	}
	if c.Wall == nil {
		c.Wall = c.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.orDefaults()
	s := &service{
		Config:    c,
		mux:       http.NewServeMux(),
		books:     newBook(c.Title, c.Policy.Version),
		byKey:     newLimiter(c.Limits.PerCredential, c.Limits.Burst),
		failures:  newLimiter(c.Limits.Failures, c.Limits.FailureBurst),
		reporters: newReporters(),
	}
	r := &routes{service: s, allowed: map[string][]string{}}
	for _, add := range []func(*routes){
		s.records, s.blobs, s.queries, s.subjects, s.tenants, s.clocks, s.incidents, s.demands, s.minors, s.assurance, s.alerts, s.staff, s.messages, s.policies, s.notices, s.retention, s.connected, s.requests, s.agents, s.applications, s.oauth, s.entries, s.evidence, s.logs, s.pages,
	} {
		add(r)
	}
	return s, r.finish()
}

// ServeHTTP answers one request. Whatever panics below is contained here.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, Request: r, service: s, began: s.Wall()}
	defer x.end()
	secure(w.Header())
	defer s.running.Add(-1)
	if s.running.Add(1) > int64(s.Limits.Concurrent) {
		x.fail(fault.New("httpapi.ServeHTTP", fault.Unavailable, "too many requests at a time"))
		return
	}
	if !plainPath(r) {
		x.fail(notFound())
		return
	}
	s.mux.ServeHTTP(x, r)
}

// The header fields of every answer; shared, never written to.
var (
	noStore = []string{"no-store"}
	noSniff = []string{"nosniff"}
	hsts    = []string{"max-age=31536000; includeSubDomains"}
	noFrame = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
	noRefer = []string{"no-referrer"}
	isJSON  = []string{"application/json"}
)

func secure(h http.Header) {
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	h["Strict-Transport-Security"] = hsts
	h["Content-Security-Policy"] = noFrame
	h["Referrer-Policy"] = noRefer
}

// wellKnown begins the only addresses with a dot at a segment's beginning, RFC 8615.
const wellKnown = "/.well-known/"

// plainPath reports whether the mux would take the path as it is: it answers others with a
// redirection, which repeats what was sent.
func plainPath(r *http.Request) bool {
	p := r.URL.Path
	if p == "" || p[0] != '/' || r.Method == http.MethodConnect {
		return false
	}
	if rest, ok := strings.CutPrefix(p, wellKnown); ok {
		p = "/" + rest
	}
	for i := 1; i < len(p); i++ {
		if p[i-1] != '/' {
			continue
		}
		if p[i] == '/' || p[i] == '.' {
			return false // an empty segment, or one that begins with a dot: no address has those
		}
	}
	return true
}

// end contains a panic and writes the line of the log, which holds no address, value or body.
func (x *exchange) end() {
	cut := false
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			cut = true
		} else {
			cut = x.panicked(p)
		}
	}
	x.log()
	x.observe()
	if cut {
		panic(http.ErrAbortHandler)
	}
}
