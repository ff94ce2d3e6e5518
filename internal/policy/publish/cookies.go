package publish

import (
	"clause.dev/clause/internal/policy"
)

// cookies is the cookie statement. Nothing is published where the policy says nothing of cookies.
func (w *writer) cookies() *paper {
	var about []block
	for i := range w.policy.Clauses {
		if c := &w.policy.Clauses[i]; isAbout(c, cookies) {
			about = append(about, block{Clause: w.entry(c)})
		}
	}
	if len(w.policy.Cookies) == 0 && about == nil {
		return nil
	}
	p := w.paper("cookies")
	p.add("Consent", w.say("cookies.consent"), block{Text: w.cookieConsent()})
	p.add("List", w.say("cookies.list"), w.cookieList()...)
	p.add("Clauses", w.say("clauses"), about...)
	p.add("Control", w.say("cookies.control"), block{Text: w.say("cookies.browser")})
	p.add("Contact", w.say("contact"), block{Text: w.contactInShort()})
	w.notes(p)
	return p
}

// cookieConsent says which cookies need consent, and where none does, why nobody is asked: all but
// the necessary need it, Directive 2002/58/EC art. 5(3).
func (w *writer) cookieConsent() words {
	var asked []words
	for _, c := range w.policy.Cookies {
		if c.Kind != policy.Necessary {
			asked = append(asked, name(c.Name).to("#cookie."+c.ID))
		}
	}
	switch {
	case asked != nil:
		return w.say("cookies.ask", slots{"cookies": w.and(asked)})
	case len(w.policy.Cookies) > 0:
		return w.count("cookies.no-banner", int64(len(w.policy.Cookies)))
	case keepOf(w.policy, "cookies-only-necessary") != nil:
		return w.say("cookies.necessary")
	}
	return w.say("cookies.unnamed")
}

func (w *writer) cookieList() []block {
	t := &table{Caption: w.say("cookies.caption"), Head: w.head("cookie", "cookie.for", "cookie.kind", "cookie.party", "cookie.lifetime", "cookie.guards")}
	for _, c := range w.policy.Cookies {
		lifetime := w.say("cookie.session")
		if c.Lifetime > 0 {
			lifetime = w.say("cookie.span", slots{"span": w.span(c.Lifetime)})
		}
		t.Groups = append(t.Groups, row("cookie."+c.ID,
			one(name(c.Name)), one(w.title(c.Title, c.Titles)), one(w.say("cookie.kind."+string(c.Kind))),
			one(w.say("cookie.party."+c.Party)), one(lifetime), w.guards(c),
		))
	}
	if t.filled() == nil {
		return []block{{Text: w.say("cookies.unnamed")}}
	}
	return []block{{Table: t}}
}

// guards are what protects a cookie.
func (w *writer) guards(c policy.Cookie) cell {
	var all cell
	for _, g := range []struct {
		is  bool
		key string
	}{{c.Signed, "cookie.signed"}, {c.HTTPOnly, "cookie.http-only"}, {c.Secure, "cookie.secure"}} {
		if g.is {
			all = append(all, w.say(g.key))
		}
	}
	if all == nil {
		return one(w.none())
	}
	return all
}
