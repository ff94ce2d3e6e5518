package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// EmailVerification keeps clauses that say an account works only with a verified address.
type EmailVerification struct{}

// Check finds nothing: there is nothing to choose.
func (c *EmailVerification) Check(*policy.Policy) error { return nil }

// Plan has the clause named to whoever signs in too early.
func (c *EmailVerification) Plan(p *Plan) { p.Accounts.Rules.SignIn = p.clause }

// Probe registers a canary, who must be able to do nothing before the code that was mailed is given.
func (c *EmailVerification) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		if !m.registers(ctx) {
			return
		}
		m.mustBeOut(ctx, "right after registering", func() (answer, error) { return answer{}, nil })
		m.mustBeOut(ctx, "with the password, before the address was verified", func() (answer, error) { return m.signIn(ctx, m.password) })
		right, ok := m.code(ctx)
		if !ok {
			return
		}
		m.mustBeOut(ctx, "with a code that was never mailed", func() (answer, error) { return m.verify(ctx, otherThan(right), m.password) })
		m.mustBeOut(ctx, "with the code and another password", func() (answer, error) { return m.verify(ctx, right, token()) })
		m.mustBeOut(ctx, "with the password, before the address was verified", func() (answer, error) { return m.signIn(ctx, m.password) })
		if right, ok = m.code(ctx); !ok || len(t.breaches) > 0 {
			return
		}
		a, err := m.verify(ctx, right, m.password)
		if !m.mustBeIn(ctx, "verifying the address", a, err) {
			return
		}
		t.good("With the code that was mailed and the password the account works.")
		m.jar = map[string]string{}
		m.mustBeOut(ctx, "with a code that was used", func() (answer, error) { return m.verify(ctx, right, m.password) })
	})
	return t.finding("An account opens only once the code that was mailed to its address is given.")
}

// otherThan is a code of the same form: its last letter is another.
func otherThan(code string) string {
	if code == "" {
		return "0"
	}
	last := "0"
	if code[len(code)-1] == '0' {
		last = "1"
	}
	return code[:len(code)-1] + last
}
