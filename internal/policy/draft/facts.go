package draft

import (
	"cmp"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// notStated marks what a policy must have and the text does not say.
const notStated = policy.Unstated

// most is how many things of a kind are declared: a text of nothing but names does not fill the memory.
const most = 100

// facts are what the text states besides its promises: what a policy declares.
type facts struct {
	organisation organisation
	version      string
	effective    string
	laws         [][]string
	places       []place
	home         string   // the region of what is said to be nowhere else
	promised     []string // the regions of all clauses about residency
	environments []string
	data         []dataSet
	purposes     []purpose
	recipients   []recipient
	attestations []attestation
	cookies      []cookie
	models       []model
	backups      string // how long backups are kept, "" if not said
	fitted       bool   // nothing is said: they are as long as what is said of erasure allows
	shortened    string // what the text says of it, where erasure leaves less
	calendar     string // whose business days are counted, where any are
	clauses      []clause
}

type dataSet struct {
	id, title, category string
	sensitive, memory   bool
	optional, guessed   bool
	keep                string // a span, "" while active
	fields              []field
}

type field struct{ id, title, kind string }

type purpose struct {
	id, title, basis string
	guessed          bool // the basis is a proposal, the text states none
	sees             []string
	recipients       []string
}

type recipient struct {
	id, name, does, region, safeguard string
	placed                            bool // the text says where it is
}

type model struct {
	id, name, recipient string
	regions             []string
}

type cookie struct {
	id, name, title, kind, lifetime string
	flags                           []string
	guessed                         bool
}

// clause is a sentence as it will stand in the policy.
type clause struct {
	id        string
	sentence  *Sentence
	statement bool
	also      string // the sentence after it, where both are one promise
}

// view is a sentence with the things it names.
type view struct {
	*Sentence
	figures  *figures
	fields   [][]string
	purposes [][]string
	agreed   []string // ids of the purposes that the sentence makes a matter of consent, nil for all
	vendors  [][]string
	places   []place
}

// proposed reports whether one of the controls is proposed.
func (v *view) proposed(controls ...string) bool {
	return slices.ContainsFunc(v.Proposals, func(p Proposal) bool { return slices.Contains(controls, p.Control) })
}

// about are the controls whose sentences say what data there is and what it is used for.
var about = []string{"declared-data-only", "purpose-limitation", "memory-only", "minimisation", "retention", "clock", "retained-copies", "consent",
	"contract-basis", "legitimate-interests", "encrypted-backups", "erasure"}

// silent are the controls whose sentences name companies that receive nothing.
var silent = []string{"single-sign-on", "attested", "complaints", "disclosure-programme", "penetration-test"}

// gather collects the facts of all sentences.
func (d *Draft) gather(title string) (*facts, []*view) {
	f := &facts{environments: []string{"production"}}
	var views []*view
	for i := range d.Sentences {
		s := &d.Sentences[i]
		own := tokens(s.Text)
		v := &view{Sentence: s, figures: figuresOf(s, own)}
		v.places = gazetteer().in(s.Text, own)
		if s.Class == Description && s.Rule != "duty.yours" || s.Class == Promise && v.proposed(about...) {
			if !v.figures.any("not", "never", "no", "don't", "without") || v.proposed(about...) {
				v.fields = fieldWords().in(own)
			}
			v.purposes = purposeWords().in(own)
			v.agreed = agreed(own)
		}
		if s.Class != Boilerplate && s.Class != Unread && !v.proposed(silent...) {
			v.vendors = vendorWords().in(own)
		}
		views = append(views, v)
		for _, l := range lawWords().in(own) {
			if !slices.ContainsFunc(f.laws, func(have []string) bool { return have[0] == l[0] }) {
				f.laws = append(f.laws, l)
			}
		}
	}
	f.organise(d, views, title)
	for _, v := range views {
		f.see(v)
	}
	return f, views
}

// see takes what a sentence states.
func (f *facts) see(v *view) {
	var sets []string
	for _, r := range v.fields {
		f.field(r)
		if !slices.Contains(sets, r[0]) {
			sets = append(sets, r[0])
		}
	}
	for _, r := range v.purposes {
		f.purpose(r, v, sets)
	}
	if v.proposed("residency", "model-residency") {
		for _, p := range v.places {
			id := f.region(p)
			if v.proposed("residency") && !guarded(v.Text) && !slices.Contains(f.promised, id) {
				f.promised = append(f.promised, id)
			}
		}
	}
	f.company(v)
	if v.proposed("environment-access") {
		for _, e := range []string{"staging", "test", "testing", "demo", "development"} {
			id := strings.Replace(e, "testing", "test", 1)
			if v.figures.any(e) && !slices.Contains(f.environments, id) {
				f.environments = append(f.environments, id)
			}
		}
	}
	if v.proposed("clock", "erasure", "encrypted-backups", Backups) && v.figures.any("backup", "backups") {
		if s, _, ok := spanOf(v.figures.limit()); ok && f.backups == "" && !v.proposed("erasure") {
			f.backups = s
		}
	}
	f.cookie(v)
}

// field declares a field, and its data set.
func (f *facts) field(r []string) {
	i := slices.IndexFunc(f.data, func(s dataSet) bool { return s.id == r[0] })
	if i < 0 {
		i = len(f.data)
		f.data = append(f.data, dataSet{id: r[0], title: r[1], category: strings.Replace(r[2], "sensitive", "health", 1), sensitive: r[2] == "sensitive"})
	}
	if !slices.ContainsFunc(f.data[i].fields, func(x field) bool { return x.id == r[3] }) {
		f.data[i].fields = append(f.data[i].fields, field{r[3], r[4], r[5]})
	}
}

// purpose declares a purpose, with the basis that the sentence gives it.
func (f *facts) purpose(r []string, v *view, sets []string) {
	stated := ""
	switch words := v.figures; {
	case v.agreed != nil && !slices.Contains(v.agreed, r[0]):
	case v.proposed("consent") || words.any("consent"):
		stated = string(policy.Consent)
	case v.proposed("legitimate-interests"):
		stated = string(policy.LegitimateInterests)
	case v.proposed("contract-basis") || words.any("contract"):
		stated = string(policy.Contract)
	}
	i := slices.IndexFunc(f.purposes, func(p purpose) bool { return p.id == r[0] })
	if i < 0 {
		i = len(f.purposes)
		f.purposes = append(f.purposes, purpose{id: r[0], title: r[1], basis: r[2], guessed: true})
	}
	p := &f.purposes[i]
	if stated != "" && p.guessed {
		p.basis, p.guessed = stated, false
	}
	for _, s := range sets {
		if !slices.Contains(p.sees, s) {
			p.sees = append(p.sees, s)
		}
	}
}

// region declares a region and returns its id.
func (f *facts) region(p place) string {
	if !slices.ContainsFunc(f.places, func(have place) bool { return have.id == p.id }) {
		f.places = append(f.places, p)
	}
	return p.id
}

// company declares those that the sentence names as recipients, and the models they host.
func (f *facts) company(v *view) {
	if v.proposed("model-provider") && v.figures.any("never", "nothing", "not") && !v.figures.any("hosted", "use") {
		return // a service that is given nothing
	}
	for _, r := range v.vendors {
		f.recipient(r[0], r[1], r[2], v)
		if r[2] == "language model" && !slices.ContainsFunc(f.models, func(m model) bool { return m.id == r[0] }) {
			f.models = append(f.models, model{id: r[0], name: r[1], recipient: r[0]})
		}
	}
	if len(v.vendors) == 0 && listed(v) {
		name, does, _ := strings.Cut(v.Text, ";")
		does, _, _ = strings.Cut(does, ";")
		if cut := strings.IndexAny(name, "(,:–"); cut > 0 {
			name = name[:cut]
		}
		if name = strings.TrimSpace(name); name != "" && len(strings.Fields(name)) <= 6 {
			f.recipient(slug(name, 40), name, strings.TrimSpace(does), v)
		}
	}
}

// listed reports an entry of a list or table of those who receive data.
func listed(v *view) bool {
	lead := strings.ToLower(v.Lead)
	return v.Class == Description && v.Lead != "" && strings.Contains(lead, "sub-processor") && v.Text != "" && v.Text[0] >= 'A' && v.Text[0] <= 'Z' ||
		strings.Contains(lead, "|") && (strings.HasPrefix(lead, "company") || strings.HasPrefix(lead, "recipient") || strings.HasPrefix(lead, "vendor") || strings.HasPrefix(lead, "provider"))
}

func (f *facts) recipient(id, name, does string, v *view) {
	i := slices.IndexFunc(f.recipients, func(r recipient) bool { return r.id == id })
	if id == "" || i < 0 && len(f.recipients) == most {
		return
	}
	if i < 0 {
		i = len(f.recipients)
		f.recipients = append(f.recipients, recipient{id: id, name: name, does: does})
	}
	r := &f.recipients[i]
	if len(v.places) > 0 && !r.placed && !v.proposed("residency", "model-residency") || r.region == "" && len(v.places) == 1 {
		r.region, r.placed = f.region(v.places[0]), true
	}
	if v.figures.any("standard contractual clauses", "transfer agreement", "adequacy decision", "binding corporate rules") && r.safeguard == "" {
		r.safeguard = v.Text
	}
}

// cookie declares the cookies of a table, and the one of sessions.
func (f *facts) cookie(v *view) {
	lead := strings.ToLower(v.Lead)
	switch {
	case strings.Contains(lead, "cookie") && strings.Contains(lead, "|"):
		name, rest, ok := strings.Cut(v.Text, ";")
		if id := slug(name, 60); ok && id != "" && len(f.cookies) < most && cookieName(name) && !slices.ContainsFunc(f.cookies, func(c cookie) bool { return c.id == id }) {
			f.cookies = append(f.cookies, cookie{id: id, name: name, title: clip(strings.TrimSpace(rest), 150), kind: cookieKind(rest), lifetime: lifetime(v)})
		}
	case v.proposed("session-cookie") && !slices.ContainsFunc(f.cookies, func(c cookie) bool { return c.id == "session" }):
		c := cookie{id: "session", name: "session", title: "Keeps people signed in", kind: "necessary", guessed: true}
		for _, flag := range []string{"signed", "http-only", "secure"} {
			if v.figures.any(strings.ReplaceAll(flag, "-", "")) || v.figures.any(strings.ReplaceAll(flag, "-", " ")) {
				c.flags = append(c.flags, flag)
			}
		}
		f.cookies = append(f.cookies, c)
	}
}

func cookieName(s string) bool {
	return len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return r > 0x7e || !strings.ContainsRune("!#$%&'*+.^_`|~-", r) && !plainWord(string(r))
	})
}

func cookieKind(s string) string {
	s = strings.ToLower(s)
	for _, k := range [][2]string{{"necessary", "necessary"}, {"essential", "necessary"}, {"analytic", "analytics"}, {"statistic", "analytics"}, {"performance", "analytics"},
		{"advert", "advertising"}, {"marketing", "advertising"}, {"target", "advertising"}} {
		if strings.Contains(s, k[0]) {
			return k[1]
		}
	}
	return "preference"
}

func lifetime(v *view) string {
	s, _, ok := spanOf(v.figures.limit())
	if !ok {
		return ""
	}
	return s
}

// slug makes an id of words: "Hetzner Online GmbH" is hetzner-online-gmbh.
func slug(s string, most int) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' && b.Len() > 0 {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
			continue
		}
		dash = cmp.Or(dash, b.Len() > 0)
	}
	out := b.String()
	if len(out) > most {
		out = strings.TrimRight(out[:most], "-")
	}
	return out
}
