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
	if rule := r.first(strong, f, section); rule != nil {
		s.Class, s.Rule = rule.class, rule.id
		return
	}
	s.Proposals = r.controls(f, lead, section)
	said := s.thoughts(r, lead, section, own)
	if len(s.Proposals) > 0 {
		s.Class, s.Rule = Promise, s.Proposals[0].Rule
		for i := range s.Proposals {
			p := &s.Proposals[i]
			p.read(figuresOf(s, said.of(p.Control, own)))
		}
	} else if rule := r.first(weak, f, section); rule != nil {
		s.Class, s.Rule = rule.class, rule.id
	}
}

// first is the first rule of a strength that holds, nil if none does.
func (r *reading) first(of strength, sentence, section found) *rule {
	for i := range r.rules.rules {
		if rule := &r.rules.rules[i]; rule.strength == of && rule.holds(sentence, section) {
			return rule
		}
	}
	return nil
}

// controls are those that could keep what is said, without those that a narrower one makes needless.
func (r *reading) controls(said, lead, section found) []Proposal {
	var all []Proposal
	for i := range r.rules.rules {
		rule := &r.rules.rules[i]
		if rule.strength != placed || !rule.holds(said, section) {
			continue
		}
		if lead != nil && !leads(rule) && rule.holds(lead, section) {
			continue // what introduces a list is not said again by each item
		}
		for _, c := range rule.controls {
			if !proposes(all, c) {
				all = append(all, Proposal{Control: c, Rule: rule.id, Params: []Param{}})
			}
		}
	}
	return prefer(all)
}

func (s *Sentence) proposes(control string) bool { return proposes(s.Proposals, control) }

func proposes(all []Proposal, control string) bool {
	return slices.ContainsFunc(all, func(p Proposal) bool { return p.Control == control })
}

// leads reports controls whose list goes on from its introduction: "You have the right to: …".
func leads(r *rule) bool {
	return slices.Contains(r.controls, "data-subject-rights")
}

// narrower lists controls that say more than another: where both are proposed, one is enough.
var narrower = []struct{ narrow, wide string }{
	{"off-boarding", "erasure"}, {"off-boarding", "retention"}, {"off-boarding", "clock"},
	{"erasure", "clock"}, {"erasure", "retention"}, {"retained-copies", "clock"}, {"retained-copies", "retention"}, {"retained-copies", "erasure"},
	{"data-subject-rights", "clock"}, {"data-subject-rights", "erasure"}, {"data-subject-rights", "consent"}, {"breach-notice", "clock"}, {"change-notice", "clock"},
	{"disclosure-notice", "clock"}, {"disclosure-notice", "sub-processors"}, {"disclosure-notice", "change-notice"}, {"disclosure-notice", "data-subject-rights"},
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
	{"retained-copies", "purpose-limitation"},
	{Backups, "clock"}, {Backups, "retention"}, {Backups, "erasure"}, {"no-sensitive-data", "declared-data-only"},
}

// prefer drops proposals that a narrower one makes needless.
func prefer(all []Proposal) []Proposal {
	had := slices.Clone(all)
	return slices.DeleteFunc(all, func(p Proposal) bool {
		return slices.ContainsFunc(had, func(q Proposal) bool { return isNarrower(q.Control, p.Control) })
	})
}

func isNarrower(narrow, wide string) bool {
	for _, n := range narrower {
		if n.narrow == narrow && n.wide == wide {
			return true
		}
	}
	return false
}
