package control

import (
	"context"
	"errors"

	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/policy"
)

// PasswordHash keeps clauses that say how passwords are stored.
type PasswordHash struct {
	Algorithm string `param:"algorithm" values:"bcrypt|argon2id" doc:"the function passwords are hashed with"`
	Cost      int    `param:"cost" doc:"the least cost of the function"`
}

func (c *PasswordHash) rule() password.Rule {
	return password.Rule{Algorithm: c.Algorithm, Cost: c.Cost}
}

// Check finds costs that protect too little or take for ever, and clauses that cannot both be kept.
func (c *PasswordHash) Check(p *policy.Policy) error {
	var all []error
	if err := c.rule().Check(); err != nil {
		param := "cost"
		if c.Algorithm != password.Bcrypt && c.Algorithm != password.Argon2id {
			param = "algorithm"
		}
		all = append(all, problem("password-hash", param, "%s with a cost of %d cannot be promised", c.Algorithm, c.Cost).
			WithHint("bcrypt takes a cost of 10 to 16, argon2id one of 2 to 16"))
	}
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if other, ok := keep.Params["algorithm"].(string); ok && keep.Control == "password-hash" && other != c.Algorithm {
				all = append(all, problem("password-hash", "algorithm", "clause %s says that passwords are hashed with %s", clause.ID, other))
			}
		}
	}
	return errors.Join(all...)
}

// Plan has passwords hashed so, or at a higher cost.
func (c *PasswordHash) Plan(p *Plan) {
	wanted := c.rule()
	if had := p.Accounts.Password; had.Algorithm != wanted.Algorithm || had.Cost < wanted.Cost {
		p.Accounts.Password = wanted
	}
}

// Probe registers a canary, and reads by which function and at what cost every stored password is hashed;
// the canary's own must be nowhere as it is.
func (c *PasswordHash) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		if !m.registers(ctx) {
			return
		}
		c.strength(ctx, m)
		s.lookAtRest(ctx, t, s.Canary.A.ID, s.Canary.A.ID, marks{text: m.password, number: m.password})
	})
	return t.finding("Every stored password is a hash of " + c.Algorithm + " at the promised cost or a higher one, and none is readable.")
}

// strength reads what all hashes cost.
func (c *PasswordHash) strength(ctx context.Context, m *member) {
	all, none, other, weak := 0, 0, 0, 0
	err := m.People.Hashes(ctx, func(hash string) {
		all++
		switch made, ok := password.Of(hash); {
		case !ok:
			none++
		case made.Algorithm != c.Algorithm:
			other++
		case made.Cost < c.Cost:
			weak++
		}
	})
	for _, found := range []struct {
		n    int
		what string
	}{{none, "not a hash at all"}, {other, "hashed with another function than " + c.Algorithm}, {weak, "hashed at a lower cost than promised"}} {
		if found.n > 0 {
			m.trial.breach("Of %s, %d are %s.", plural(all, "stored password"), found.n, found.what)
		}
	}
	switch {
	case err != nil:
		m.trial.hurdle("what is stored of passwords could not be read: %v", err)
	case all == 0:
		m.trial.hurdle("what is stored of the canary's password could not be found.")
	case none+other+weak == 0:
		m.trial.good("Each of %s is a hash of %s, at a cost of %d or more.", plural(all, "stored password"), c.Algorithm, c.Cost)
	}
}
