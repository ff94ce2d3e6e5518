package draft

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// read fills the parameters that the sentence states, and gives those that a control cannot do
// without a default that is marked as one. What refers to other parts of the policy is filled once
// they are known, see refer.
func (p *Proposal) read(f *figures) {
	if read := readers[p.Control]; read != nil {
		read(p, f)
	}
}

// readers reads the parameters of each control that has some of its own.
var readers = map[string]func(*Proposal, *figures){
	"tls":                  readTLS,
	"encryption-at-rest":   readCipher,
	"password-hash":        readHash,
	"password-rules":       readPasswords,
	"session-cookie":       readCookie,
	"minimum-age":          func(p *Proposal, f *figures) { p.number("age", f.numberNear(5, 25), 18) },
	"single-sign-on":       readProviders,
	"customer-grant":       func(p *Proposal, f *figures) { p.term("longest", f.limit(), "1 day") },
	"access-approval":      readApprovers,
	"access-review":        func(p *Proposal, f *figures) { p.term("every", f.often(), "every quarter") },
	"environment-access":   readTeam,
	"attack-bans":          func(p *Proposal, f *figures) { p.term("for", f.limit(), "1 day") },
	"monitoring":           func(p *Proposal, f *figures) { p.term("acknowledge", f.limit(), "1 hour") },
	"pager":                func(p *Proposal, f *figures) { p.term("acknowledge", f.limit(), "15 minutes") },
	"complete-processing":  func(p *Proposal, f *figures) { p.term("oldest", f.limit(), "1 hour") },
	"security-updates":     func(p *Proposal, f *figures) { p.term("within", f.first(), "1 month") },
	"penetration-test":     readTest,
	"test-scope":           readScope,
	"finding-deadlines":    readDeadlines,
	"switch-over":          readSwitch,
	"exercise":             readExercise,
	"disclosure-programme": readProgramme,
	"outgoing-addresses":   readAddresses,
	"cluster-approval":     func(p *Proposal, f *figures) { p.number("people", f.numberNear(1, 20), 2) },
	"clock":                readClock,
	"data-subject-rights":  readRights,
	"breach-notice":        readBreach,
	"change-notice":        readChange,
	"complaints":           readComplaints,
	"disclosure-notice":    readNewDisclosure,
	"legal-demands":        readDemands,
	"retained-copies":      func(p *Proposal, f *figures) { p.term("longest", f.limit(), "1 year") },
	"electronic-notice":    func(p *Proposal, f *figures) { p.term("letter", f.limit(), "1 month") },
	"off-boarding":         readLeaving,
	"erasure":              readErasure,
	"aggregates":           func(p *Proposal, f *figures) { p.number("people", f.numberNear(2, 10_000), 10) },
	"model-provider":       readNever,
	Backups:                func(p *Proposal, f *figures) { p.term("keep", f.limit(), "") },
}

func (p *Proposal) set(name string, value any, stated bool) {
	p.Params = append(p.Params, Param{name, value, stated})
}

// flag sets a parameter that is true where the sentence says so, and left out otherwise.
func (p *Proposal) flag(name string, said bool) {
	if said {
		p.set(name, true, true)
	}
}

func (p *Proposal) number(name string, n int, otherwise int) {
	if n > 0 {
		p.set(name, n, true)
		return
	}
	p.set(name, otherwise, false)
}

// term sets a term, or a default; without a default it is left out.
func (p *Proposal) term(name string, t policy.Term, otherwise string) {
	switch {
	case t != policy.Term{}:
		p.set(name, t.String(), true)
	case otherwise != "":
		p.set(name, otherwise, false)
	}
}

// texts sets a list, or a default of one.
func (p *Proposal) texts(name string, all []string, otherwise string) {
	switch {
	case len(all) > 0:
		p.set(name, all, true)
	case otherwise != "":
		p.set(name, []string{otherwise}, false)
	}
}

// first is the first term of the sentence, figures before words such as promptly.
func (f *figures) first() policy.Term {
	for _, t := range f.terms {
		if t.Count > 0 {
			return t.Term
		}
	}
	if len(f.terms) > 0 {
		return f.terms[0].Term
	}
	return policy.Term{}
}

// limit is the first term by which something is over: no rhythm.
func (f *figures) limit() policy.Term {
	var loose policy.Term
	for _, t := range f.terms {
		switch {
		case t.Form == policy.Within:
			return t.Term
		case t.Form != policy.Every && t.Form != policy.PerUnit && loose == policy.Term{}:
			loose = t.Term
		}
	}
	return loose
}

