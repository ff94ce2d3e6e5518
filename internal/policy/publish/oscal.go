package publish

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// The parts of an OSCAL component definition, version 1.2, as NIST's metaschema names them.
type (
	oscalFile struct {
		Definition oscalDefinition `json:"component-definition"`
	}
	oscalDefinition struct {
		UUID       string         `json:"uuid"`
		Metadata   oscalMetadata  `json:"metadata"`
		Components []oscalDefined `json:"components"`
	}
	oscalMetadata struct {
		Title        string       `json:"title"`
		LastModified string       `json:"last-modified"`
		Version      string       `json:"version"`
		OSCAL        string       `json:"oscal-version"`
		Props        []oscalProp  `json:"props"`
		Parties      []oscalParty `json:"parties"`
	}
	oscalParty struct {
		UUID   string   `json:"uuid"`
		Type   string   `json:"type"`
		Name   string   `json:"name"`
		Emails []string `json:"email-addresses,omitempty"`
	}
	oscalDefined struct {
		UUID            string                `json:"uuid"`
		Type            string                `json:"type"`
		Title           string                `json:"title"`
		Description     string                `json:"description"`
		Props           []oscalProp           `json:"props,omitempty"`
		Links           []oscalLink           `json:"links,omitempty"`
		Implementations []oscalImplementation `json:"control-implementations,omitempty"`
	}
	oscalImplementation struct {
		UUID         string             `json:"uuid"`
		Source       string             `json:"source"`
		Description  string             `json:"description"`
		Requirements []oscalRequirement `json:"implemented-requirements"`
	}
	oscalRequirement struct {
		UUID        string      `json:"uuid"`
		Control     string      `json:"control-id"`
		Description string      `json:"description"`
		Props       []oscalProp `json:"props"`
	}
	oscalProp struct {
		Name  string `json:"name"`
		NS    string `json:"ns"`
		Value string `json:"value"`
		Class string `json:"class,omitempty"`
	}
	oscalLink struct {
		Href string `json:"href"`
		Rel  string `json:"rel"`
	}
)

const (
	oscalVersion = "1.2.1"
	// oscalSpace is the name space of our properties: in OSCAL's own, names are fixed.
	oscalSpace = "https://clause.dev/ns/oscal"
)

// The states of a requirement, as OSCAL's implementation status names them.
const (
	implemented = "implemented" // every control behind it runs
	partial     = "partial"
	planned     = "planned" // none does yet
)

// nistTable is tables/nist.json.
type nistTable struct {
	Catalogue string
	Controls  map[string][]string
}

// oscalComponent writes the policy as a component that implements controls of NIST SP 800-53: for each
// of them the clauses, the controls of ours and their figures, and whether they run.
func oscalComponent(r *register) ([]byte, error) {
	var table nistTable
	if err := readTable("nist.json", &table); err != nil {
		return nil, err
	}
	o := r.Organisation
	party := oscalParty{UUID: uuid("organisation", o.Name), Type: "organization", Name: oneLine(o.Name)}
	if strings.Contains(o.Contact, "@") {
		party.Emails = []string{strings.TrimPrefix(o.Contact, "mailto:")}
	}
	component := oscalDefined{
		UUID: uuid("component", o.Name), Type: "service", Title: oneLine(o.Name),
		Description: fmt.Sprintf("The service of %s under version %s of its privacy and security policy.", o.Name, r.Version),
	}
	if o.Website != "" {
		component.Links = []oscalLink{{o.Website, "reference"}}
	}
	component.Props = r.unmapped(table)
	if requirements := r.requirements(table); len(requirements) > 0 {
		component.Implementations = []oscalImplementation{{
			UUID: uuid("implementation", o.Name, table.Catalogue), Source: table.Catalogue,
			Description:  "How the policy's clauses help to meet controls of NIST SP 800-53 revision 5.",
			Requirements: requirements,
		}}
	}
	return encode(oscalFile{oscalDefinition{
		UUID: uuid("definition", r.Digest, r.lang, r.day().Format(time.DateOnly)),
		Metadata: oscalMetadata{
			Title:        oneLine(o.Name + ": privacy and security policy"),
			LastModified: r.day().Format(time.RFC3339), Version: oneLine(r.Version), OSCAL: oscalVersion,
			Props:   []oscalProp{{Name: "policy-sha256", NS: oscalSpace, Value: r.Digest}},
			Parties: []oscalParty{party},
		},
		Components: []oscalDefined{component},
	}})
}

// requirements are the catalogue's controls that clauses help to meet, in the order of their ids.
func (r *register) requirements(table nistTable) []oscalRequirement {
	behind := map[string][]binding{}
	for _, b := range r.bindings() {
		for _, id := range table.Controls[b.keep.Control] {
			behind[id] = append(behind[id], b)
		}
	}
	var all []oscalRequirement
	for _, id := range sortedKeys(behind) {
		all = append(all, r.requirement(id, behind[id]))
	}
	return all
}

func (r *register) requirement(control string, behind []binding) oscalRequirement {
	out := oscalRequirement{
		UUID: uuid("requirement", r.Organisation.Name, control), Control: control,
		Props: []oscalProp{{Name: "implementation-status", NS: oscalSpace, Value: r.state(behind)}},
	}
	var texts []string
	for _, b := range behind {
		texts = append(texts, b.clause.ID+": "+oneLine(r.said(b.clause)))
		out.add("clause", b.keep.Control, b.clause.ID)
		for _, name := range sortedKeys(b.keep.Params) {
			out.add("parameter", b.keep.Control+"."+name, paramText(b.keep.Params[name]))
		}
	}
	out.Description = strings.Join(slices.Compact(texts), "\n\n")
	return out
}

// add gives the requirement a property, once: OSCAL has no empty ones.
func (q *oscalRequirement) add(name, class, value string) {
	p := oscalProp{Name: name, NS: oscalSpace, Value: oneLine(value), Class: class}
	if p.Value != "" && !slices.Contains(q.Props, p) {
		q.Props = append(q.Props, p)
	}
}

func (r *register) state(behind []binding) string {
	running := 0
	for _, b := range behind {
		if r.runs(b.keep.Control) {
			running++
		}
	}
	switch running {
	case 0:
		return planned
	case len(behind):
		return implemented
	}
	return partial
}

// unmapped names the clauses that the catalogue has nothing for: not a promise is left out in silence.
func (r *register) unmapped(table nistTable) []oscalProp {
	mapped := func(k policy.Keep) bool { return len(table.Controls[k.Control]) > 0 }
	var all []oscalProp
	for _, c := range r.Clauses {
		if !slices.ContainsFunc(c.Keep, mapped) {
			all = append(all, oscalProp{Name: "clause-without-control", NS: oscalSpace, Value: c.ID})
		}
	}
	return all
}

// oneLine makes a text one line without space at its ends, as OSCAL wants its strings.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// paramText writes a control's parameter for programs.
func paramText(v any) string {
	switch v := v.(type) {
	case time.Duration:
		return isoDuration(v)
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(v)
}
