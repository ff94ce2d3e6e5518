// Package trust is the public door: the published policy, each clause with its status, when that was
// last proven and how, as a page that needs no script and as JSON.
package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

//go:embed page.html
var pageSource string

//go:embed trust.css
var style []byte

// Config is what the page is made of.
type Config struct {
	Policy   *policy.Policy
	Statuses func(context.Context) ([]api.ClauseStatus, error)
	Now      func() time.Time
	// Versions are the version in force and those that people are told of before they take effect; nil: none.
	Versions func(context.Context) ([]api.PolicyVersion, error)
	// Documents are the further documents of the policy that the server serves itself, by id.
	Documents map[string]Document
}

// standing is how the clauses stand, and the versions that are to follow the one in force.
func (d *door) standing(ctx context.Context) (statuses []api.ClauseStatus, next []api.PolicyVersion, err error) {
	if statuses, err = d.Statuses(ctx); err != nil || d.Versions == nil {
		return statuses, nil, err
	}
	all, err := d.Versions(ctx)
	for _, v := range all {
		if v.State == "announced" {
			next = append(next, v)
		}
	}
	return statuses, next, err
}

// contentPolicy lets the page load its own style sheet and nothing else, from anywhere.
const contentPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type door struct {
	Config
	page    *template.Template
	styleAt string // the style sheet's address, which changes with its content
	shelf   *shelf
}

// New returns the handler of /, /trust.json and /trust.css, and of what the policy publishes: /statement, what
// /published lists, and files under /.well-known/.
func New(c Config) (http.Handler, error) {
	page, err := template.New("page").Parse(pageSource)
	if err != nil {
		return nil, fault.As("trust.New", fault.Other, err)
	}
	sum := sha256.Sum256(style)
	d := &door{Config: c, page: page, styleAt: "/trust.css?" + hex.EncodeToString(sum[:6]), shelf: &shelf{policy: c.Policy, known: control.Catalogue()}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.html)
	mux.HandleFunc("GET /trust.json", d.json)
	mux.HandleFunc("GET /trust.css", d.css)
	mux.HandleFunc("GET /statement", d.statement)
	mux.HandleFunc("GET /published", d.listing)
	mux.HandleFunc("GET /published/{name}", d.file)
	mux.HandleFunc("GET /documents/{id}", d.document)
	mux.HandleFunc("GET /.well-known/security.txt", d.securityTxt)
	mux.HandleFunc("GET /.well-known/gpc.json", d.gpc)
	mux.HandleFunc("GET /.well-known/clause.json", d.whose)
	return mux, nil
}

// html renders the whole page before the first byte goes out, so that a failure is an answer of its
// own and never half a page.
func (d *door) html(w http.ResponseWriter, r *http.Request) {
	statuses, next, err := d.standing(r.Context())
	if err != nil {
		d.unavailable(w)
		return
	}
	var out bytes.Buffer
	if err := d.page.Execute(&out, d.view(statuses, next)); err != nil {
		d.unavailable(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(out.Bytes()) // a reader who left
}

// unavailable says that the status is not known: no clause is shown as kept.
func (d *door) unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "The status of the policy cannot be told at the moment. Please try again.", http.StatusServiceUnavailable)
}

// Published is the page as JSON.
type Published struct {
	Organisation string             `json:"organisation"`
	Version      string             `json:"version"`
	Digest       string             `json:"policy_sha256"`
	At           time.Time          `json:"at"`
	Counts       map[string]int     `json:"counts"`
	Clauses      []api.ClauseStatus `json:"clauses"`
	// Announced are the versions that are to follow this one.
	Announced []api.PolicyVersion `json:"announced,omitempty"`
}

func (d *door) json(w http.ResponseWriter, r *http.Request) {
	statuses, next, err := d.standing(r.Context())
	if err != nil {
		d.unavailable(w)
		return
	}
	out := Published{
		Announced:    next,
		Organisation: d.Policy.Organisation.Name, Version: d.Policy.Version, Digest: d.Policy.Digest,
		At: d.Now().UTC().Truncate(time.Second), Counts: map[string]int{}, Clauses: statuses,
	}
	for _, s := range statuses {
		out.Counts[s.State]++
	}
	d.asJSON(w, out)
}

func (d *door) css(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(style)
}

// means is one way in which a clause is kept, in the control's own words.
type means struct{ Control, Doc string }

func how(known policy.Vocabulary, names []string) []means {
	var out []means
	for _, name := range names {
		if spec, ok := known.Control(name); ok {
			out = append(out, means{name, strings.TrimSpace(spec.Doc)})
		}
	}
	return out
}
