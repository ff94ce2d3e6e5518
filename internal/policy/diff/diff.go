package diff

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// Of tells what changed in meaning from old to new, were it announced on a day. Asked are the
// purposes and cookies for which people have been asked again.
func Of(old, new *policy.Policy, controls policy.Vocabulary, on time.Time, asked ...string) Report {
	d := &differ{old: normal(old), new: normal(new), controls: controls}
	d.renames()
	d.clausesOf = index(d.old, d.new)
	d.compare()
	r := Report{
		Old: version(old), New: version(new), On: Day{on},
		Changes: d.changes, Consents: []Consent{}, Warnings: []Warning{}, Problems: []Warning{},
	}
	r.Consents = append(r.Consents, d.consents(asked)...)
	r.Notice = d.notice(on)
	r.Warnings = append(r.Warnings, d.warnings(r)...)
	r.Problems = append(r.Problems, d.problems(r)...)
	return r
}

func version(p *policy.Policy) Version {
	return Version{File: p.File, Version: p.Version, Effective: Day{p.Effective}, Digest: p.Digest}
}

// differ compares two policies.
type differ struct {
	old, new  *policy.Policy // in normal form, the old one with the ids of the new one
	controls  policy.Vocabulary
	clausesOf map[string][]string // ids of clauses by what they name: ids, and controls as "control tls"
	changes   []Change
	renamed   []string // ids, of the new policy, of what has another id now
}

// item is what a change is about.
type item struct {
	name string   // as a sentence calls it
	ids  []string // the first is its own
	whom []string
}

// mostClauses is how many clauses a change names: enough to read, and bounded.
const mostClauses = 50

// add records a change. The kind's table gives the sentence, and whether it is material.
func (d *differ) add(it item, k Kind, old, new string, effect Effect) *Change {
	s := k.spec()
	c := Change{Kind: k, About: slices.Clone(it.ids), Old: old, New: new, Effect: effect, For: slices.Clone(it.whom), Clauses: d.concerned(it, s)}
	c.Material, c.Why = s.judge(effect)
	c.Says = sentence(s.says, it.name, old, new, verdict(effect))
	if c.About == nil {
		c.About = []string{}
	}
	if c.For == nil {
		c.For = d.everybody()
	}
	d.changes = append(d.changes, c)
	return &d.changes[len(d.changes)-1]
}

// change records a change where two figures differ.
func (d *differ) change(it item, k Kind, old, new string, effect Effect) *Change {
	if old == new {
		return nil
	}
	return d.add(it, k, old, new, effect)
}

// told compares what people are told or promised, as words: to tell nothing is less.
func (d *differ) told(it item, k Kind, old, new string) {
	d.change(it, k, old, new, gained(old, new, Narrows))
}

// flag compares what widens when it is true.
func (d *differ) flag(it item, k Kind, old, new bool, whenTrue Effect) {
	d.change(it, k, yesNo(old), yesNo(new), step(rank(old), rank(new), whenTrue))
}

// words compares texts: the words that went and came are shown. Other spaces, case or punctuation
// say nothing new.
func (d *differ) words(it item, k Kind, old, new string) {
	c := d.change(it, k, old, new, Neutral)
	if c == nil {
		return
	}
	c.Words = wordDiff(old, new)
	if sameWords(old, new) {
		c.Material, c.Why = false, "the words are the same"
	}
}

// lists compares sets of words; more is the effect of a new one.
func (d *differ) lists(it item, more, less Kind, old, new []string, effect Effect) {
	came, went := without(new, old), without(old, new)
	if len(came) > 0 {
		d.add(it, more, "", list(came), effect)
	}
	if len(went) > 0 {
		d.add(it, less, list(went), "", opposite(effect))
	}
}

// concerned lists the clauses that name what a change is about, or keep promises of its sort.
func (d *differ) concerned(it item, s spec) []string {
	ids := []string{}
	collect := func(key string) {
		for _, id := range d.clausesOf[key] {
			if len(ids) < mostClauses && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range it.ids {
		collect(id)
	}
	for _, control := range s.controls {
		collect(ofControl(control))
	}
	return ids
}

func ofControl(name string) string { return "control " + name }

// index finds the clauses of both policies by what they name.
func index(old, new *policy.Policy) map[string][]string {
	by := map[string][]string{}
	add := func(key, clause string) {
		if all := by[key]; len(all) < mostClauses && !slices.Contains(all, clause) {
			by[key] = append(all, clause)
		}
	}
	for _, p := range []*policy.Policy{new, old} {
		for _, c := range p.Clauses {
			add(c.ID, c.ID)
			for _, k := range c.Keep {
				add(ofControl(k.Control), c.ID)
				for _, v := range k.Params {
					names, _ := v.([]string)
					for _, name := range names {
						add(name, c.ID)
					}
				}
			}
		}
	}
	return by
}

// everybody is whom a change concerns that is not about some people's data.
func (d *differ) everybody() []string { return d.people(titlesOf(d.new.Subjects)) }

// people are the categories given, or who else is concerned; a processor answers to its customers
// first, GDPR art. 28.
func (d *differ) people(categories []string) []string {
	all := []string{}
	if d.new.Organisation.Role == "processor" {
		all = append(all, "customers")
	}
	if len(categories) == 0 {
		categories = []string{"the people concerned"}
	}
	for _, c := range categories {
		if !slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, c) }) {
			all = append(all, c)
		}
	}
	return all
}

func titlesOf(subjects []policy.Subject) (titles []string) {
	for _, s := range subjects {
		titles = append(titles, s.Title)
	}
	return titles
}

// sentence fills a sentence of the table.
func sentence(form, it, old, new, verdict string) string {
	if old == "" {
		form = firstSaid(form)
	}
	said := strings.NewReplacer("{it}", it, "{old}", orNothing(form, "{old}", old), "{new}", orNothing(form, "{new}", new), "{verdict}", verdict).Replace(form)
	first, n := utf8.DecodeRuneInString(said)
	return string(unicode.ToUpper(first)) + said[n:]
}

// firstSaid is the form where there is nothing old: what stands between the new and the old figure,
// as in "It is {new}, it was {old}", makes way.
func firstSaid(form string) string {
	head, tail, ok := strings.Cut(form, "{old}")
	cut := strings.LastIndexAny(head, ",;")
	if !ok || cut < 0 || !strings.Contains(head[:cut], "{new}") {
		return form
	}
	return head[:cut] + ", which was not said before" + tail
}

// orNothing writes a figure within a sentence. One that is not there is "nothing", but where the form
// lets it follow a word without a space: there it may be left out.
func orNothing(form, place, figure string) string {
	if figure == "" && strings.Contains(form, " "+place) {
		return "nothing"
	}
	return strings.TrimRight(figure, ".")
}

func verdict(effect Effect) string {
	return map[Effect]string{Widens: ", which promises less", Narrows: ", which promises more"}[effect]
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func quoted(s string) string { return strconv.Quote(s) }
