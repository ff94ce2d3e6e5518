package publish

import (
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// dataSet is a data set and its fields, each a kind of personal data.
func (g *graph) dataSet(d *policy.DataSet) []thing {
	source := d.Source
	if source == "" {
		source = policy.FromPerson
	}
	terms := g.terms.Sources[source]
	classes := []string{"dpv:PersonalData", terms.Class}
	if d.Sensitive {
		classes = append(classes, "dpv:SpecialCategoryPersonalData")
	}
	set := thing{"@id": id("data", d.ID), "@type": classes, "dct:title": g.texts(d.Title, d.Titles), "dpv:hasStorageCondition": g.storage(d)}
	set.link("skos:broader", some(g.terms.Categories[d.Category]))
	if d.Subject != "" {
		set["dpv:hasDataSubject"] = id("subject", d.Subject)
	}
	from := thing{"@id": id("data", d.ID, "source"), "@type": terms.Source}
	if d.From != "" {
		from["dct:description"] = g.texts(d.From, nil)
	}
	set["dpv:hasDataSource"] = from
	all := []thing{set}
	for i := range d.Fields {
		all = append(all, g.field(d, &d.Fields[i]))
	}
	return all
}

func (g *graph) field(d *policy.DataSet, f *policy.Field) thing {
	title := f.Title
	if title == "" {
		title = f.ID
	}
	out := thing{
		"@id": id("data", d.ID, f.ID), "@type": "dpv:PersonalData", "dct:isPartOf": id("data", d.ID),
		"dct:title": g.texts(title, f.Titles), "dpv:hasNecessity": "dpv:Required",
	}
	if f.Optional {
		out["dpv:hasNecessity"] = "dpv:Optional"
	}
	out.link("skos:broader", some(g.terms.field(*f)))
	return out
}

// some is the text as a list, none if it is empty.
func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// storage says where a data set is kept, how long, and when it is gone from everywhere.
func (g *graph) storage(d *policy.DataSet) []thing {
	condition := func(name, class string) thing {
		return thing{"@id": id("data", d.ID, name), "@type": class}
	}
	keep := condition("duration", "dpv:StorageDuration")
	if d.Keep > 0 {
		keep["dpv:hasDuration"] = span(id("data", d.ID, "span"), d.Keep)
	} else {
		keep["dpv:hasDuration"] = thing{"@id": id("data", d.ID, "span"), "@type": "dpv:UntilEventDuration", "rdf:value": "account closure"}
	}
	all := []thing{keep}
	if d.Storage == policy.Memory {
		where := condition("location", "dpv:StorageLocation")
		where["dct:description"] = string(policy.Memory)
		all = append(all, where)
	} else if homes, _ := g.homes(); len(homes) > 0 {
		where := condition("location", "dpv:StorageLocation")
		var places []thing
		for _, region := range homes {
			places = append(places, g.location(region))
		}
		where["dpv:hasLocation"] = places
		all = append(all, where)
	}
	for i, b := range g.keeping("erasure") {
		gone := condition("deletion"+strings.Repeat("'", i), "dpv:StorageDeletion")
		within, _ := b.keep.Params["within"].(time.Duration)
		gone["dpv:hasDuration"] = span(gone["@id"].(string)+".span", within)
		all = append(all, gone)
	}
	return all
}

func span(name string, d time.Duration) thing {
	return thing{"@id": name, "@type": "dpv:TemporalDuration", "rdf:value": thing{"@type": "xsd:duration", "@value": isoDuration(d)}}
}

// measures are the clauses' controls as technical and organisational measures. One that does not run
// yet is planned.
func (g *graph) measures() []thing {
	var all []thing
	for i, b := range g.bindings() {
		for _, term := range g.terms.Measures[b.keep.Control] {
			m := thing{
				"@id":             id("clause", b.clause.ID, "measure", figure64(int64(i)).String()),
				"@type":           term,
				"dct:description": g.clauseTexts(b.clause),
				"dct:identifier":  b.clause.ID, "dct:subject": b.keep.Control,
				"dpv:hasActivityStatus": "dpv:ActivityPlanned",
			}
			if g.runs(b.keep.Control) {
				m["dpv:hasActivityStatus"] = "dpv:ActivityOngoing"
			}
			all = append(all, m)
		}
	}
	return all
}

func (g *graph) clauseTexts(c *policy.Clause) any {
	titles := policy.Titles{}
	for _, t := range c.Translations {
		titles[t.Language] = strings.TrimSpace(t.Text)
	}
	return g.texts(strings.TrimSpace(c.Text), titles)
}

// rights are what people can ask for: the GDPR's own, where the policy names it.
func (g *graph) rights() []thing {
	var all []thing
	for _, b := range g.keeping("data-subject-rights") {
		for _, right := range b.list("rights") {
			t := thing{"@id": id("clause", b.clause.ID, "right", right), "@type": []string{"dpv:DataSubjectRight"}, "dct:title": right, "dpv:isExercisedAt": g.Organisation.Contact}
			if g.gdpr {
				t["@type"] = []string{"dpv:DataSubjectRight", g.terms.Rights[right]}
			}
			if free, _ := b.keep.Params["free"].(bool); free {
				t["dpv:hasFee"] = "dpv:FeeNotRequired"
			}
			if within, ok := b.keep.Params["within"].(policy.Term); ok {
				t["dct:description"] = within.String()
			}
			all = append(all, t)
		}
	}
	return all
}

// whole is the policy's processing, of which each purpose is a part.
func (g *graph) whole(laws, measures []thing) thing {
	p := thing{"@id": id("processing"), "@type": "dpv:Process", "dpv:hasNotice": id("notice")}
	p[g.role()] = id("organisation")
	p.link("dpv:hasApplicableLaw", ids(laws))
	p.link("dpv:hasRight", ids(g.rights()))
	technical, organisational := []string{}, []string{}
	for _, m := range measures {
		if _, ok := g.terms.Measures[m["dct:subject"].(string)]["technical"]; ok {
			technical = append(technical, m["@id"].(string))
		} else {
			organisational = append(organisational, m["@id"].(string))
		}
	}
	p.link("dpv:hasTechnicalMeasure", technical)
	p.link("dpv:hasOrganisationalMeasure", organisational)
	var parts []string
	for _, u := range g.Purposes {
		parts = append(parts, id("purpose", u.ID))
	}
	p["dpv:hasProcess"] = parts
	return p
}

func (g *graph) role() string {
	if g.Organisation.Role == "processor" {
		return "dpv:hasDataProcessor"
	}
	return "dpv:hasDataController"
}

// process is what is done for one purpose.
func (g *graph) process(u *policy.Purpose) thing {
	purpose := thing{"@id": id("purpose", u.ID, "why"), "@type": "dpv:Purpose", "dct:title": g.texts(u.Title, u.Titles)}
	term := byWord(g.terms.Purposes, u.ID)
	if term == "" {
		term = g.terms.PurposesByBasis[u.Basis]
	}
	purpose.link("skos:broader", some(term))
	basis := []string{g.terms.Bases[u.Basis].Any}
	if g.gdpr {
		basis = append(basis, g.terms.Bases[u.Basis].GDPR)
	}
	p := thing{
		"@id": id("purpose", u.ID), "@type": "dpv:Process", "dct:isPartOf": id("processing"), "dpv:hasPurpose": purpose,
		"dpv:hasPersonalData": g.seen(u), "dpv:hasProcessing": g.processing(u), "dpv:hasLegalBasis": basis,
	}
	p[g.role()] = id("organisation")
	var to []string
	for _, c := range u.Recipients {
		to = append(to, id("recipient", c))
	}
	p.link("dpv:hasRecipient", to)
	if u.Basis == policy.Consent {
		p["dpv:hasConsentControl"] = thing{"@id": id("purpose", u.ID, "withdrawal"), "@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": g.Organisation.Contact}
	}
	if u.Automated != "" {
		p["dpv:hasAutomationLevel"] = "dpv:FullAutomation"
		p["dpv:hasAlgorithmicLogic"] = thing{"@id": id("purpose", u.ID, "logic"), "@type": "dpv:AlgorithmicLogic", "dct:description": g.texts(u.Automated, nil)}
	}
	return p
}

// seen are the fields that a purpose sees: a data set, where it sees all of it.
func (g *graph) seen(u *policy.Purpose) []string {
	var all []string
	for _, s := range u.Sees {
		d, _ := g.DataSet(s.DataSet)
		if len(s.Fields) == len(d.Fields) {
			all = append(all, id("data", d.ID))
			continue
		}
		for _, f := range s.Fields {
			all = append(all, id("data", d.ID, f))
		}
	}
	return all
}

func (g *graph) processing(u *policy.Purpose) []string {
	var all []string
	for _, a := range u.May {
		all = append(all, g.terms.Actions[a]...)
	}
	return slices.Compact(all)
}
