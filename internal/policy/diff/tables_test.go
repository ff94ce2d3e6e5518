package diff

import (
	"os"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
)

// Every parameter of every control has been thought about, and none that is gone is listed.
func TestEveryParameterHasASense(t *testing.T) {
	catalogue := control.Catalogue()
	var all []string
	for _, name := range catalogue.Names() {
		spec, _ := catalogue.Control(name)
		for _, p := range spec.Params {
			all = append(all, name+"."+p.Name)
			if _, ok := senses[name+"."+p.Name]; !ok {
				t.Errorf("senses says nothing of %s.%s: %s", name, p.Name, p.Doc)
			}
		}
	}
	for name := range senses {
		if !slices.Contains(all, name) {
			t.Errorf("senses lists %s, which no control has", name)
		}
	}
	for name := range toldAnyway {
		if !slices.Contains(all, name) {
			t.Errorf("toldAnyway lists %s, which no control has", name)
		}
	}
}

// The kinds' tables are whole, name controls that exist, and stand in the documentation.
func TestKinds(t *testing.T) {
	names := control.Catalogue().Names()
	doc, err := os.ReadFile("../../../docs/diff.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range Kinds() {
		s := k.spec()
		if s.material != never && s.why == "" {
			t.Errorf("%s is material for no reason", k)
		}
		if !strings.HasSuffix(s.says, ".") {
			t.Errorf("%s says no sentence: %q", k, s.says)
		}
		for _, c := range s.controls {
			if !slices.Contains(names, c) {
				t.Errorf("%s speaks of control %s, which nobody knows", k, c)
			}
		}
		if !strings.Contains(string(doc), "| `"+string(k)+"` | "+k.Material()+" |") {
			t.Errorf("docs/diff.md lacks the line | `%s` | %s |", k, k.Material())
		}
	}
	if got := Kind("made-up").spec(); got.material != unproven || got.why == "" {
		t.Errorf("a kind of no table is %+v", got)
	}
}
