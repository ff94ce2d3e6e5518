package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func sarifSchemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	src, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever is checked, the log keeps to the schema that OASIS publishes, and its parts refer to each other.
func TestSarif(t *testing.T) {
	schema := sarifSchemaOf(t)
	folder := t.TempDir()
	odd := filepath.Join(folder, "a policy, 100% اختبار.yaml")
	if err := os.WriteFile(odd, []byte("version: [1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := []string{odd, "-"}
	for _, example := range []string{"clarus", "clari", "clear", "clesaro"} {
		files = append(files, "../../examples/"+example+"/policy.yaml")
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			var out, errs bytes.Buffer
			run([]string{"check", "--format", "sarif", "--on", "2026-06-01", file}, &env{
				Stdin: strings.NewReader("nothing"), Stdout: &out, Stderr: &errs, Now: time.Now, Context: t.Context(),
			})
			if errs.Len() > 0 {
				t.Fatal(errs.String())
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%v", err)
			}
			var log sarifLog
			if err := json.Unmarshal(out.Bytes(), &log); err != nil {
				t.Fatal(err)
			}
			refers(t, log)
		})
	}
	if err := schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{"results": []any{}}}}); err == nil {
		t.Error("the schema takes a run without a tool")
	}
}

func refers(t *testing.T, log sarifLog) {
	t.Helper()
	rules := log.Runs[0].Tool.Driver.Rules
	if len(log.Runs[0].Results) == 0 {
		t.Error("there are no results")
	}
	for _, r := range log.Runs[0].Results {
		if rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("rule %d is %s, not %s", r.RuleIndex, rules[r.RuleIndex].ID, r.RuleID)
		}
		if !strings.Contains(r.Message.Text, r.Properties.Remedy) || len(r.Locations) != 1 {
			t.Errorf("got %+v", r)
		}
	}
}

func TestURIOf(t *testing.T) {
	for file, want := range map[string]string{
		"examples/clear/policy.yaml": "examples/clear/policy.yaml",
		"/tmp/a b.yaml":              "file:///tmp/a%20b.yaml",
		"standard input":             "standard%20input",
		"50%.yaml":                   "50%25.yaml",
		"c:odd.yaml":                 "./c:odd.yaml", // else c would be a scheme
	} {
		if got := uriOf(file); got != want {
			t.Errorf("%q is %q, want %q", file, got, want)
		}
	}
}
