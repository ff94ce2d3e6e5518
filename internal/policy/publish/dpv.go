package publish

import (
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// dpvTable is tables/dpv.json.
type dpvTable struct {
	dataTerms
	Version  string
	Prefixes map[string]string
	Links    []string // properties whose values are names, not texts
	Laws     []dpvLaw
	Bases    map[policy.Basis]struct{ Any, GDPR string }
	Rights   map[string]string
	Actions  map[policy.Action][]string
	Sources  map[policy.Source]struct{ Source, Class string }
	Purposes []wordTerm

	PurposesByBasis map[policy.Basis]string
	Recipients      map[string][]string
	Measures        map[string]map[string]string // by control: the kind of the measure, and its term
}

// dpvLaw is a law that the vocabulary has a term for.
type dpvLaw struct {
	Citation, Term, Jurisdiction string
	GDPR                         bool
}

// thing is a node of JSON-LD.
type thing map[string]any

// graph is a policy on its way to the vocabulary.
type graph struct {
	*register
	terms dpvTable
	gdpr  bool // the policy names the GDPR, so its articles may be named
}

func newGraph(r *register) (*graph, error) {
	g := &graph{register: r}
	if err := readTable("dpv.json", &g.terms); err != nil {
		return nil, err
	}
	for _, l := range r.Laws {
		known, ok := g.known(l)
		g.gdpr = g.gdpr || ok && known.GDPR
	}
	return g, nil
}

// dpvGraph says in the W3C Data Privacy Vocabulary what is processed: one process for the policy, and in
// it one for each purpose. Its texts are in every language that the policy has them in.
func dpvGraph(r *register) ([]byte, error) {
	g, err := newGraph(r)
	if err != nil {
		return nil, err
	}
	context := thing{"policy": "urn:uuid:" + uuid("policy", r.Digest) + "#"}
	for prefix, iri := range g.terms.Prefixes {
		context[prefix] = iri
	}
	for _, property := range g.terms.Links {
		context[property] = thing{"@type": "@id"}
	}
	var laws []thing
	for _, l := range r.Laws {
		laws = append(laws, g.law(l))
	}
	all := append([]thing{g.notice(), g.organisation()}, laws...)
	all = append(all, g.subjects()...)
	for i := range r.Data {
		all = append(all, g.dataSet(&r.Data[i])...)
	}
	for _, c := range r.Recipients {
		all = append(all, g.recipient(c))
	}
	measures := g.measures()
	all = slices.Concat(all, measures, g.rights())
	all = append(all, g.whole(laws, measures))
	for i := range r.Purposes {
		all = append(all, g.process(&r.Purposes[i]))
	}
	return encode(struct {
		Context thing   `json:"@context"`
		Graph   []thing `json:"@graph"`
	}{context, all})
}

// id names a part of the policy.
func id(parts ...string) string { return "policy:" + strings.Join(parts, ".") }

// texts are a text in each of its languages.
func (g *graph) texts(own string, titles policy.Titles) any {
	all := []thing{{"@value": own, "@language": g.Language}}
	for _, lang := range sortedKeys(titles) {
		all = append(all, thing{"@value": titles[lang], "@language": lang})
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// set puts a text that is not empty.
func (t thing) set(property, value string) {
	if value != "" {
		t[property] = value
	}
}

// link puts names, if there are any.
func (t thing) link(property string, names []string) {
	if len(names) > 0 {
		t[property] = names
	}
}

func ids(things []thing) []string {
	var all []string
	for _, t := range things {
		all = append(all, t["@id"].(string))
	}
	return all
}

func (g *graph) notice() thing {
	n := thing{
		"@id": id("notice"), "@type": "dpv:PrivacyNotice", "dct:publisher": id("organisation"),
		"dct:identifier": "sha256:" + g.Digest, "dct:hasVersion": g.Version, "dct:language": g.languages(),
	}
	if !g.Effective.IsZero() {
		n["dct:valid"] = thing{"@type": "xsd:date", "@value": g.Effective.Format(time.DateOnly)}
	}
	return n
}

// languages are those that the clauses are published in.
func (g *graph) languages() []string {
	all := []string{g.Language}
	for _, c := range g.Clauses {
		for _, t := range c.Translations {
			all = append(all, t.Language)
		}
	}
	return sorted(all)
}

func (g *graph) organisation() thing {
	o := g.Organisation
	out := thing{"@id": id("organisation"), "@type": "dpv:DataController", "dpv:hasName": o.Name, "dpv:hasContact": o.Contact}
	if o.Role == "processor" {
		out["@type"] = "dpv:DataProcessor"
	}
	out.set("dpv:hasAddress", o.Address)
	out.set("dct:source", o.Website)
	if o.Officer.Name != "" {
		out["dpv:hasDataProtectionOfficer"] = thing{"@id": id("officer"), "@type": "dpv:DataProtectionOfficer", "dpv:hasName": o.Officer.Name, "dpv:hasContact": o.Officer.Contact}
	}
	if o.Agent.Name != "" {
		out["dpv:hasRepresentative"] = thing{"@id": id("agent"), "@type": "dpv:Representative", "dpv:hasName": o.Agent.Name, "dpv:hasContact": o.Agent.Contact}
	}
	if o.Authority.Name != "" {
		out["dpv:hasAuthority"] = thing{"@id": id("authority"), "@type": "dpv:DataProtectionAuthority", "dpv:hasName": o.Authority.Name, "dpv:hasContact": o.Authority.URL}
	}
	return out
}

// known is what the vocabulary knows of a law.
func (g *graph) known(l policy.Law) (dpvLaw, bool) {
	i := slices.IndexFunc(g.terms.Laws, func(k dpvLaw) bool { return strings.Contains(l.Citation, k.Citation) })
	if i < 0 {
		return dpvLaw{}, false
	}
	return g.terms.Laws[i], true
}

// law is a law that the policy names, with the vocabulary's own term where it has one.
func (g *graph) law(l policy.Law) thing {
	law := thing{"@id": id("law", l.ID), "@type": "dpv:Law", "dct:title": g.texts(l.Title, l.Titles), "dct:identifier": l.Citation}
	if known, ok := g.known(l); ok {
		law["skos:exactMatch"], law["dpv:hasJurisdiction"] = known.Term, known.Jurisdiction
	}
	return law
}

// iri writes a term in full.
func (g *graph) iri(term string) string {
	prefix, name, _ := strings.Cut(term, ":")
	return g.terms.Prefixes[prefix] + name
}

func (g *graph) subjects() []thing {
	var all []thing
	for _, s := range g.Subjects {
		all = append(all, thing{"@id": id("subject", s.ID), "@type": "dpv:DataSubject", "dct:title": g.texts(s.Title, s.Titles)})
	}
	return all
}

func (g *graph) recipient(c policy.Recipient) thing {
	out := thing{"@id": id("recipient", c.ID), "@type": g.terms.Recipients[c.Role], "dpv:hasName": c.Name}
	if c.Does != "" {
		out["dct:description"] = g.texts(c.Does, c.Titles)
	}
	region, _ := g.Region(c.Region)
	out["dpv:hasLocation"] = g.location(*region)
	if c.Safeguard != "" {
		out["dpv:hasOrganisationalMeasure"] = thing{"@id": id("recipient", c.ID, "safeguard"), "@type": "dpv:SafeguardForDataTransfer", "dct:description": g.texts(c.Safeguard, nil)}
	}
	return out
}

// location is a region: a place in a country.
func (g *graph) location(r policy.Region) thing {
	return thing{"@id": id("region", r.ID), "@type": "dpv:Region", "dct:title": g.texts(r.Place, r.Titles), "dpv:hasLocation": "loc:" + r.Country}
}
