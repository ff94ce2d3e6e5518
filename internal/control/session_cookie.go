package control

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// SessionCookie keeps clauses that describe the session cookie.
type SessionCookie struct {
	Cookies  Cookies `param:"cookies,optional" doc:"the cookies that are meant, as declared"`
	Signed   bool    `param:"signed,optional" doc:"a forged value is refused"`
	HTTPOnly bool    `param:"http-only,optional" doc:"scripts cannot read it"`
	Secure   bool    `param:"secure,optional" doc:"it travels over TLS only"`
}

// defaultCookie is the name of the one cookie where the policy names none that is necessary.
const defaultCookie = "__Host-session"

// CookieOf is the name of the cookie that keeps people signed in: the policy's first necessary one.
func CookieOf(p *policy.Policy) string {
	for _, c := range p.Cookies {
		if c.Kind == policy.Necessary {
			return c.Name
		}
	}
	return defaultCookie
}

// Check finds cookies that are not the one that is set.
func (c *SessionCookie) Check(p *policy.Policy) error {
	none := !slices.ContainsFunc(p.Cookies, func(c policy.Cookie) bool { return c.Kind == policy.Necessary })
	if len(c.Cookies) == 0 || none { // it is a finding of the policy's check that what is set is not declared
		return nil
	}
	for _, meant := range cookiesOf(p, c.Cookies) {
		if meant.Name == CookieOf(p) {
			return nil
		}
	}
	return problem("session-cookie", "cookies", "people are kept signed in by the first necessary cookie, %s, which is not among them", CookieOf(p))
}

// Plan asks for nothing: the door sets no cookie in another way.
func (c *SessionCookie) Plan(*Plan) {}

// Probe signs a canary in, twice, and looks at every cookie that is set; then at what forged ones, and that
// of a session that ended, open.
func (c *SessionCookie) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		for _, page := range []string{"sign-in", "register"} {
			a, err := m.get(ctx, page)
			if !t.mustShow("the page "+page, a, err) {
				return
			}
		}
		if len(m.jar) > 0 {
			t.breach("A cookie is set before anybody signs in.")
		}
		if !m.registers(ctx) || !m.verifies(ctx) {
			return
		}
		name := CookieOf(s.Policy)
		first := m.jar[name]
		if first == "" {
			t.breach("Who is signed in has no cookie %s.", name)
			return
		}
		c.forged(ctx, m, name, first)
		m.signsOff(ctx)
		m.jar = map[string]string{name: first} // as somebody could have planted it
		if !m.signsIn(ctx) {
			return
		}
		if m.jar[name] == first {
			t.breach("A session takes over the cookie that the browser had before.")
		} else {
			t.good("Every session has a cookie of its own.")
		}
		c.properties(m, name)
	})
	return t.finding("One cookie keeps people signed in, as it is described, until they sign off or close the browser.")
}

// forged looks what values open that were never issued.
func (c *SessionCookie) forged(ctx context.Context, m *member, name, value string) {
	tried := 0
	for _, forged := range forgeries(value) {
		in, err := m.inWith(ctx, map[string]string{name: forged})
		if err != nil {
			m.trial.hurdle("a forged cookie: %v", err)
			return
		}
		tried++
		if in {
			m.trial.breach("A forged cookie opens the account.")
			return
		}
	}
	in, err := m.inWith(ctx, map[string]string{name: value})
	if err != nil || !in {
		m.trial.hurdle("the cookie that was not forged opens nothing either, so that refusing others proves nothing.")
		return
	}
	m.trial.good("%s of the cookie with one character changed, cut short or made up open nothing.", plural(tried, "value"))
}

// forgeries are values one step away from a good one: in each of its parts a character is another.
func forgeries(value string) (all []string) {
	for at := range value {
		if at == 0 || value[at-1] == '.' {
			all = append(all, value[:at]+string(other(value[at]))+value[at+1:])
		}
	}
	parts := strings.Split(value, ".")
	slices.Reverse(parts)
	return append(all, value[:len(value)/2], strings.Join(parts[1:], "."), token())
}

func other(c byte) byte {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

// properties looks at every cookie that was set.
func (c *SessionCookie) properties(m *member, name string) {
	t, before := m.trial, len(m.trial.breaches)
	var declared []string
	for _, cookie := range cookiesOf(m.Policy, c.Cookies) {
		declared = append(declared, cookie.Name)
	}
	set := 0
	for _, cookie := range m.set {
		lasts := cookie.MaxAge > 0 || !cookie.Expires.IsZero()
		switch {
		case gone(cookie, m.Now()):
			continue
		case cookie.Name != name && !slices.Contains(declared, cookie.Name):
			t.breach("A cookie is set that the clause does not name.")
		case c.HTTPOnly && !cookie.HttpOnly:
			t.breach("Scripts can read the cookie: it is not HttpOnly.")
		case c.Secure && !cookie.Secure:
			t.breach("The cookie travels in the clear: it is not Secure.")
		case lasts:
			t.breach("The cookie stays when the browser is closed: it has a day on which it ends.")
		case cookie.Domain != "":
			t.breach("The cookie goes to other hosts: it names a domain.")
		case cookie.SameSite == http.SameSiteNoneMode:
			t.breach("The cookie goes along with what other sites ask for.")
		}
		set++
	}
	if set > 0 && len(t.breaches) == before {
		t.good("The cookie was set %s, with no day on which it ends, for this host alone, and as described.", plural(set, "time"))
	}
}
