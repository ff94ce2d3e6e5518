package draft

import "slices"

// class says what a sentence is, and which controls could keep it.
func (s *Sentence) class(r *reading) {
	own := tokens(s.Text)
	if !english(own) {
		s.Class, s.Rule = Unread, "language"
		return
	}
	whole := own
	section := r.find(tokens(s.Section))
	var lead found
	if s.Lead != "" {
		whole = tokens(s.Whole())
		lead = r.find(tokens(s.Lead))
	}
	f := r.find(whole)
	s.Class, s.Rule = Description, "none"
	for i := range r.rules.rules {
		rule := &r.rules.rules[i]
		if rule.strength == placed && (s.decided() || lead != nil && !leads(rule) && rule.holds(lead, section)) {
			continue // what introduces a list is not said again by each item
		}
		if !rule.holds(f, section) {
			continue
		}
		switch {
		case rule.strength == placed:
			s.Class = Promise
			for _, c := range rule.controls {
				s.propose(c, rule.id)
			}
		case s.Rule == "none":
			s.Class, s.Rule = rule.class, rule.id
		}
		if len(s.Proposals) > 0 && s.Rule == "none" {
			s.Rule = rule.id
		}
	}
	if s.Class == Promise {
		s.prefer()
		f := figuresOf(s, own)
		for i := range s.Proposals {
			s.Proposals[i].read(f)
		}
	}
}

// decided reports whether a strong rule has spoken: it stands before the controls in the files.
func (s *Sentence) decided() bool { return s.Rule != "none" && len(s.Proposals) == 0 }

// leads reports controls whose list goes on from its introduction: "You have the right to: …".
func leads(r *rule) bool {
	return slices.Contains(r.controls, "data-subject-rights")
}

func (s *Sentence) propose(control, rule string) {
	if !slices.ContainsFunc(s.Proposals, func(p Proposal) bool { return p.Control == control }) {
		s.Proposals = append(s.Proposals, Proposal{Control: control, Rule: rule, Params: []Param{}})
	}
}

// narrower lists controls that say more than another: where both are proposed, one is enough.
var narrower = []struct{ narrow, wide string }{
	{"off-boarding", "erasure"}, {"off-boarding", "retention"}, {"off-boarding", "clock"},
	{"erasure", "clock"}, {"erasure", "retention"}, {"retained-copies", "clock"}, {"retained-copies", "retention"}, {"retained-copies", "erasure"},
	{"data-subject-rights", "clock"}, {"data-subject-rights", "erasure"}, {"data-subject-rights", "consent"}, {"breach-notice", "clock"}, {"change-notice", "clock"},
	{"disclosure-notice", "clock"}, {"disclosure-notice", "sub-processors"}, {"disclosure-notice", "change-notice"},
	{"allowed-recipients", "no-disclosure"}, {"allowed-recipients", "consent"}, {"sub-processors", "no-disclosure"}, {"no-direct-marketing", "no-disclosure"},
	{"model-provider", "sub-processors"}, {"model-provider", "no-disclosure"}, {"model-residency", "residency"},
	{"finding-deadlines", "security-updates"}, {"finding-deadlines", "clock"}, {"finding-deadlines", "penetration-test"}, {"test-scope", "penetration-test"},
	{"customer-grant", "access-approval"}, {"customer-grant", "consent"}, {"environment-access", "access-approval"},
	{"access-review", "clock"}, {"access-review", "access-approval"}, {"penetration-test", "clock"}, {"penetration-test", "attested"},
	{"security-updates", "clock"}, {"switch-over", "clock"}, {"exercise", "clock"}, {"pager", "monitoring"}, {"pager", "clock"}, {"monitoring", "clock"},
	{"pager", "threat-detection"}, {"disclosure-programme", "clock"}, {"disclosure-programme", "finding-deadlines"}, {"retention", "clock"},
	{"legal-demands", "no-disclosure"}, {"cookies-only-necessary", "consent"}, {"cluster-approval", "access-approval"}, {"encrypted-backups", "tls"},
	{"complaints", "clock"}, {"complaints", "data-subject-rights"}, {"memory-only", "clock"}, {"memory-only", "erasure"}, {"memory-only", "encryption-at-rest"},
	{"electronic-notice", "consent"}, {"electronic-notice", "breach-notice"}, {"minimum-age", "erasure"}, {"minimum-age", "consent"}, {"minimum-age", "clock"}, {"interaction-log", "clock"},
	{"switch-over", "exercise"}, {"database-firewall", "address-rules"}, {"outgoing-addresses", "address-rules"}, {"complete-processing", "clock"},
	{"customer-grant", "clock"}, {"attack-bans", "clock"}, {"attack-bans", "threat-detection"}, {"purpose-limitation", "declared-data-only"}, {"cookies-only-necessary", "session-cookie"},
	{"legitimate-interests", "data-subject-rights"}, {"retained-copies", "off-boarding"}, {"minimisation", "consent"},
}

// prefer drops proposals that a narrower one makes needless.
func (s *Sentence) prefer() {
	had := slices.Clone(s.Proposals)
	s.Proposals = slices.DeleteFunc(s.Proposals, func(p Proposal) bool {
		return slices.ContainsFunc(narrower, func(n struct{ narrow, wide string }) bool {
			return n.wide == p.Control && slices.ContainsFunc(had, func(q Proposal) bool { return q.Control == n.narrow })
		})
	})
}
