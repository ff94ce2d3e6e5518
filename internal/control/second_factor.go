package control

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"clause.dev/clause/internal/policy"
)

// SecondFactor keeps clauses that say people can protect their account with a second factor.
type SecondFactor struct{}

// Check finds nothing: there is nothing to choose.
func (c *SecondFactor) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the door offers it to everybody.
func (c *SecondFactor) Plan(*Plan) {}

// What the pages show once: the secret for an app, in groups of four, and the codes for when the telephone is lost.
var (
	secretShown   = regexp.MustCompile(`<code dir="ltr">((?:[A-Z2-7]{4} )+[A-Z2-7]{1,4})</code>`)
	recoveryShown = regexp.MustCompile(`<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>`)
)

// Probe sets an authenticator app up for canaries, who must then not be let in by the password alone, by a wrong code,
// or by one that was used: of the app, or of those for when the telephone is lost. They are two, since guesses are slowed.
func (c *SecondFactor) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	c.protected(ctx, s, t, func(m *member, secret string, _ []string, used string) {
		next := codeAt(secret, m.Now().Add(30*time.Second))
		c.out(ctx, m, "with the password alone", "")
		c.out(ctx, m, "with a wrong code", wrongCode(secret, m.Now()))
		c.out(ctx, m, "with a code that was used", used)
		if c.in(ctx, m, "a code of the app", next) {
			m.signsOff(ctx)
			c.out(ctx, m, "with the code that let somebody in just before", next)
		}
	})
	if len(t.breaches) > 0 {
		return t.finding("")
	}
	c.protected(ctx, s, t, func(m *member, _ string, recovery []string, _ string) {
		if len(recovery) == 0 {
			t.breach("Who loses their telephone has no other way in.")
			return
		}
		if c.in(ctx, m, "a code for when the telephone is lost", recovery[0]) {
			m.signsOff(ctx)
			c.out(ctx, m, "with a recovery code that was used", recovery[0])
		}
	})
	return t.finding("Who has set up a second factor is not let in without it, nor by a code that was used.")
}

// protected runs fn with a canary who has set a second factor up and signed off.
func (c *SecondFactor) protected(ctx context.Context, s *System, t *trial, fn func(m *member, secret string, recovery []string, used string)) {
	s.asMember(ctx, t, func(m *member) {
		if !m.registers(ctx) || !m.verifies(ctx) {
			return
		}
		if secret, recovery, used := c.setUp(ctx, m); secret != "" {
			m.signsOff(ctx)
			fn(m, secret, recovery, used)
		}
	})
}

// setUp does as the pages say. The secret is "" if that failed.
func (c *SecondFactor) setUp(ctx context.Context, m *member) (secret string, recovery []string, used string) {
	a, err := m.visit(ctx, http.MethodPost, "second-factor", url.Values{"password": {m.password}})
	shown := secretShown.FindSubmatch(a.body)
	switch {
	case err != nil || a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests:
		m.trial.hurdle("setting a second factor up: %v", came(a, err))
		return "", nil, ""
	case shown == nil:
		m.trial.breach("No second factor can be set up.")
		return "", nil, ""
	}
	secret = strings.ReplaceAll(string(shown[1]), " ", "")
	used = codeAt(secret, m.Now())
	a, err = m.visit(ctx, http.MethodPost, "second-factor/confirm", url.Values{"code": {used}})
	if err != nil || !a.ok() {
		m.trial.hurdle("a second factor could not be set up: %v", came(a, err))
		return "", nil, ""
	}
	for _, code := range recoveryShown.FindAllSubmatch(a.body, -1) {
		recovery = append(recovery, string(code[1]))
	}
	m.trial.good("A second factor can be set up.")
	return secret, recovery, used
}

// try signs in with the password, in a browser that knows nothing, and then with a code.
func (c *SecondFactor) try(ctx context.Context, m *member, code string) (answer, error) {
	m.jar = map[string]string{}
	a, err := m.signIn(ctx, m.password)
	if err != nil || code == "" {
		return a, err
	}
	return m.visit(ctx, http.MethodPost, "second", url.Values{"code": {code}})
}

func (c *SecondFactor) out(ctx context.Context, m *member, what, code string) {
	m.mustBeOut(ctx, what, func() (answer, error) { return c.try(ctx, m, code) })
}

func (c *SecondFactor) in(ctx context.Context, m *member, what, code string) bool {
	a, err := c.try(ctx, m, code)
	if !m.mustBeIn(ctx, "signing in with "+what, a, err) {
		return false
	}
	m.trial.good("Somebody is let in with the password and %s.", what)
	return true
}

// codeAt is what an app shows at a time (RFC 6238).
func codeAt(secret string, at time.Time) string {
	code, err := totp.GenerateCode(secret, at)
	if err != nil { // the secret is of its letters alone
		return ""
	}
	return code
}

// wrongCode is none of those that an app shows about now.
func wrongCode(secret string, now time.Time) string {
	right := map[string]bool{}
	for step := -3; step <= 3; step++ {
		right[codeAt(secret, now.Add(time.Duration(step)*30*time.Second))] = true
	}
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666"} {
		if !right[code] {
			return code
		}
	}
	return "777777"
}