// often is the first rhythm; "90 days" is one where nothing else is said.
func (f *figures) often() policy.Term {
	for _, t := range f.terms {
		if t.Form == policy.Every || t.Form == policy.PerUnit {
			return t.Term
		}
	}
	t := f.limit()
	if t.Form == policy.Within {
		t.Form = policy.Every
	}
	return t
}

// numberNear is the first number in a range that measures no time.
func (f *figures) numberNear(least, most int) int {
	for i := range f.tokens {
		n, _, ok := f.number(i)
		if ok && n >= least && n <= most && !slices.ContainsFunc(f.terms, func(t timed) bool {
			return i >= t.from && i < t.to && (t.Unit != policy.Year || t.Form != policy.Within)
		}) {
			return n
		}
	}
	return 0
}

func readTLS(p *Proposal, f *figures) {
	at := f.index("tls")
	if at < 0 {
		p.set("minimum", "1.2", false)
		return
	}
	lowest := ""
	for i := at; i < len(f.tokens); i++ {
		if w := f.word(i); len(w) == 3 && strings.HasPrefix(w, "1.") && (lowest == "" || w < lowest) {
			lowest = w
		}
	}
	refused := f.any("disabled", "refused", "not", "rejected", "deprecated", "no longer")
	switch {
	case lowest == "1.2" || lowest == "1.3":
		p.set("minimum", lowest, true)
	case lowest != "" && refused: // 1.0 and 1.1 are disabled
		p.set("minimum", "1.2", true)
	case lowest != "":
		p.set("minimum", "1.2", false)
		p.note("the text allows TLS %s, which is broken (RFC 8996): the control can promise 1.2 or 1.3", lowest)
	default:
		p.set("minimum", "1.2", false)
	}
}

func readCipher(p *Proposal, f *figures) {
	at := f.index("aes")
	stated := at >= 0 && f.any("256")
	p.set("algorithm", "aes-256-gcm", stated)
	if at >= 0 && !stated && f.any("128", "192") {
		p.note("the text names a shorter key: the server uses AES-256")
	}
}

func readHash(p *Proposal, f *figures) {
	algorithm, otherwise := "", 12
	switch {
	case f.any("bcrypt"):
		algorithm = "bcrypt"
	case f.any("argon*"):
		algorithm, otherwise = "argon2id", 3
	case f.any("scrypt", "pbkdf*", "sha", "md"):
		p.note("the text names a function that the control does not know: bcrypt and argon2id are")
	}
	if algorithm == "" {
		p.set("algorithm", "bcrypt", false)
	} else {
		p.set("algorithm", algorithm, true)
	}
	cost := 0
	if i := max(f.index("cost"), f.index("rounds"), f.index("factor"), f.index("iterations")); i >= 0 {
		for k := i; k < min(i+5, len(f.tokens)) && cost == 0; k++ {
			cost, _, _ = f.number(k)
		}
	}
	p.number("cost", cost, otherwise)
}

func readPasswords(p *Proposal, f *figures) {
	p.set("leaked", "refused", f.any("leak*", "breach*", "pwned"))
	p.flag("sign-off", f.any("sign off", "sign out", "logout", "signing off"))
}

func readCookie(p *Proposal, f *figures) {
	p.flag("signed", f.any("signed"))
	p.flag("http-only", f.any("httponly", "http only"))
	p.flag("secure", f.any("secure"))
}

func readProviders(p *Proposal, f *figures) {
	var all []string
	for _, r := range table("providers.txt") {
		if f.any(r[1:]...) {
			all = append(all, r[0])
		}
	}
	p.texts("providers", all, "not stated in the text")
}

func readApprovers(p *Proposal, f *figures) {
	var all []string
	for _, r := range table("approvers.txt") {
		if f.any(r[1:]...) {
			all = append(all, r[0])
		}
	}
	p.texts("by", all, "the manager")
}

func readTeam(p *Proposal, f *figures) {
	team := ""
	for _, t := range []string{"DevOps team", "platform team", "operations team", "engineering team", "security team"} {
		if strings.Contains(strings.ToLower(f.text), strings.ToLower(t)) {
			team = t
		}
	}
	if team == "" {
		p.set("team", "the operations team", false)
	} else {
		p.set("team", "the "+team, true)
	}
	p.number("people", f.numberNear(1, 500), 5)
}

