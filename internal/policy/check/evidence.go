package check

import (
	"fmt"
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// expiresSoon is how long before its end an attestation is told of, where no clause says.
const expiresSoon = 60 * 24 * time.Hour

func evidenceRules() []Rule {
	return []Rule{expired(), expiring(), reportOld(), unusedAttestation(), securityExpired(), noControl(), notStated()}
}

func expired() Rule {
	return Rule{
		Code: "attestation-expired", Severity: Error,
		Title:       "a certificate, licence or other attestation is named as current and has expired",
		Explanation: "Whoever reads the policy takes the certificate to hold. Naming one that has lapsed misleads customers, and certification bodies forbid it.",
		RestsOn:     "the attestation's own expiry",
		Remedy:      "put the new one in its place, or take it out of the policy and the clauses that name it",
		find: func(v *view, found func(hit)) {
			for i := range v.Attestations {
				a := &v.Attestations[i]
				if v.lapsed(a) {
					found(v.attested(a, "%s (%s) expired on %s", a.Title, a.ID, a.Expires.Format(time.DateOnly)))
				}
			}
		},
	}
}

// over reports whether the day is over.
func (v *view) over(day time.Time) bool {
	return v.on.Format(time.DateOnly) > day.Format(time.DateOnly)
}

// lapsed reports whether the attestation's last day is over.
func (v *view) lapsed(a *policy.Attestation) bool { return !a.Expires.IsZero() && v.over(a.Expires) }

// attested is a hit at an attestation, about the clauses that rest on it.
func (v *view) attested(a *policy.Attestation, format string, args ...any) hit {
	h := hit{pos: a.Pos, width: len(a.ID), about: []string{a.ID}, msg: fmt.Sprintf(format, args...)}
	for _, b := range v.keeps["attested"] {
		if slices.Contains(b.names("attestations"), a.ID) {
			h.clauses = append(h.clauses, b.clause.ID)
		}
	}
	return h
}

func expiring() Rule {
	return Rule{
		Code: "attestation-expiring", Severity: Warning,
		Title:       "an attestation expires soon",
		Explanation: "An audit takes months to book. On the day after the last one the clauses that rest on it are broken.",
		RestsOn:     "the attestation's own expiry, and the clause's warn; 60 days where no clause says",
		Remedy:      "renew it, and put the new one into the policy",
		find: func(v *view, found func(hit)) {
			for i := range v.Attestations {
				a := &v.Attestations[i]
				if !a.Expires.IsZero() && !v.lapsed(a) && v.on.Add(v.warning(a)).After(a.Expires) {
					found(v.attested(a, "%s (%s) expires on %s", a.Title, a.ID, a.Expires.Format(time.DateOnly)))
				}
			}
		},
	}
}

// warning is how long before its end an attestation's clauses are at risk: the longest that a clause
// says.
func (v *view) warning(a *policy.Attestation) time.Duration {
	longest := time.Duration(0)
	for _, b := range v.keeps["attested"] {
		if slices.Contains(b.names("attestations"), a.ID) {
			warn, _ := b.term("warn").Longest()
			longest = max(longest, warn)
		}
	}
	if longest == 0 {
		return expiresSoon
	}
	return longest
}

func reportOld() Rule {
	return Rule{
		Code: "report-old", Severity: Warning,
		Title:       "a report of an audit or test is over a year old",
		Explanation: "A report tells of the time it covers. After a year nobody who reads it knows whether it still holds, and most customers ask for a newer one.",
		RestsOn:     "the report's own date; a year is what audits such as SOC 2 Type 2 cover",
		Remedy:      "put the newest report in its place, or a letter that bridges the gap",
		find: func(v *view, found func(hit)) {
			for i := range v.Attestations {
				a := &v.Attestations[i]
				if a.Kind == policy.Report && !v.lapsed(a) && v.over(a.Issued.AddDate(1, 0, 0)) {
					found(v.attested(a, "%s (%s) is of %s, over a year ago", a.Title, a.ID, a.Issued.Format(time.DateOnly)))
				}
			}
		},
	}
}

func unusedAttestation() Rule {
	return Rule{
		Code: "attestation-unused", Severity: Note,
		Title:       "an attestation that no clause rests on",
		Explanation: "It is published, and nothing is watched that depends on it: nobody is told when it expires.",
		RestsOn:     "the policy's own declarations",
		Remedy:      "bind a clause to attested with it, or take it out",
		find: func(v *view, found func(hit)) {
			for i := range v.Attestations {
				a := &v.Attestations[i]
				if h := v.attested(a, "no clause rests on %s (%s)", a.Title, a.ID); len(h.clauses) == 0 {
					found(h)
				}
			}
		},
	}
}

func securityExpired() Rule {
	return Rule{
		Code: "security-txt-expired", Severity: Warning,
		Title:       "what security.txt says has expired",
		Explanation: "Researchers are told not to use a file that has expired: they then publish what they found, or tell nobody.",
		RestsOn:     "RFC 9116, section 2.5.5",
		Remedy:      "look whether the contacts still hold, and give security a new expires, at most a year ahead",
		find: func(v *view, found func(hit)) {
			if !v.Security.Expires.IsZero() && v.over(v.Security.Expires) {
				found(hit{pos: v.Security.Pos, width: len("security"), msg: fmt.Sprintf("security expired on %s", v.Security.Expires.Format(time.DateOnly))})
			}
		},
	}
}

func noControl() Rule {
	return Rule{
		Code: "no-control", Severity: Warning,
		Title:       "a promise that nothing measures",
		Explanation: "No control is named for the clause, so nothing keeps it and nothing would show that it is broken. It is published as unkept.",
		RestsOn:     "GDPR art. 5(2): the controller must be able to show that it complies",
		Remedy:      "name the control that keeps it under keep (docs/controls.md lists them); if it promises nothing, say statement: true",
		find: func(v *view, found func(hit)) {
			for i := range v.Clauses {
				if c := &v.Clauses[i]; len(c.Keep) == 0 && !c.Statement {
					found(hit{pos: c.Pos, width: len("id"), clauses: []string{c.ID}, msg: fmt.Sprintf("nothing measures whether clause %s is kept", c.ID)})
				}
			}
		},
	}
}
