package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"clause.dev/clause/internal/fault"
)

//go:embed docs.css
var docsStyle []byte

//go:embed docs.html
var docsPage string

const pageType = "text/html; charset=utf-8"

// pagePolicy lets a page load this server's own style sheet and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// styleOf is the source of a page's one style, for a policy that lets it have no other.
func styleOf(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (s *service) pages(r *routes) {
	var document, docs []byte
	own := func(path, id, summary, kind string, body *[]byte) {
		r.public(operation{method: "GET", path: path, id: id, tag: "service", summary: summary, outType: kind}, func(x *exchange) error {
			return x.show(http.StatusOK, kind, pagePolicy, *body)
		})
	}
	r.public(operation{method: "GET", path: "/healthz", id: "get-health", tag: "service", summary: "Whether the server is ready", outType: "text/plain"}, s.health)
	own("/openapi.json", "get-openapi", "This description", mediaTypes[0], &document)
	own("/docs", "get-docs", "This description for people", pageType, &docs)
	style := docsStyle
	own("/docs.css", "get-docs-style", "The style sheet of the documentation", "text/css; charset=utf-8", &style)
	if s.Trust != nil {
		for _, p := range []struct{ path, id, summary, kind string }{
			{"/{$}", "get-trust-page", "The published policy and the status of each clause", "text/html"},
			{"/trust.json", "get-trust", "The same as JSON", mediaTypes[0]},
			{"/trust.css", "get-trust-style", "The style sheet of the trust page", "text/css"},
			{"/statement", "get-statement", "The privacy and security statement; lang=ar, or the browser's preference, for Arabic", "text/html"},
			{"/published", "list-published", "All that is published of the policy, with its digests", mediaTypes[0]},
			{"/published/{name}", "get-published", "A file that is published of the policy, as /published names it; lang as above", "application/octet-stream"},
			{"/documents/{id}", "get-document", "A further document that the policy names, if this server holds it", "application/octet-stream"},
			{"/.well-known/clause.json", "get-policy-identity", "Which version of which policy runs", mediaTypes[0]},
			{"/.well-known/security.txt", "get-security-txt", "Where weaknesses are reported, RFC 9116", "text/plain"},
			{"/.well-known/gpc.json", "get-gpc", "That Global Privacy Control is honoured", mediaTypes[0]},
		} {
			r.public(operation{method: "GET", path: p.path, id: p.id, tag: "service", summary: p.summary, outType: p.kind}, s.trust)
		}
	}
	var err error
	if document, err = json.Marshal(s.books.doc); err == nil {
		docs, err = s.books.page()
	}
	if err != nil && r.bad == nil {
		r.bad = fault.As("httpapi.pages", fault.Other, err)
	}
}

func (s *service) trust(x *exchange) error {
	s.Trust.ServeHTTP(x, x.Request)
	return nil
}

func (s *service) health(x *exchange) error {
	if s.Ready != nil {
		if err := s.Ready(x.Context()); err != nil {
			return fault.As("httpapi.health", fault.Unavailable, err)
		}
	}
	return x.show(http.StatusOK, "text/plain; charset=utf-8", "", []byte("ready\n"))
}

// manual is what the documentation's page shows.
type manual struct {
	Title, About string
	Groups       []group
	Schemas      []shape
	Problems     []problemKind
}

type group struct {
	Name, About string
	Operations  []shown
}

type shown struct {
	Method, Path, ID, Summary, About string
	Private                          bool
	Parameters                       []*huma.Param
	In, Out                          string // names of schemas
	InType, OutType                  string
}

type shape struct {
	Name    string
	Members []member
}

type member struct {
	Name, Type, About string
	Ref               string // name of the schema it holds
	Required          bool
}

type problemKind struct {
	Slug, Title, Why string
	Status           int
}

// page renders the document for people.
func (b *book) page() ([]byte, error) {
	t, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, err
	}
	m := manual{Title: b.doc.Info.Title, About: b.doc.Info.Description, Schemas: b.shapes(), Problems: problemKinds()}
	for _, tag := range b.doc.Tags {
		m.Groups = append(m.Groups, group{Name: tag.Name, About: tag.Description, Operations: b.tagged(tag.Name)})
	}
	var out bytes.Buffer
	err = t.Execute(&out, m)
	return out.Bytes(), err
}

// tagged returns the operations of a tag, by path.
func (b *book) tagged(tag string) []shown {
	paths := make([]string, 0, len(b.doc.Paths))
	for path := range b.doc.Paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var out []shown
	for _, path := range paths {
		item := b.doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil && op.Tags[0] == tag {
				out = append(out, show(op))
			}
		}
	}
	return out
}

func show(op *huma.Operation) shown {
	s := shown{Method: op.Method, Path: op.Path, ID: op.OperationID, Summary: op.Summary, About: op.Description, Private: op.Security != nil, Parameters: op.Parameters}
	if op.RequestBody != nil {
		s.InType, s.In = media(op.RequestBody.Content)
	}
	for status, r := range op.Responses {
		if status != "default" {
			s.OutType, s.Out = media(r.Content)
		}
	}
	return s
}

// media returns the media type of a body and the name of its schema, if it has one.
func media(content map[string]*huma.MediaType) (kind, schema string) {
	if m := content[mediaTypes[0]]; m != nil {
		return mediaTypes[0], refName(m.Schema)
	}
	for kind := range content {
		return kind, ""
	}
	return "", ""
}

func refName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
}

func (b *book) shapes() []shape {
	schemas := b.schemas.Map()
	var out []shape
	for _, name := range sorted(schemas) {
		s := schemas[name]
		one := shape{Name: name}
		for _, field := range sorted(s.Properties) {
			p := s.Properties[field]
			kind, ref := typeOf(p)
			one.Members = append(one.Members, member{Name: field, Type: kind, Ref: ref, About: p.Description, Required: slices.Contains(s.Required, field)})
		}
		out = append(out, one)
	}
	return out
}

// typeOf says what a schema takes, in words.
func typeOf(s *huma.Schema) (kind, ref string) {
	switch {
	case s.Ref != "":
		return "", refName(s)
	case s.Type == huma.TypeArray && s.Items != nil:
		kind, ref = typeOf(s.Items)
		return strings.TrimSpace("list of " + kind), ref
	case len(s.Enum) > 0:
		var words []string
		for _, v := range s.Enum {
			if word, ok := v.(string); ok {
				words = append(words, word)
			}
		}
		return strings.Join(words, " | "), ""
	case s.Format != "":
		return s.Format, ""
	case s.Type == "":
		return "any", ""
	}
	return s.Type, ""
}

func problemKinds() []problemKind {
	all := slices.Clone(protocolMeanings)
	for _, m := range meanings {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b meaning) int { return a.status - b.status })
	out := make([]problemKind, len(all))
	for i, m := range all {
		out[i] = problemKind{Slug: m.slug, Title: m.title, Why: m.why, Status: m.status}
	}
	return out
}
