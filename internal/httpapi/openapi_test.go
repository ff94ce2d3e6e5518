package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is the part of an OpenAPI document that the tests look at.
type document struct {
	OpenAPI string `json:"openapi"`
	Info    struct{ Title, Version string }
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Tags        []string
		Security    []map[string][]string
		Parameters  []struct {
			Name, In string
			Required bool
			Schema   map[string]any
		}
		Responses   map[string]json.RawMessage
		RequestBody *struct{ Content map[string]json.RawMessage }
	}
	Components struct {
		Schemas         map[string]json.RawMessage
		SecuritySchemes map[string]map[string]string
	}
	Tags []struct{ Name string }
}

func readDocument(t testing.TB, s *setting) (document, []byte) {
	t.Helper()
	w := s.send("GET", "/openapi.json", "")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	var d document
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d, w.Body.Bytes()
}

var inBraces = regexp.MustCompile(`\{([^}]*)\}`)

func TestDocument(t *testing.T) {
	d, raw := readDocument(t, set(t))
	if d.OpenAPI != "3.1.0" || d.Info.Title != "Clesaro" || d.Info.Version == "" {
		t.Errorf("%s %+v", d.OpenAPI, d.Info)
	}
	if s := d.Components.SecuritySchemes[securityName]; s["type"] != "http" || s["scheme"] != "bearer" {
		t.Errorf("security %v", s)
	}
	tags, ids := map[string]bool{}, map[string]bool{}
	for _, tag := range d.Tags {
		tags[tag.Name] = true
	}
	for path, item := range d.Paths {
		if !strings.HasPrefix(path, "/") {
			t.Errorf("path %s", path)
		}
		for method, op := range item {
			if op.OperationID == "" || ids[op.OperationID] || len(op.Tags) != 1 || !tags[op.Tags[0]] || op.Responses["default"] == nil || len(op.Responses) < 2 {
				t.Errorf("%s %s is incomplete: %+v", method, path, op)
			}
			ids[op.OperationID] = true
			declared := map[string]bool{}
			for _, p := range op.Parameters {
				if p.In == "path" && !p.Required || p.Schema["type"] == nil || declared[p.In+p.Name] {
					t.Errorf("%s %s: parameter %+v", method, path, p)
				}
				declared[p.In+p.Name] = true
			}
			for _, m := range inBraces.FindAllStringSubmatch(path, -1) {
				if !declared["path"+m[1]] {
					t.Errorf("%s %s: %s is not declared", method, path, m[1])
				}
			}
			if needsKey := strings.HasPrefix(path, "/v1/"); needsKey != (len(op.Security) == 1) {
				t.Errorf("%s %s: security %v", method, path, op.Security)
			}
		}
	}
	// Every reference resolves.
	for _, m := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
		name, ok := strings.CutPrefix(m[1], "#/components/schemas/")
		if !ok || d.Components.Schemas[name] == nil {
			t.Errorf("%s refers to nothing", m[1])
		}
	}
}

// called fills the wildcards of a documented path.
func called(path string) string {
	return inBraces.ReplaceAllString(strings.Replace(path, "{path}", "entries/000", 1), "x1")
}

// Every documented operation below /v1/ refuses whoever has no key, before the domain hears of it.
func TestEveryRouteAuthenticates(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{FailureBurst: 10000} })
	d, _ := readDocument(t, s)
	n := 0
	for path, item := range d.Paths {
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		for method := range item {
			n++
			for _, header := range [][]string{nil, {"Authorization: Bearer wrong"}} {
				w := s.send(strings.ToUpper(method), called(path), "", append(header, why, isJSONl)...)
				switch security := item[method].Security; {
				case security[0][signatureName] != nil: // there is nothing but the body to prove it
					if w.Code != 403 || w.Body.Len() != 0 {
						t.Errorf("%s %s: status %d, %q", method, path, w.Code, w.Body)
					}
				case security[0][tokenName] != nil:
					if exerciseError(t, w); w.Code != 401 {
						t.Errorf("%s %s: status %d", method, path, w.Code)
					}
				default:
					if problem(t, w); w.Code != 401 {
						t.Errorf("%s %s: status %d", method, path, w.Code)
					}
				}
			}
		}
	}
	if calls := s.took(); calls != nil {
		t.Errorf("the domain saw %v", calls)
	}
	if n < 25 {
		t.Errorf("only %d operations", n)
	}
}

