package policy_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

const docsFile = "../../docs/policy.md"

func docs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the documentation shows must work.
func TestDocumentedPolicy(t *testing.T) {
	_, after, _ := strings.Cut(docs(t), "```yaml\n")
	example, _, found := strings.Cut(after, "```\n")
	if !found {
		t.Fatal("no example")
	}
	p, err := policy.Parse(docsFile, []byte(example), controls())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Clauses) != 4 || len(p.Purposes) != 2 {
		t.Errorf("got %+v", p)
	}
	if err := validate(compiledSchema(t), []byte(example)); err != nil {
		t.Error(err)
	}
}

// Every key of the language and every control must be documented.
func TestDocumentationIsComplete(t *testing.T) {
	text := docs(t)
	src, err := policy.Schema(controls())
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(src, &schema); err != nil {
		t.Fatal(err)
	}
	for name := range keysOf(schema) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s lacks `%s`", docsFile, name)
		}
	}
	for _, code := range []policy.Code{policy.BadFile, policy.BadSyntax, policy.UnknownKey, policy.DuplicateKey, policy.MissingKey,
		policy.BadType, policy.BadValue, policy.Dangling, policy.Contradiction, policy.ControlRefuses, policy.OverBound} {
		if !strings.Contains(text, "`"+string(code)+"`") {
			t.Errorf("%s lacks the code %s", docsFile, code)
		}
	}
}

// keysOf returns every property that a schema names, at any depth.
func keysOf(schema any) map[string]bool {
	keys := map[string]bool{}
	switch s := schema.(type) {
	case []any:
		for _, item := range s {
			for k := range keysOf(item) {
				keys[k] = true
			}
		}
	case map[string]any:
		properties, _ := s["properties"].(map[string]any)
		for k := range properties {
			keys[k] = true
		}
		for _, v := range s {
			for k := range keysOf(v) {
				keys[k] = true
			}
		}
	}
	return keys
}