func readTest(p *Proposal, f *figures) {
	p.set("applications", []string{"all applications"}, f.any("all applications"))
	p.term("every", f.often(), "every year")
	for _, by := range []string{"empanelled", "independent", "external", "third party", "accredited", "outside"} {
		if f.any(by) {
			p.set("by", map[string]string{"empanelled": "an empanelled vendor", "accredited": "an accredited company"}[by], true)
			if p.Params[len(p.Params)-1].Value == "" {
				p.Params[len(p.Params)-1].Value = "an independent company"
			}
			break
		}
	}
}

func readScope(p *Proposal, f *figures) {
	var all []string
	for _, r := range table("areas.txt") {
		if f.any(r[1:]...) {
			all = append(all, r[0])
		}
	}
	p.texts("areas", all, "not stated in the text")
}

func readSwitch(p *Proposal, f *figures) {
	p.term("every", f.often(), "every year")
	for i := range f.tokens {
		if n, next, ok := f.number(i); ok && (f.word(next) == "zones" || f.word(next+1) == "zones") {
			p.set("zones", n, true)
			break
		}
	}
}

func readExercise(p *Proposal, f *figures) {
	p.term("every", f.often(), "every year")
	var teams []string
	for _, t := range []string{"it", "support", "hr", "engineering", "legal", "security", "management"} {
		if f.any(t) {
			teams = append(teams, t)
		}
	}
	p.texts("teams", teams, "")
}

func readProgramme(p *Proposal, f *figures) {
	p.term("triage", f.limit(), "5 business days")
	p.flag("rewards", f.any("reward*", "bugbounty", "bount*") && !f.any("not", "no", "don't"))
}

func readAddresses(p *Proposal, f *figures) {
	var all []string
	for w := range strings.FieldsSeq(f.text) {
		w = strings.Trim(w, ".,;()")
		if strings.Count(w, ".") == 3 && strings.Trim(w, "0123456789./") == "" && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	p.texts("addresses", all, "not stated in the text")
}

func readClock(p *Proposal, f *figures) {
	p.set("duty", clip(strings.TrimRight(f.text, ".;,"), 100), true)
	p.acknowledged(f, max(f.index("acknowledge*"), f.index("confirm")), f.limit())
}

// acknowledged tells the time to confirm something from the time to do it.
func (p *Proposal) acknowledged(f *figures, at int, within policy.Term) {
	var first, second policy.Term
	for _, t := range f.terms {
		switch {
		case t.Form != policy.Within && t.Form != policy.Instant:
		case first == policy.Term{}:
			first = t.Term
		case second == policy.Term{}:
			second = t.Term
		}
	}
	if at < 0 || first == (policy.Term{}) {
		if within == (policy.Term{}) {
			within = f.often()
		}
		p.term("within", within, "30 days")
		return
	}
	p.term("within", second, "30 days")
	p.term("acknowledge", first, "")
}

func readChange(p *Proposal, f *figures) {
	p.term("ahead", f.limit(), "30 days")
	p.texts("channels", channels(f), "")
}

func readNewDisclosure(p *Proposal, f *figures) {
	p.term("ahead", f.limit(), "30 days")
	p.flag("opt-out", f.any("opt out", "object"))
}

func readDemands(p *Proposal, f *figures) {
	p.flag("review", f.any("verified", "review*", "due process", "court order", "warrant", "lawful", "legal counsel", "unlawful"))
	p.flag("notice", f.any("notif*", "inform", "informed", "tell", "told"))
}

func readLeaving(p *Proposal, f *figures) {
	p.term("within", f.limit(), "30 days")
	p.flag("certificate", f.any("certif*"))
}

func readErasure(p *Proposal, f *figures) {
	t := f.limit()
	s, exact, ok := spanOf(t)
	if !ok {
		p.set("within", "30d", false)
		return
	}
	p.set("within", s, true)
	if !exact {
		p.note("%s was written as %s: a policy says a fixed length", t, s)
	}
}

func readNever(p *Proposal, f *figures) {
	if f.any("never", "nothing", "not", "no") && f.any("openai") && (f.any("openai itself", "openai's own", "run by openai", "operated by openai", "to openai")) {
		p.set("never", []string{"services run by OpenAI"}, true)
	}
}

func readComplaints(p *Proposal, f *figures) {
	if a, ok := authorityIn(f.tokens); ok {
		p.set("authority", a.name, true)
	}
}
