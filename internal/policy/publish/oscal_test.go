package publish_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
)

type oscalDoc struct {
	Definition struct {
		UUID       string
		Metadata   struct{ Version string }
		Components []struct {
			UUID, Type string
			Props      []oscalProp
			Sets       []struct {
				UUID, Source string
				Requirements []oscalRequirement `json:"implemented-requirements"`
			} `json:"control-implementations"`
		}
	} `json:"component-definition"`
}

type oscalRequirement struct {
	UUID    string
	Control string `json:"control-id"`
	Props   []oscalProp
}

type oscalProp struct{ Name, Value, Class, NS string }

// values are a requirement's properties of a name.
func (r oscalRequirement) values(name string) (all []string) {
	for _, p := range r.Props {
		if p.Name == name {
			all = append(all, p.Value)
		}
	}
	return all
}

// TestOSCALKeepsItsSchema checks against testdata/oscal-component.schema.json, which is written by hand
// from NIST's metaschema of the component definition model, OSCAL 1.2: oscal_component_metaschema.xml,
// oscal_metadata_metaschema.xml and the data types of Metaschema, in github.com/usnistgov/OSCAL.
func TestOSCALKeepsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	var source any
	decode(t, file(t, "testdata/oscal-component.schema.json"), &source)
	if err := compiler.AddResource("oscal.json", source); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("oscal.json")
	if err != nil {
		t.Fatal(err)
	}
	all := policies(t)
	odd := parse(t, small)
	odd.Organisation.Name, odd.Version = " A\n\tcompany ", "third  edition "
	odd.Clauses[0].Keep[0].Params["minimum"] = ""
	all["odd"] = odd
	for folder, p := range all {
		for _, lang := range []string{"en", "ar"} {
			instance, err := jsonschema.UnmarshalJSON(strings.NewReader(read(t, p, lang, "oscal-component.json")))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(instance); err != nil {
				t.Errorf("%s: %v", folder, err)
			}
		}
	}
	for what, broken := range map[string]string{
		"a key that is not OSCAL's":  `"components": [{"colour": "red",`,
		"a component without a type": `"components": [{"kind": "service",`,
	} {
		doc := strings.Replace(compact(t, read(t, whole(t), "en", "oscal-component.json")), `"components":[{`, broken, 1)
		doc = strings.Replace(doc, `"type":"service",`, "", strings.Count(what, "without"))
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(instance) == nil {
			t.Errorf("%s is let through", what)
		}
	}
}

func compact(t *testing.T, doc string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(doc)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What a schema cannot say: ids are unique, references lead somewhere, each clause is there.
func TestOSCALHoldsTogether(t *testing.T) {
	for folder, p := range policies(t) {
		var doc oscalDoc
		decode(t, read(t, p, "en", "oscal-component.json"), &doc)
		seen, told := map[string]bool{doc.Definition.UUID: true}, map[string]bool{}
		unique := func(uuid string) {
			if seen[uuid] {
				t.Errorf("%s: %s is there twice", folder, uuid)
			}
			seen[uuid] = true
		}
		for _, c := range doc.Definition.Components {
			unique(c.UUID)
			for _, prop := range c.Props {
				told[prop.Value] = true
			}
			for _, set := range c.Sets {
				unique(set.UUID)
				for _, r := range set.Requirements {
					unique(r.UUID)
					for _, id := range r.values("clause") {
						if _, ok := p.Clause(id); !ok {
							t.Errorf("%s: %s names the clause %q", folder, r.Control, id)
						}
						told[id] = true
					}
				}
			}
		}
		for _, c := range p.Clauses {
			if !told[c.ID] {
				t.Errorf("%s: nothing is said of %s", folder, c.ID)
			}
		}
	}
}

// running lets only some controls run.
type running struct {
	policy.Vocabulary
	only string
}

func (r running) Control(name string) (policy.ControlSpec, bool) {
	spec, ok := r.Vocabulary.Control(name)
	spec.Runs = name == r.only
	return spec, ok
}

func TestOSCALSaysImplementedOnlyOfWhatRuns(t *testing.T) {
	src := strings.Replace(small, "keep: [tls", "keep: [password-hash: {algorithm: bcrypt, cost: 12}, password-rules: {leaked: refused}, tls", 1)
	for only, want := range map[string]map[string]string{
		"tls":           {"sc-8": "implemented", "ia-5.1": "planned"},
		"password-hash": {"sc-8": "planned", "ia-5.1": "partial"},
		"":              {"sc-8": "planned", "ia-5.1": "planned"},
	} {
		o := options("en")
		o.Controls = running{control.Catalogue(), only}
		f, err := publish.One(parse(t, src), "oscal-component.json", o)
		if err != nil {
			t.Fatal(err)
		}
		var doc oscalDoc
		decode(t, string(f.Bytes), &doc)
		for _, r := range doc.Definition.Components[0].Sets[0].Requirements {
			if w := want[r.Control]; w != "" && r.values("implementation-status")[0] != w {
				t.Errorf("where %q runs, %s is %s, want %s", only, r.Control, r.values("implementation-status"), w)
			}
		}
	}
}

// The definition is another with every change of the policy; the component and what it implements are
// the same thing in the next version, OSCAL's identifier persistence.
func TestOSCALIdentifiersLast(t *testing.T) {
	var now, again, next oscalDoc
	decode(t, read(t, parse(t, small), "en", "oscal-component.json"), &now)
	decode(t, read(t, parse(t, small), "en", "oscal-component.json"), &again)
	decode(t, read(t, parse(t, strings.Replace(small, "All is", "Everything is", 1)), "en", "oscal-component.json"), &next)
	if now.Definition.UUID != again.Definition.UUID {
		t.Error("the same policy has two identifiers")
	}
	if now.Definition.UUID == next.Definition.UUID {
		t.Error("two policies have one identifier")
	}
	if a, b := now.Definition.Components[0], next.Definition.Components[0]; a.UUID != b.UUID || a.Sets[0].Requirements[0].UUID != b.Sets[0].Requirements[0].UUID {
		t.Error("the component is another one in the next version")
	}
}
