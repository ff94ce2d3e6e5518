package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// book is the OpenAPI document, and the schemas that bodies are checked against: the same ones.
type book struct {
	doc     *huma.OpenAPI
	schemas huma.Registry
}

// securityName names the scheme by which callers prove themselves.
const securityName = "key"

func newBook(title, version string) *book {
	if title == "" {
		title = "Clause"
	}
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return &book{schemas: schemas, doc: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: title, Version: "1",
			Description: "Personal data of people, kept as the published policy (version " + version + ") promises. " +
				"Every access names its purpose, is decided, and is in a tamper-evident ledger before it is answered.",
		},
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				securityName:  {Type: "http", Scheme: "bearer", Description: "An application's key, clause_…"},
				tokenName:     {Type: "http", Scheme: "bearer", Description: "An agent's token, clause_drp_…: Data Rights Protocol 1.0, section 2.05"},
				signatureName: {Type: "http", Scheme: "ed25519", Description: "The agent's signature before the message in the body: Data Rights Protocol 1.0, section 3.07"},
			},
		},
		Tags: []*huma.Tag{
			{Name: "records", Description: "The people's data."},
			{Name: "blobs", Description: "Large objects in fields of records."},
			{Name: "queries", Description: "What concerns more than one record."},
			{Name: "people", Description: "People, their consents and objections."},
			{Name: "policy", Description: "The policy in force, and what people are told of before it changes."},
			{Name: "duties", Description: "What is owed by a time, and what discharged it."},
			{Name: "incidents", Description: "Breaches of personal data, from suspicion to lessons."},
			{Name: "alerts", Description: "What somebody on call has to know, and answers."},
			{Name: "staff", Description: "Who of staff may see a customer's data: asked for, approved, allowed, reviewed."},
			{Name: "assurance", Description: "How the organisation looks for its own weaknesses: tests, findings, exercises, researchers' reports."},
			{Name: "demands", Description: "Legal demands: those of courts and authorities, met by due process alone."},
			{Name: "minors", Description: "People who may be younger than the policy lets people be."},
			{Name: "rights", Description: "What people ask by their rights, and what they are given."},
			{Name: "agents", Description: "Agents who exercise people's rights for them, by the Data Rights Protocol 1.0."},
			{Name: "messages", Description: "What people are told, in your application and by letter."},
			{Name: "connected", Description: "Systems outside the vault that hold copies of people's data."},
			{Name: "retention", Description: "Where data ends: legal holds, off-boarding, certificates of erasure."},
			{Name: "ledger", Description: "What happened, verifiable by anybody."},
			{Name: "evidence", Description: "Whether the promises are kept."},
			{Name: "administration", Description: "Tenants and applications."},
			{Name: "service", Description: "The server itself."},
		},
	}}
}

// schema returns the schema of v's type, by reference for structs.
func (b *book) schema(v any) *huma.Schema {
	return b.schemas.Schema(reflect.TypeOf(v), true, "")
}

// describe adds an operation to the document.
func (b *book) describe(op operation, private bool) error {
	if op.id == "" || op.tag == "" || op.summary == "" {
		return fault.New("httpapi.describe", fault.Other, "the operation lacks a name: %s %s", op.method, op.path)
	}
	out := &huma.Operation{
		Method: op.method, Path: documented(op.path), OperationID: op.id, Tags: []string{op.tag},
		Summary: op.summary, Description: op.about, Parameters: parameters(op), Responses: b.responses(op),
	}
	if private {
		op.security = securityName
	}
	if op.security != "" {
		out.Security = []map[string][]string{{op.security: {}}}
	}
	if op.scope != "" {
		out.Description = strings.TrimSpace(out.Description + " Needs the scope " + op.scope + ".")
	}
	switch {
	case op.in != nil:
		content := map[string]*huma.MediaType{mediaTypes[0]: {Schema: b.schema(op.in)}}
		if op.method == http.MethodPatch {
			content[mediaTypes[1]] = content[mediaTypes[0]]
		}
		out.RequestBody = &huma.RequestBody{Required: true, Content: content}
	case op.inType != "":
		out.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{op.inType: {}}}
	}
	b.doc.AddOperation(out)
	return nil
}

// documented is a path of the mux as OpenAPI writes it.
func documented(path string) string {
	return strings.NewReplacer("{$}", "", "...}", "}").Replace(path)
}

