package publish_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"
)

// dpvTerms are the terms of DPV 2.3 that we may use; testdata/dpv-2.3.json says where they come from.
func dpvTerms(t testing.TB) (known map[string]bool, prefixes map[string]string) {
	t.Helper()
	var recorded struct{ Terms []string }
	decode(t, file(t, "testdata/dpv-2.3.json"), &recorded)
	var our struct{ Prefixes map[string]string }
	table(t, "dpv.json", &our)
	known = map[string]bool{}
	for _, term := range recorded.Terms {
		prefix, name, _ := strings.Cut(term, ":")
		known[our.Prefixes[prefix]+name] = true
	}
	return known, our.Prefixes
}

// offline loads no context: what we publish must be understood without asking anybody.
type offline struct{}

func (offline) LoadDocument(u string) (*ld.RemoteDocument, error) {
	return nil, fmt.Errorf("%s is asked for", u)
}

// TestDPVIsJSONLD expands the document with a processor of JSON-LD 1.1: every name becomes an IRI, every
// term is one of the vocabulary's, nothing is dropped, and what is pointed to is there.
func TestDPVIsJSONLD(t *testing.T) {
	known, prefixes := dpvTerms(t)
	for folder, p := range policies(t) {
		var doc map[string]any
		decode(t, read(t, p, "en", "dpv.jsonld"), &doc)
		o := ld.NewJsonLdOptions("")
		o.DocumentLoader = offline{}
		expanded, err := ld.NewJsonLdProcessor().Expand(doc, o)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		v := &dpvVisitor{t: t, folder: folder, known: known, prefixes: prefixes, here: map[string]bool{}}
		v.visit(expanded)
		if plain := keys(doc["@graph"]); v.keys != plain {
			t.Errorf("%s: of %d properties, %d are understood", folder, plain, v.keys)
		}
		for _, iri := range v.links {
			if strings.HasPrefix(iri, "urn:uuid:") && !v.here[iri] {
				t.Errorf("%s: %s is spoken of and not there", folder, iri)
			}
		}
	}
}

type dpvVisitor struct {
	t        *testing.T
	folder   string
	known    map[string]bool
	prefixes map[string]string
	keys     int
	here     map[string]bool // what is described
	links    []string        // what is spoken of
}

func (v *dpvVisitor) visit(n any) {
	switch n := n.(type) {
	case []any:
		for _, item := range n {
			v.visit(item)
		}
	case map[string]any:
		id, _ := n["@id"].(string)
		if id != "" {
			v.iri(id)
			v.links = append(v.links, id)
			v.here[id] = v.here[id] || len(n) > 1
		}
		for key, value := range n {
			switch {
			case key == "@type":
				for _, class := range list(value) {
					v.iri(class.(string))
				}
			case !strings.HasPrefix(key, "@"):
				v.keys++
				v.iri(key)
				v.visit(value)
			}
		}
	}
}

// iri complains of what is no IRI, or of the vocabulary's name space and no term of it.
func (v *dpvVisitor) iri(iri string) {
	if !strings.Contains(iri, "://") && !strings.HasPrefix(iri, "urn:uuid:") {
		v.t.Errorf("%s: %q is no IRI", v.folder, iri)
	}
	if strings.HasPrefix(iri, "https://w3id.org/dpv") && !v.known[iri] {
		v.t.Errorf("%s: DPV has no %s", v.folder, iri)
	}
}

func list(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	return []any{v}
}

// keys counts the properties of a document that is not expanded.
func keys(n any) (count int) {
	switch n := n.(type) {
	case []any:
		for _, item := range n {
			count += keys(item)
		}
	case map[string]any:
		for key, value := range n {
			if !strings.HasPrefix(key, "@") {
				count += 1 + keys(value)
			}
		}
	}
	return count
}

// node finds a node of dpv.jsonld by its name in the policy.
func node(t *testing.T, doc, id string) map[string]any {
	t.Helper()
	var file struct {
		Graph []map[string]any `json:"@graph"`
	}
	decode(t, doc, &file)
	for _, n := range file.Graph {
		if n["@id"] == "policy:"+id {
			return n
		}
	}
	t.Fatalf("there is no %s", id)
	return nil
}

func TestArticlesOfTheGDPRAreNamedOnlyWhereThePolicyNamesIt(t *testing.T) {
	for folder, p := range policies(t) {
		names := strings.Contains(read(t, p, "en", "dpv.jsonld"), `"eu-gdpr:`)
		if named := folder == "clesaro" || folder == "whole"; names != named {
			t.Errorf("%s: articles are named: %t", folder, names)
		}
	}
}

func TestDPVSaysWhatThePolicySays(t *testing.T) {
	doc := read(t, load(t, examples+"/clesaro/policy.yaml"), "en", "dpv.jsonld")
	for id, want := range map[string][2]string{
		"purpose.insights":           {"dpv:hasLegalBasis", "[dpv:Consent eu-gdpr:A6-1-a]"},
		"purpose.security":           {"dpv:hasLegalBasis", "[dpv:LegitimateInterest eu-gdpr:A6-1-f]"},
		"data.identity.email":        {"skos:broader", "[pd:EmailAddress]"},
		"data.income":                {"skos:broader", "[pd:Financial]"},
		"organisation":               {"@type", "dpv:DataController"},
		"purpose.budgeting":          {"dpv:hasPersonalData", "[policy:data.income policy:data.debts policy:data.goals policy:data.transactions]"},
		"data.income.monthly_income": {"dpv:hasNecessity", "dpv:Optional"},
	} {
		if got := fmt.Sprint(node(t, doc, id)[want[0]]); got != want[1] {
			t.Errorf("%s of %s is %s, want %s", want[0], id, got, want[1])
		}
	}
	if strings.Contains(fmt.Sprint(node(t, doc, "data.technical")), "loc:AE") {
		t.Error("what is kept in memory only has a place where it is stored")
	}
}

// A control that does not run yet is a measure that is planned, and no more.
func TestMeasuresThatDoNotRunArePlanned(t *testing.T) {
	doc := read(t, load(t, examples+"/clesaro/policy.yaml"), "en", "dpv.jsonld")
	var file struct {
		Graph []map[string]any `json:"@graph"`
	}
	decode(t, doc, &file)
	want := map[string]string{"tls": "dpv:ActivityOngoing", "password-hash": "dpv:ActivityPlanned"}
	for _, n := range file.Graph {
		control, _ := n["dct:subject"].(string)
		if state, ok := want[control]; ok {
			delete(want, control)
			if n["dpv:hasActivityStatus"] != state {
				t.Errorf("%s is %v", control, n["dpv:hasActivityStatus"])
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("there is no measure for %v", want)
	}
}
