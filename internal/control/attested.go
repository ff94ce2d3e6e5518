package control

import (
	"context"
	"time"

	"clause.dev/clause/internal/policy"
)

// Attestation keeps clauses that only a signed document can prove: it was signed by somebody who
// looked, and has not run out.
type Attestation struct {
	Attestations Attestations `param:"attestations" doc:"the documents that prove it"`
	Warn         policy.Term  `param:"warn,optional" doc:"how long before one runs out the clause is at risk, such as 60 days, which it is if left out"`
}

// reportHolds is how long a report that names no end says how things are: audits are of a year.
const reportHolds = 1

// Check finds a warning that is no span.
func (c *Attestation) Check(*policy.Policy) error {
	if c.Warn.Form != "" && c.Warn.Form != policy.Within {
		return problem("attested", "warn", "%q does not say how long before the end to warn", c.Warn).WithHint("write 60 days")
	}
	return nil
}

// Plan asks for nothing: what is attested happens elsewhere.
func (c *Attestation) Plan(*Plan) {}

// Probe looks at the day: a document that has run out proves nothing, one that soon will is at risk.
func (c *Attestation) Probe(_ context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil {
		t.hurdle("the day cannot be seen.")
		return t.finding("")
	}
	soon := ""
	for _, id := range c.Attestations {
		a, ok := s.Policy.Attestation(id)
		if !ok {
			t.hurdle("the policy declares no attestation %s.", id)
			continue
		}
		if warning := c.judge(t, a, s.Now()); soon == "" {
			soon = warning
		}
	}
	f := t.finding("Signed by " + c.issuers(s.Policy) + ", and not run out.")
	switch {
	case f.Outcome == Kept && soon != "":
		return Finding{Unable, soon, f.Facts}
	case f.Outcome == Kept:
		f.Outcome = Attested
	}
	return f
}

// judge notes whether an attestation holds on the day, and returns what to say if not for long.
func (c *Attestation) judge(t *trial, a *policy.Attestation, now time.Time) (warning string) {
	const day = "2 January 2006"
	ends := endOf(a)
	switch {
	case now.Before(a.Issued):
		t.breach("%s is dated %s, which is yet to come.", a.Title, a.Issued.Format(day))
	case ends.IsZero():
		t.good("%s, signed by %s on %s, names no end.", a.Title, a.Issuer, a.Issued.Format(day))
	case !now.Before(ends.AddDate(0, 0, 1)):
		t.breach("%s ran out on %s.", a.Title, ends.Format(day))
	default:
		t.good("%s, signed by %s on %s, holds until %s.", a.Title, a.Issuer, a.Issued.Format(day), ends.Format(day))
		if !now.Before(c.warnFrom(ends)) {
			return a.Title + " runs out on " + ends.Format(day) + "."
		}
	}
	return ""
}

// endOf is the last day on which an attestation says how things are, zero for none.
func endOf(a *policy.Attestation) time.Time {
	if a.Expires.IsZero() && a.Kind == policy.Report {
		return a.Issued.AddDate(reportHolds, 0, 0)
	}
	return a.Expires
}

// warnFrom is the day from which on the end is near.
func (c *Attestation) warnFrom(ends time.Time) time.Time {
	longest, ok := c.Warn.Longest()
	if !ok || c.Warn.Form == "" {
		longest = 60 * 24 * time.Hour
	}
	return ends.Add(-longest)
}

func (c *Attestation) issuers(p *policy.Policy) string {
	var all []string
	for _, id := range c.Attestations {
		if a, ok := p.Attestation(id); ok {
			all = append(all, a.Issuer)
		}
	}
	return list(all)
}
