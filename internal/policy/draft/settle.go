package draft

import (
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// settle gives the policy what it must have, and makes the parts fit each other.
func (f *facts) settle(d *Draft, views []*view) {
	for _, v := range views {
		for i := range v.Proposals {
			f.prepare(d, v, &v.Proposals[i])
		}
	}
	if len(f.data) == 0 {
		f.data = []dataSet{{id: "person", title: "Who people are (" + notStated + ")", category: "identity", guessed: true, fields: []field{{"email", "Email address", "email"}}}}
	}
	if len(f.purposes) == 0 {
		f.purposes = []purpose{{id: "service", title: "Providing the service", basis: "contract", guessed: true}}
	}
	f.home = "home"
	if len(f.places) > 0 {
		f.home = f.places[0].id
	}
	for i := range f.recipients {
		if r := &f.recipients[i]; r.region == "" {
			r.region = f.home
		}
	}
	f.drops(d, views)
	f.links()
	f.schedule(d, views)
}

// prepare declares what a control cannot do without.
func (f *facts) prepare(d *Draft, v *view, p *Proposal) {
	switch p.Control {
	case "memory-only":
		f.inMemory(v)
	case "minimisation":
		f.optional(v)
	case "consent", "contract-basis", "legitimate-interests":
		f.resting(v, basisOf[p.Control])
	case "attested":
		p.set("attestations", f.attest(v, d.on), true)
	case "clock":
		f.period(v)
	}
}

// basisOf are the bases that controls are about.
var basisOf = map[string]string{"consent": "consent", "contract-basis": "contract", "legitimate-interests": "legitimate-interests"}

// placeholders are purposes that stand for those that the text does not name.
var placeholders = map[string]purpose{
	"consent":              {id: "with-consent", title: "What people consent to"},
	"contract":             {id: "service", title: "Providing the service"},
	"legitimate-interests": {id: "interests", title: "Our legitimate interests"},
}

// resting makes sure that a purpose rests on the basis.
func (f *facts) resting(v *view, basis string) {
	if slices.ContainsFunc(f.purposes, func(p purpose) bool { return p.basis == basis && !p.guessed }) {
		return
	}
	for i := range f.purposes {
		if p := &f.purposes[i]; p.basis == basis {
			p.guessed = false // the text names the basis, and the purpose is the likeliest to rest on it
			return
		}
	}
	p := placeholders[basis]
	p.basis, p.guessed = basis, true
	if i := slices.IndexFunc(f.purposes, func(have purpose) bool { return have.id == p.id }); i >= 0 {
		p.id += "-2"
	}
	f.purposes = append(f.purposes, p)
}

func (v *view) sets() []string {
	var ids []string
	for _, r := range v.fields {
		if !slices.Contains(ids, r[0]) {
			ids = append(ids, r[0])
		}
	}
	return ids
}

// inMemory sets the data of the sentence apart, as held in memory.
func (f *facts) inMemory(v *view) {
	if len(v.fields) == 0 {
		if !slices.ContainsFunc(f.data, func(s dataSet) bool { return s.id == "in-memory" }) {
			f.data = append(f.data, dataSet{id: "in-memory", title: "What is held in memory only", category: "content", memory: true, guessed: true,
				fields: []field{{"value", "Value", "text"}}})
		}
		v.fields = append(v.fields, []string{"in-memory", "", "content", "value"})
		return
	}
	for i, r := range v.fields {
		v.fields[i] = f.apart(r, func(s *dataSet) { s.memory = true })
	}
}

// optional sets the data of the sentence apart, as nobody's duty to give.
func (f *facts) optional(v *view) {
	if len(v.fields) == 0 {
		if !slices.ContainsFunc(f.data, func(s dataSet) bool { return s.id == "optional" }) {
			f.data = append(f.data, dataSet{id: "optional", title: "What people may leave out", category: "identity", optional: true, guessed: true,
				fields: []field{{"value", "Value", "text"}}})
		}
		v.fields = append(v.fields, []string{"optional", "", "identity", "value"})
		return
	}
	for i, r := range v.fields {
		v.fields[i] = f.apart(r, func(s *dataSet) { s.optional = true })
	}
}

// apart moves a field to a data set of its own where others share its set, and changes that.
func (f *facts) apart(r []string, change func(*dataSet)) []string {
	i := slices.IndexFunc(f.data, func(s dataSet) bool { return s.id == r[0] })
	if i < 0 {
		return r
	}
	if len(f.data[i].fields) == 1 {
		change(&f.data[i])
		return r
	}
	id := strings.ReplaceAll(r[3], "_", "-")
	if k := slices.IndexFunc(f.data, func(s dataSet) bool { return s.id == id }); k >= 0 {
		change(&f.data[k])
		return []string{id, r[1], r[2], r[3]}
	}
	old := f.data[i]
	at := slices.IndexFunc(old.fields, func(x field) bool { return x.id == r[3] })
	if at < 0 {
		return r
	}
	s := dataSet{id: id, title: old.fields[at].title, category: old.category, sensitive: old.sensitive, fields: []field{old.fields[at]}}
	change(&s)
	f.data[i].fields = slices.Delete(slices.Clone(old.fields), at, at+1)
	f.data = append(f.data, s)
	for k := range f.purposes {
		if p := &f.purposes[k]; slices.Contains(p.sees, r[0]) {
			p.sees = append(p.sees, id)
		}
	}
	return []string{id, r[1], r[2], r[3]}
}

// period gives data sets the time that the sentence keeps them for.
func (f *facts) period(v *view) {
	s, _, ok := spanOf(v.figures.limit())
	if !ok || v.figures.any("acknowledge*", "reply", "replies", "respond", "resolved", "inform", "backup", "backups") {
		return
	}
	for _, id := range v.sets() {
		i := slices.IndexFunc(f.data, func(s dataSet) bool { return s.id == id })
		if i >= 0 && f.data[i].keep == "" && !f.data[i].memory {
			f.data[i].keep = s
		}
	}
}

// drops takes back controls that what the text says elsewhere makes impossible, and says so.
func (f *facts) drops(d *Draft, views []*view) {
	sensitive := ""
	for _, s := range f.data {
		if s.sensitive {
			sensitive = s.title
		}
	}
	for _, v := range views {
		if sensitive != "" && v.proposed("no-sensitive-data") {
			d.conflict(v.Sentence, "no-sensitive-data", "it says that no sensitive data is collected, and elsewhere the text collects such data ("+strings.ToLower(sensitive)+")")
		}
	}
}

// conflict takes a control from a sentence, and tells why.
func (d *Draft) conflict(s *Sentence, control, why string) {
	s.Proposals = slices.DeleteFunc(s.Proposals, func(p Proposal) bool { return p.Control == control })
	d.Conflicts = append(d.Conflicts, "line "+itoa(s.Line)+": "+why+": "+clip(s.Text, 120))
}

// links gives every purpose data to see, and every recipient a purpose that discloses to it.
func (f *facts) links() {
	for i := range f.purposes {
		if p := &f.purposes[i]; len(p.sees) == 0 {
			p.sees = f.seen(func(s dataSet) bool { return !s.sensitive })
		}
	}
	for _, s := range f.data { // what nothing sees would be of no use
		if slices.ContainsFunc(f.purposes, func(p purpose) bool { return slices.Contains(p.sees, s.id) }) {
			continue
		}
		i := 0
		if s.sensitive { // GDPR art. 9(2)(a): no purpose is given such data that the text does not give it
			i = f.consented()
		}
		f.purposes[i].sees = append(f.purposes[i].sees, s.id)
	}
	f.purposes = slices.DeleteFunc(f.purposes, func(p purpose) bool { return len(p.sees) == 0 })
	for _, r := range f.recipients {
		i := slices.IndexFunc(f.purposes, func(p purpose) bool { return purposeOf(r.does) == p.id })
		if i < 0 {
			i = f.service()
		}
		f.purposes[i].recipients = append(f.purposes[i].recipients, r.id)
	}
	for i := range f.models {
		m := &f.models[i]
		if k := slices.IndexFunc(f.recipients, func(r recipient) bool { return r.id == m.recipient }); k >= 0 && len(m.regions) == 0 {
			m.regions = []string{f.recipients[k].region}
		}
	}
}

func (f *facts) seen(may func(dataSet) bool) []string {
	return ids(f.data, func(s dataSet) (string, bool) { return s.id, may(s) })
}

// consented returns a purpose that rests on consent, which is declared if there is none.
func (f *facts) consented() int {
	i := slices.IndexFunc(f.purposes, func(p purpose) bool { return p.basis == "consent" })
	if i >= 0 {
		return i
	}
	p := placeholders["consent"]
	p.basis, p.guessed = "consent", true
	f.purposes = append(f.purposes, p)
	return len(f.purposes) - 1
}

// service returns the purpose of providing the service, which is declared if it was not.
func (f *facts) service() int {
	i := slices.IndexFunc(f.purposes, func(p purpose) bool { return p.id == "service" })
	if i >= 0 {
		return i
	}
	sees := f.seen(func(s dataSet) bool { return !s.sensitive })
	if len(sees) == 0 {
		return 0
	}
	f.purposes = append(f.purposes, purpose{id: "service", title: "Providing the service", basis: "contract", guessed: true, sees: sees})
	return len(f.purposes) - 1
}

// purposeOf is the purpose that what a recipient does most likely serves.
func purposeOf(does string) string {
	does = strings.ToLower(does)
	for _, x := range [][2]string{{"pay", "payments"}, {"newsletter", "newsletter"}, {"analytic", "analytics"}, {"support", "support"}, {"advert", "promotion"}} {
		if strings.Contains(does, x[0]) {
			return x[1]
		}
	}
	return "service"
}

// schedule makes backups end before the shortest erasure that is promised.
func (f *facts) schedule(d *Draft, views []*view) {
	backups := length(f.backups)
	shortest, by := soonest(views, func(p *Proposal) bool { return p.Control == "erasure" })
	if backups == 0 { // nothing said of backups: they are not to outlast any promise that all is gone
		shortest, by = soonest(views, erases)
		if shortest >= length(usualEpoch)+length(usualHorizon) {
			return
		}
		f.fitted = true
	}
	if backups > 0 && shortest > 0 && backups > shortest {
		d.Conflicts = append(d.Conflicts, "line "+itoa(by.Line)+": what is erased is to be gone sooner than backups are, which are kept for "+f.backups+": "+clip(by.Text, 120))
	}
	if backups > shortest && shortest > 0 {
		f.shortened = f.backups
	}
	switch {
	case shortest > 0 && (backups == 0 || backups > shortest):
		f.backups = fmtSpan(shortest)
	case backups == 0:
		f.backups = ""
	}
}

// soonest is the shortest time within which one of the controls has all gone, and the sentence that
// says so; 0 if none does.
func soonest(views []*view, of func(*Proposal) bool) (shortest time.Duration, by *Sentence) {
	for _, v := range views {
		for i := range v.Proposals {
			p := &v.Proposals[i]
			if l := p.within(); of(p) && l > 0 && (shortest == 0 || l < shortest) {
				shortest, by = l, v.Sentence
			}
		}
	}
	return shortest, by
}

// erases reports a control by which all of a person is gone in a time.
func erases(p *Proposal) bool {
	switch p.Control {
	case "erasure", "off-boarding":
		return true
	case rightsOf:
		return slices.Contains(p.names(), "erasure")
	}
	return false
}

// within is the parameter of that name, at its shortest; 0 if it is none.
func (p *Proposal) within() time.Duration {
	for _, q := range p.Params {
		if s, ok := q.Value.(string); ok && q.Name == "within" {
			if t, ok := policy.ParseTerm(s); ok {
				s, _, _ = spanOf(t)
			}
			return length(s)
		}
	}
	return 0
}
