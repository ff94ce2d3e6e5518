package control

import (
	"context"
	"net/http"
	"strings"

	"clause.dev/clause/internal/policy"
)

// PasswordRules keeps clauses that say people choose their password, and how it protects them.
type PasswordRules struct {
	Leaked  string `param:"leaked" values:"refused" doc:"what happens to passwords known from leaks"`
	SignOff bool   `param:"sign-off,optional" doc:"signing off ends the session at once"`
}

// Check finds nothing: the parameters cannot be contradicted.
func (c *PasswordRules) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: weak and leaked passwords are always refused, and signing off ends a session.
func (c *PasswordRules) Plan(*Plan) {}

// ofTheirOwn stands for a password that is the person's address.
const ofTheirOwn = ""

// weak are passwords that a guesser tries first.
var weak = []string{"Kx7#q", "12345678", "qwerty123", "Passw0rd!", ofTheirOwn}

// leaked are passwords that look strong and are in every list of leaked ones.
var leaked = []string{"correcthorsebatterystaple", "1q2w3e4r5t6y7u8i9o0p", "thequickbrownfoxjumpsoverthelazydog"}

// Probe tries to register with passwords that are weak or leaked, then with one of its own, which must open
// the account where another does not.
func (c *PasswordRules) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		c.mustRefuse(ctx, t, s, "weak", weak)
		c.mustRefuse(ctx, t, s, "leaked", leaked)
		if len(t.breaches) > 0 || !m.registers(ctx) || !m.verifies(ctx) {
			return
		}
		t.good("A password that the person chose is taken, and opens the account.")
		c.change(ctx, m)
		if c.SignOff {
			m.signsOff(ctx)
		}
		c.another(ctx, m)
	})
	return t.finding("People choose their password: weak and leaked ones are refused, and no other opens the account.")
}

// mustRefuse tries to register with passwords that nobody may have, each time as somebody else.
func (c *PasswordRules) mustRefuse(ctx context.Context, t *trial, s *System, kind string, passwords []string) {
	refused := 0
	for _, password := range passwords {
		s.asMember(ctx, t, func(m *member) {
			if m.password = password; password == ofTheirOwn {
				m.password = strings.ToUpper(m.marks.text)
			}
			a, err := m.registering(ctx)
			switch {
			case err != nil:
				t.hurdle("registering with a %s password: %v", kind, err)
			case moved(a) || a.ok():
				t.breach("A %s password was taken.", kind)
			case m.stored(ctx):
				t.breach("Somebody with a %s password was turned away, and stored all the same.", kind)
			case a.malformed():
				refused++
			default:
				t.hurdle("registering with a %s password: %s", kind, a)
			}
		})
	}
	if refused > 0 {
		t.good("%s that were %s were refused, and nothing was stored.", plural(refused, "password"), kind)
	}
}

// change tries to put a leaked password in place of the good one.
func (c *PasswordRules) change(ctx context.Context, m *member) {
	a, err := m.visit(ctx, http.MethodPost, "password", map[string][]string{"old": {m.password}, "password": {leaked[0]}})
	switch {
	case err != nil:
		m.trial.hurdle("changing to a leaked password: %v", err)
	case a.ok() || moved(a):
		m.trial.breach("A password was changed to a leaked one.")
	case a.malformed():
		m.trial.good("Changing to a leaked password was refused.")
	default:
		m.trial.hurdle("changing to a leaked password: %s", a)
	}
}

// another tries to sign in with a password that is not the person's.
func (c *PasswordRules) another(ctx context.Context, m *member) {
	m.jar = map[string]string{}
	_, err := m.signIn(ctx, token())
	in := false
	if err == nil {
		in, err = m.in(ctx)
	}
	switch {
	case err != nil:
		m.trial.hurdle("signing in with another password: %v", err)
	case in:
		m.trial.breach("Another password opened the account.")
	default:
		m.trial.good("Another password does not open the account.")
	}
}