// Every operation documented is served, and every route of the mux is documented.
func TestDocumentIsComplete(t *testing.T) {
	s := set(t)
	d, _ := readDocument(t, s)
	documentedRoutes := map[string]bool{}
	for path, item := range d.Paths {
		for method := range item {
			r := httptest.NewRequest(strings.ToUpper(method), called(path), nil)
			_, pattern := s.handler.(*service).mux.Handler(r)
			if _, p, ok := strings.Cut(pattern, " "); !ok || documented(p) != path {
				t.Errorf("%s %s goes to %q", method, path, pattern)
			}
			documentedRoutes[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, path := range []string{record, records, subject, subject + "/standing", "/v1/tenants", "/v1/tenants/acme", "/v1/applications", "/docs", "/docs.css",
		"/", "/trust.json", "/trust.css", "/healthz", "/openapi.json", "/ledger/acme/tile/0/000", "/v1/probes", "/v1/tenants/acme/batch"} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			_, pattern := s.handler.(*service).mux.Handler(httptest.NewRequest(method, path, nil))
			if _, p, ok := strings.Cut(pattern, " "); ok && !documentedRoutes[method+" "+documented(p)] {
				t.Errorf("%s is served and not documented", pattern)
			}
		}
	}
}

// The schemas are JSON Schema 2020-12, and an independent validator finds that the answers fit them.
func TestAnswersFitTheirSchemas(t *testing.T) {
	s := set(t)
	_, raw := readDocument(t, s)
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("openapi.json", content); err != nil {
		t.Fatal(err)
	}
	fits := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		schema, err := compiler.Compile("openapi.json#/components/schemas/" + name)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := jsonschema.UnmarshalJSON(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(answer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	fits("Record", s.send("GET", record, "", asData, why))
	fits("Records", s.send("GET", records, "", asData, why))
	fits("Stored", s.send("PUT", record, `{"fields":{}}`, asData, why, isJSONl))
	fits("Problem", s.send("PUT", record, `{}`, asData, why, isJSONl))
	fits("Problem", s.send("POST", "/v1/tenants", `{}`, asAdmin, isJSONl))
	fits("Tenants", s.send("GET", "/v1/tenants", "", asAdmin))
	fits("Applications", s.send("GET", "/v1/applications", "", asAdmin))
	fits("Entries", s.send("GET", "/v1/tenants/acme/entries", "", asAudit))
	fits("Evidence", s.send("GET", "/v1/evidence", "", asData))
	fits("Findings", s.send("POST", "/v1/probes", "", asAdmin))
	fits("Standing", s.send("GET", subject+"/standing", "", asData))
	for name := range s.handler.(*service).books.schemas.Map() {
		if _, err := compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDocsPage(t *testing.T) {
	s := set(t)
	d, _ := readDocument(t, s)
	w := s.send("GET", "/docs", "")
	page := w.Body.String()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("status %d, %s", w.Code, w.Header().Get("Content-Type"))
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") {
		t.Errorf("policy %s", csp)
	}
	for path, item := range d.Paths {
		for _, op := range item {
			if !strings.Contains(page, `id="`+op.OperationID+`"`) || !strings.Contains(page, "<code>"+path+"</code>") {
				t.Errorf("%s is not on the page", op.OperationID)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		anchor, local := strings.CutPrefix(m[1], "#")
		if local && !strings.Contains(page, `id="`+anchor+`"`) {
			t.Errorf("%s leads nowhere", m[1])
		}
		if !local && m[1] != "/docs.css" && m[1] != "/openapi.json" {
			t.Errorf("the page refers to %s", m[1])
		}
	}
	for _, m := range append(protocolMeanings, meanings[0], meanings[3]) {
		if !strings.Contains(page, `id="problem-`+m.slug+`"`) {
			t.Errorf("problem %s is not on the page", m.slug)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, " style=") {
		t.Error("the page holds a script or a style of its own")
	}
	style := s.send("GET", "/docs.css", "").Body.String()
	if !strings.Contains(style, "prefers-color-scheme: dark") || strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Error("the style sheet knows no dark mode, or loads something")
	}
}
