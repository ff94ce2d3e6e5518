package policy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"clause.dev/clause/internal/policy"
)

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	src, err := policy.Schema(controls())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate checks a policy against the schema as an editor does.
func validate(s *jsonschema.Schema, src []byte) error {
	var doc any
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(instance)
}

func TestSchemaAcceptsPolicies(t *testing.T) {
	s := compiledSchema(t)
	clesaro, err := os.ReadFile(clesaroFile)
	if err != nil {
		t.Fatal(err)
	}
	terms := strings.Replace(small, "- tenant-isolation\n", `- clock: {duty: mail, within: 2 per calendar year, acknowledge: before the next audit}
      - breach-notice: {authority: at once, people: without undue delay, channels: [email, letter]}
      - derived: {clauses: [c-risk]}
`, 1)
	for name, src := range map[string][]byte{"clesaro": clesaro, "small": []byte(small), "terms": []byte(terms)} {
		if err := validate(s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What an editor can see, it must see: the fixtures marked #schema.
func TestSchemaRefusesBrokenPolicies(t *testing.T) {
	s := compiledSchema(t)
	refused := 0
	for _, f := range brokenFiles(t) {
		err := validate(s, f.src)
		if f.schema && err == nil {
			t.Errorf("%s is accepted", filepath.Base(f.name))
		}
		if err != nil {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("only %d fixtures are refused", refused)
	}
}

// Each single mistake an editor can see, alone.
func TestSchemaSeesEachMistake(t *testing.T) {
	s := compiledSchema(t)
	for _, change := range [][2]string{
		{"version: \"1\"", "versoin: \"1\""},
		{"role: processor", "role: processer"},
		{"horizon: 2w", "horizon: 2 weeks"},
		{"keep: 90d", "keep: for ever"},
		{"name: text", "name: txt"},
		{"name: text", "name: enum"},
		{"type: email, unique", "type: email, uniq"},
		{"max: 10MiB", "max: 10"},
		{"  dubai:", "  Dubai:"},
		{"basis: contract", "basis: kontract"},
		{"visits: [at]", "visits: some"},
		{"safeguard:", "savegard:"},
		{`{minimum: "1.3"}`, "{minimum: 1.3}"},
		{`{minimum: "1.3"}`, `{minimum: "1.1"}`},
		{`{minimum: "1.3"}`, "{}"},
		{`tls: {minimum: "1.3"}`, "tls"},
		{"- tenant-isolation\n", "- tenant-isolaton\n"},
		{"tenant-isolation:\n", "tenant-isolation: {x: 1}\n"},
		{"statement: true", "statement: \"true\""},
		{"effective: 2026-03-01", "effective: March"},
		{"language: en\n", "language: English\n"},
		{"titles: {ar: المستخدمون}", "titles: {}"},
		{"titles: {ar: المستخدمون}", "titles: {Arabic: المستخدمون}"},
		{"kind: necessary", "kind: essential"},
		{"kind: certificate", "kind: certification"},
		{"issued: 2025-02-01, ", ""},
		{"name: __Host-s", "name: my session"},
		{"trains: false", "trains: no"},
		{"mailto:security", "security"},
		{"languages: [en, ar]", "languages: [English]"},
		{"url: https://acme.example/terms", "url: terms"},
		{"finding: report-old", "finding: Report"},
		{", reason: The next audit is in May.", ""},
		{"ar: {section:", "Arabic: {section:"},
		{"- tenant-isolation\n", "- clock: {duty: mail, within: 30d}\n"},
		{"- tenant-isolation\n", "- attested: {attestations: iso}\n"},
		{"calendar: AE", "calendar: \"AE \""},
	} {
		src := strings.Replace(small, change[0], change[1], 1)
		if src == small {
			t.Fatalf("%q is not in the policy", change[0])
		}
		if err := validate(s, []byte(src)); err == nil {
			t.Errorf("%q is accepted in place of %q", change[1], change[0])
		}
		if _, err := policy.Parse("p.yaml", []byte(src), controls()); err == nil {
			t.Errorf("the parser accepts %q in place of %q", change[1], change[0])
		}
	}
}

// An editor shows what each control and key is for.
func TestSchemaDescribes(t *testing.T) {
	src, err := policy.Schema(controls())
	if err != nil {
		t.Fatal(err)
	}
	for name, spec := range controls() {
		if !strings.Contains(string(src), spec.Doc) {
			t.Errorf("control %s is not described", name)
		}
	}
	for _, doc := range []string{"https://json-schema.org/draft/2020-12/schema", "its legal basis, GDPR art. 6(1)", "memory-only"} {
		if !strings.Contains(string(src), doc) {
			t.Errorf("the schema lacks %q", doc)
		}
	}
}
