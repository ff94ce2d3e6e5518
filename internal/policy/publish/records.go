package publish

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// records are what machines read: security.txt, gpc.json, DPV, Fides, ISO/IEC TS 27560, OSCAL, the
// questionnaire, addresses.
func records() []document {
	const data = "application/json"
	return []document{
		{".well-known/security.txt", textType, "where weaknesses are reported, RFC 9116 (needs security)", record(securityTxt)},
		{".well-known/gpc.json", data, "that Global Privacy Control is honoured (needs no-direct-marketing)", record(gpcSupport)},
		{"dpv.jsonld", "application/ld+json", "the processing in the W3C Data Privacy Vocabulary 2.3", record(dpvGraph)},
		{"fides.json", data, "data sets and uses in Fides' taxonomy", record(fidesManifest)},
		{"consent-records.json", data, "templates of consent records and receipts, ISO/IEC TS 27560 (needs a purpose on consent)", record(consentRecords)},
		{"questionnaire.json", data, "the marketplace's security questionnaire, for programs", record(questionnaireJSON)},
		{"questionnaire.html", htmlType, "the marketplace's security questionnaire", record(questionnaireHTML)},
		{"questionnaire.md", markdownType, "the same as Markdown", record(questionnaireMarkdown)},
		{"outgoing-addresses.json", data, "the addresses that you call from, for programs (needs outgoing-addresses)", record(outgoingJSON)},
		{"outgoing-addresses.txt", textType, "the same, one a line", record(outgoingText)},
		{"oscal-component.json", data, "the clauses as controls of NIST SP 800-53, an OSCAL component definition", record(oscalComponent)},
	}
}

// register is a policy as records ask about it.
type register struct {
	*policy.Policy
	*writer
}

func record(write func(*register) ([]byte, error)) func(*policy.Policy, Options) ([]byte, error) {
	return func(p *policy.Policy, o Options) ([]byte, error) {
		t, err := tongueOf(o.Language)
		if err != nil {
			return nil, err
		}
		return write(&register{p, &writer{tongue: t, policy: p, options: o}})
	}
}

// day is the day that the published policy dates from.
func (r *register) day() time.Time {
	if !r.Effective.IsZero() {
		return r.Effective
	}
	if day, err := time.Parse(time.DateOnly, r.Version); err == nil {
		return day
	}
	return r.options.On
}

// binding is a clause with one control that keeps it.
type binding struct {
	clause *policy.Clause
	keep   policy.Keep
}

// bindings returns every clause with each of its controls.
func (r *register) bindings() []binding {
	var all []binding
	for i := range r.Clauses {
		for _, k := range r.Clauses[i].Keep {
			all = append(all, binding{&r.Clauses[i], k})
		}
	}
	return all
}

// keeping returns the clauses that a control of these keeps.
func (r *register) keeping(controls ...string) []binding {
	return slices.DeleteFunc(r.bindings(), func(b binding) bool { return !slices.Contains(controls, b.keep.Control) })
}

// list is a parameter that is a list.
func (b binding) list(param string) []string {
	all, _ := b.keep.Params[param].([]string)
	return all
}

// runs reports whether the server does what the control says and proves it.
func (r *register) runs(control string) bool {
	if r.options.Controls == nil {
		return false
	}
	spec, ok := r.options.Controls.Control(control)
	return ok && spec.Runs
}

// said is a clause's text in the document's language or, where it has none, in its own.
func (r *register) said(c *policy.Clause) string { return strings.TrimSpace(r.words(c).text) }

// titled is a title in the document's language or, where it has none, in its own.
func (r *register) titled(own string, titles policy.Titles) string {
	return r.title(own, titles).String()
}

// homes are the regions that data is kept in, and the parts of the policy that say so: those that a
// clause promises or, where none does, those that are not just a recipient's or a model's.
func (r *register) homes() (regions []policy.Region, sources []string) {
	var ids []string
	for _, b := range r.keeping("residency") {
		ids, sources = append(ids, b.list("regions")...), append(sources, clauseSource(b.clause))
	}
	promised := len(ids) > 0
	for _, g := range r.Regions {
		if promised && slices.Contains(ids, g.ID) || !promised && !r.elsewhere(g.ID) {
			regions, sources = append(regions, g), append(sources, "regions."+g.ID)
		}
	}
	return regions, sources
}

// elsewhere reports whether a region is one of a recipient's or a model's.
func (r *register) elsewhere(region string) bool {
	return slices.ContainsFunc(r.Recipients, func(c policy.Recipient) bool { return c.Region == region }) ||
		slices.ContainsFunc(r.Models, func(m policy.Model) bool { return slices.Contains(m.Regions, region) })
}

func clauseSource(c *policy.Clause) string { return "clause " + c.ID }

// readTable reads a table that the program carries.
func readTable(name string, into any) error {
	src, err := tables.ReadFile("tables/" + name)
	if err != nil {
		return fault.Wrap("publish.readTable", err)
	}
	return fault.Wrap("publish.readTable", json.Unmarshal(src, into))
}

// encode writes JSON as a person would read it.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(v); err != nil {
		return nil, fault.Wrap("publish.encode", err)
	}
	return b.Bytes(), nil
}
