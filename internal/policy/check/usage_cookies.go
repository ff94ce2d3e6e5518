package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
)

func cookieDespiteClaim() Rule {
	return Rule{
		Code: "cookie-despite-claim", Severity: Error,
		Title:       "a cookie is declared that a clause says there is none of",
		Explanation: "Anybody's browser shows which cookies are set, for how long and by whom: this contradiction is found by strangers first.",
		RestsOn:     "Directive 2002/58/EC art. 5(3); the clause's own words",
		Remedy:      "take the cookie out, or say in the clause what it is for and how long it lasts",
		find: func(v *view, found func(hit)) {
			v.notOnlyNecessary(found)
			v.outlastsSession(found)
			for _, b := range v.keeps["session-cookie"] {
				v.lacks(b, found)
			}
		},
	}
}

// notOnlyNecessary finds cookies that need consent beside a clause that says all are necessary.
func (v *view) notOnlyNecessary(found func(hit)) {
	var ids []string
	for _, c := range v.Cookies {
		if c.Kind != policy.Necessary {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	about := fmt.Sprintf("cookie %s is not", join(ids))
	if len(ids) > 1 {
		about = fmt.Sprintf("cookies %s are not", join(ids))
	}
	for _, b := range v.keeps["cookies-only-necessary"] {
		h := b.at(fmt.Sprintf("clause %s says that only necessary cookies are set, and %s", b.clause.ID, about))
		h.about = ids
		found(h)
	}
	v.claimed("only-necessary-cookies", []string{"cookies-only-necessary"}, func(clause int, p phrase) {
		h := v.find(clause, p.words, fmt.Sprintf("clause %s says that only necessary cookies are set, and %s", v.Clauses[clause].ID, about))
		h.about = ids
		found(h)
	})
}

// outlastsSession finds cookies that stay, beside words that say none does.
func (v *view) outlastsSession(found func(hit)) {
	for _, c := range v.Cookies {
		if c.Lifetime == 0 {
			continue
		}
		v.claimed("session-cookies-only", nil, func(clause int, p phrase) {
			h := v.find(clause, p.words, fmt.Sprintf("clause %s says that cookies end with the session, and cookie %s lasts %s", v.Clauses[clause].ID, c.ID, days(c.Lifetime)))
			h.about = []string{c.ID}
			found(h)
		})
	}
}

// claimed calls found for the first claim of the kind in each clause that none of the controls keeps.
func (v *view) claimed(kind string, controls []string, found func(clause int, p phrase)) {
	claim := claims(kind)
	for i := range v.Clauses {
		if has(&v.Clauses[i], controls...) {
			continue
		}
		for _, s := range v.prose[i] {
			if m := claim.in(s); len(m) > 0 && s.holds("cookie", "cookies") {
				found(i, m[0].phrase)
				break
			}
		}
	}
}

// lacks finds attributes that a clause says its cookies have and their declaration does not.
func (v *view) lacks(b bound, found func(hit)) {
	ids := b.names("cookies")
	if len(ids) == 0 {
		ids = v.necessary()
	}
	for _, c := range v.Cookies {
		if !slices.Contains(ids, c.ID) {
			continue
		}
		for _, a := range []struct {
			name string
			has  bool
		}{{"signed", c.Signed}, {"http-only", c.HTTPOnly}, {"secure", c.Secure}} {
			if promised, _ := b.keep.Params[a.name].(bool); promised && !a.has {
				h := b.at(fmt.Sprintf("clause %s says that cookie %s is %s, and it is not declared so", b.clause.ID, c.ID, a.name))
				h.about, h.remedy = []string{c.ID}, fmt.Sprintf("give the cookie %s: true", a.name)
				found(h)
			}
		}
	}
}

func cookieNeedsConsent() Rule {
	return Rule{
		Code: "cookie-needs-consent", Severity: Warning,
		Title:       "a cookie needs consent, and the policy asks for none",
		Explanation: "Only cookies without which the service that was asked for cannot be given may be set unasked. For all others people are asked first, whatever is done with the data.",
		RestsOn:     "Directive 2002/58/EC art. 5(3); CJEU C-673/17 (Planet49)",
		Remedy:      "rest the purpose that the cookie serves on consent, or do without the cookie",
		find: func(v *view, found func(hit)) {
			if slices.ContainsFunc(v.Purposes, func(p policy.Purpose) bool { return p.Basis == policy.Consent }) {
				return
			}
			for i := range v.Cookies {
				c := &v.Cookies[i]
				if c.Kind != policy.Necessary {
					found(hit{pos: c.Pos, width: len(c.ID), about: []string{c.ID}, msg: fmt.Sprintf("cookie %s is of kind %s, and no purpose rests on consent", c.ID, c.Kind)})
				}
			}
		},
	}
}
