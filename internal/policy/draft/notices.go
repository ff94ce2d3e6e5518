package draft

import (
	"fmt"
	"strings"

	"clause.dev/clause/internal/policy"
)

func (p *Proposal) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// rightNames are how texts name the rights of people, GDPR art. 7(3) and 15 to 21.
var rightNames = []struct {
	right string
	words []string
}{
	{"access", []string{"access", "accessed", "copy", "see", "show", "view", "look", "information about how", "right to information", "rights to information", "informed about"}},
	{"rectification", []string{"rectif*", "correct", "corrected", "correction", "corrections", "fix", "put right", "put it right", "amend", "amended", "update", "repair", "mend", "inaccurate"}},
	{"erasure", []string{"eras*", "delet*", "forget", "forgotten", "removal"}},
	{"portability", []string{"portab*", "machine readable", "download", "export", "moved to another", "move", "with you"}},
	{"withdrawal", []string{"withdraw*", "revoke"}},
	{"objection", []string{"object", "objection", "opposition", "opt out", "stop", "switch off", "unsubscribe"}},
	{"restriction", []string{"restrict*", "limitation", "limit"}},
}

func readRights(p *Proposal, f *figures) {
	rights := []string{}
	for _, r := range rightNames {
		if f.any(r.words...) {
			rights = append(rights, r.right)
		}
	}
	p.set("rights", rights, len(rights) > 0)
	var within, extend policy.Term
	receipt := f.any("acknowledge*", "confirm", "confirmed") && len(f.terms) > 1
	for i, t := range f.terms {
		switch {
		case receipt && i == 0: // by when its receipt is confirmed
		case t.Form != policy.Within && t.Form != policy.Instant:
		case within == policy.Term{}:
			within = t.Term
		case f.any("extend*", "further", "longer") && extend == policy.Term{}:
			extend = t.Term
		}
	}
	p.term("within", within, "")
	p.term("extend", extend, "")
	p.flag("free", f.any("free", "no fee", "no charge", "no cost", "without charge", "costs nothing", "cost nothing", "not charge"))
}

// addressees of a notice of a breach: authorities, and the people concerned.
var authorities = []string{"authority", "authorities", "regulator", "regulators", "commissioner", "commission", "ico", "board", "office", "cert", "dpa", "cnil"}
var concerned = []string{"you", "users", "customer", "customers", "individuals", "people", "subjects", "subject", "controller", "client", "clients", "schools", "affected", "principals", "members", "patients", "parents"}

// readBreach gives each term to whoever was named last before it.
func readBreach(p *Proposal, f *figures) {
	var to [2]policy.Term // the authority's, the people's
	who, named := -1, -1
	for i := range f.tokens {
		for k, words := range [][]string{authorities, concerned} {
			for _, w := range words {
				if f.word(i) == w && !(w == "authority" && i > 0 && f.word(i-1) == "the" && k == 1) {
					who = k
				}
			}
		}
		if named < 0 {
			named = who
		}
		for _, t := range f.terms {
			if t.from == i && (t.Form == policy.Within || t.Form == policy.Prompt || t.Form == policy.Instant) {
				at := who
				if at < 0 {
					at = 1 // "tell within 48 hours": whoever is meant comes after, or is not said
				}
				if to[at] == (policy.Term{}) || to[at].Form == policy.Prompt && t.Form != policy.Prompt {
					to[at] = t.Term
				}
			}
		}
	}
	p.term("authority", to[0], "")
	p.term("people", to[1], "")
	p.texts("channels", channels(f), "")
}

// channels are the ways in which a sentence says people are told.
func channels(f *figures) []string {
	var all []string
	for _, c := range []struct {
		name  string
		words []string
	}{
		{"email", []string{"email", "emails"}},
		{"phone", []string{"phone", "telephone", "sms", "text message"}},
		{"letter", []string{"physical mail", "by post", "post or email", "letter", "by mail", "postal mail", "write to you", "write to", "in writing by post"}},
		{"account-page", []string{"account page", "your account page", "dashboard"}},
		{"in-app", []string{"in app", "in the app", "the app shows"}},
	} {
		if f.any(c.words...) {
			all = append(all, c.name)
		}
	}
	return all
}

// readDeadlines gives each term to the severity named before it.
func readDeadlines(p *Proposal, f *figures) {
	type due struct{ target, limit policy.Term }
	by := map[string]due{}
	severity, longest := "", policy.Term{}
	for i := range f.tokens {
		switch w := f.word(i); {
		case w == "critical" || w == "high" || w == "medium" || w == "low":
			severity = w
		case w == "moderate":
			severity = "medium"
		case w == "everything" || w == "all" || w == "others" || w == "rest" || w == "every":
			severity = ""
		}
		for _, t := range f.terms {
			if t.from != i || t.Form != policy.Within && t.Form != policy.Before {
				continue
			}
			if _, twice := by[severity]; !twice {
				by[severity] = due{t.target, t.Term}
			}
			if l, ok := t.Longest(); ok {
				if m, _ := longest.Longest(); l > m {
					longest = t.Term
				}
			}
		}
	}
	if all, ok := by[""]; ok {
		p.term("within", all.limit, "")
	} else if longest != (policy.Term{}) {
		p.set("within", longest.String(), false)
	} else {
		p.set("within", "30 days", false)
	}
	for _, s := range []string{"critical", "high", "medium", "low"} {
		if s != "low" {
			p.term(s+"-target", by[s].target, "")
		}
		p.term(s, by[s].limit, "")
	}
}

// authority is a supervisory authority.
type authority struct{ name, url string }

// authorityIn finds the supervisory authority that a sentence names.
func authorityIn(all []token) (authority, bool) {
	f := &figures{tokens: all}
	for _, r := range table("authorities.txt") {
		for words := range strings.SplitSeq(r[2], ",") {
			if f.any(strings.TrimSpace(words)) {
				return authority{r[0], r[1]}, true
			}
		}
	}
	return authority{}, false
}
