package control_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

var update = flag.Bool("update", false, "write the vocabulary that the tests of package policy use")

// The tests of package policy, which cannot see the catalogue, read it from a file: it must not age.
func TestThePolicysTestsKnowTheCatalogue(t *testing.T) {
	const file = "../policy/testdata/controls.json"
	want := vocabularyAsJSON(t, control.Catalogue())
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not the catalogue: run go test ./internal/control -run Catalogue -update", file)
	}
}

// vocabularyAsJSON lists what the parser needs to know of each control, one to a line.
func vocabularyAsJSON(t *testing.T, v policy.Vocabulary) []byte {
	t.Helper()
	var lines [][]byte
	for _, name := range v.Names() {
		s, _ := v.Control(name)
		line, err := json.Marshal(struct {
			Name, Doc string
			Params    []policy.Param
		}{s.Name, s.Doc, s.Params})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n"))
}