func parameters(op operation) []*huma.Param {
	var out []*huma.Param
	for _, segment := range strings.Split(documented(op.path), "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			out = append(out, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	for _, p := range op.headers {
		out = append(out, p.in("header"))
	}
	for _, p := range op.query {
		out = append(out, p.in("query"))
	}
	return out
}

func (p parameter) in(where string) *huma.Param {
	s := &huma.Schema{Type: huma.TypeString}
	if p.number {
		s.Type = huma.TypeInteger
	}
	return &huma.Param{Name: p.name, In: where, Description: p.doc, Required: p.required, Schema: s}
}

func (b *book) responses(op operation) map[string]*huma.Response {
	good := &huma.Response{Description: "Done."}
	switch {
	case op.out != nil:
		good.Content = map[string]*huma.MediaType{mediaTypes[0]: {Schema: b.schema(op.out)}}
	case op.outType != "":
		good.Content = map[string]*huma.MediaType{op.outType: {}}
	}
	if op.changes {
		good.Headers = map[string]*huma.Param{
			"ETag":             {Description: "The record's version.", Schema: &huma.Schema{Type: huma.TypeString}},
			api.HeaderRestsOn:  {Description: "The clauses that the access rests on.", Schema: &huma.Schema{Type: huma.TypeString}},
			api.HeaderReplayed: {Description: `"true" for the answer of an earlier request.`, Schema: &huma.Schema{Type: huma.TypeString}},
		}
	}
	out := map[string]*huma.Response{
		strconv.Itoa(op.success()): good,
		"default": {Description: "A problem (RFC 9457).", Content: map[string]*huma.MediaType{
			api.ProblemType: {Schema: b.schema(api.Problem{})},
		}},
	}
	if op.failure != nil {
		out["default"].Description = "What went wrong; a problem (RFC 9457) where the server cannot answer now."
		out["default"].Content[mediaTypes[0]] = &huma.MediaType{Schema: b.schema(op.failure)}
	}
	if op.created {
		out[strconv.Itoa(http.StatusCreated)] = good
	}
	return out
}

// success is the status that the caller hopes for.
func (op operation) success() int {
	if op.status == 0 {
		return http.StatusOK
	}
	return op.status
}

// check returns what is wrong with a body by the schema of v's type. It names no member that the
// schema does not, and repeats no value.
func (b *book) check(v any, body []byte) []api.ProblemError {
	var content any
	if err := json.Unmarshal(body, &content); err != nil {
		return []api.ProblemError{{Message: "expected JSON"}}
	}
	schema := b.schema(v)
	if wrong := b.names(schema, "", content); len(wrong) > 0 {
		return wrong
	}
	var result huma.ValidateResult
	huma.Validate(b.schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, content, &result)
	var wrong []api.ProblemError
	for _, err := range result.Errors {
		if detail, ok := err.(*huma.ErrorDetail); ok && len(wrong) < maxProblems {
			wrong = append(wrong, api.ProblemError{Field: detail.Location, Message: detail.Message})
		}
	}
	return wrong
}

// maxProblems bounds how many mistakes one answer lists.
const maxProblems = 20

// names finds members that the schema does not know in exactly that spelling; huma, and Go's
// decoder, would take them in another case.
func (b *book) names(s *huma.Schema, path string, v any) []api.ProblemError {
	for s.Ref != "" {
		s = b.schemas.SchemaFromRef(s.Ref)
	}
	var wrong []api.ProblemError
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if s.Items != nil && len(wrong) < maxProblems {
				wrong = append(wrong, b.names(s.Items, path+"["+strconv.Itoa(i)+"]", item)...)
			}
		}
	case map[string]any:
		if s.AdditionalProperties != false {
			return nil // any names, as those of a record's fields, which the domain knows
		}
		for name := range v {
			if s.Properties[name] == nil {
				return []api.ProblemError{{Field: path, Message: "unexpected property; known are " + strings.Join(sorted(s.Properties), ", ")}}
			}
		}
		for _, name := range sorted(s.Properties) {
			if member, ok := v[name]; ok && len(wrong) < maxProblems {
				wrong = append(wrong, b.names(s.Properties[name], strings.TrimPrefix(path+"."+name, "."), member)...)
			}
		}
	}
	return wrong
}

func sorted(m map[string]*huma.Schema) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
