package draft_test

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy/draft"
)

// TestWhatASentencePromises has sentences propose every control that they name, with the figures that
// belong to each.
func TestWhatASentencePromises(t *testing.T) {
	for text, want := range map[string]string{
		"All traffic is encrypted with TLS 1.2 or higher, and stored data with AES-256.":        `tls {minimum: "1.2"}, encryption-at-rest {algorithm: aes-256-gcm}`,
		"Patches are installed within 14 days, and access rights are reviewed every quarter.":   `access-review {every: every quarter}, security-updates {within: "14 days"}`,
		"An outside firm tests us every year; critical findings are fixed within 7 days.":       `finding-deadlines {critical: "7 days"} (not stated: within), penetration-test {every: every year, by: an independent company} (not stated: applications)`,
		"You have the right to access and erasure within 30 days, free of charge.":              `data-subject-rights {rights: [access, erasure], within: "30 days", free: true}`,
		"You are told by email and in the app 30 days before this policy changes.":              `change-notice {ahead: "30 days", channels: [email, in-app]}`,
		"We are certified to ISO 27001 and SOC 2.":                                              `attested {attestations: [iso-27001, soc-2]}`,
		"Backups are kept for 40 days.":                                                         `backups {keep: "40 days"}`,
		"Backups are kept for two weeks and restored twice a year.":                             `backups {keep: "2 weeks"}`,
		"You may have it deleted.":                                                              `data-subject-rights {rights: [erasure]}`,
		"Backups are encrypted and kept for 14 days.":                                           `backups {keep: "14 days"}, encrypted-backups (not stated: data)`,
		"We do not collect data about health or religion.":                                      `no-sensitive-data`,
		"Communication between you and our servers is encrypted with TLS 1.3.":                  `tls {minimum: "1.3"}`,
		"Penetration tests are carried out twice a year.":                                       `penetration-test {every: "2 per calendar year"} (not stated: applications)`,
		"We use your data to provide the service and, with your consent, to send a newsletter.": `consent {purposes: [newsletter]}`,
		"With your consent we measure usage with analytics and send you a newsletter.":          `consent {purposes: [analytics, newsletter]}`,
		"We send you a newsletter with your consent and process payments to run the shop.":      `consent {purposes: [newsletter]}`,
		"We take your name for billing and your email address for support, with your consent.":  `consent {purposes: [payments, support]}`,
		"We do not ask for health data except for claims, and never sell your data.":            `no-direct-marketing`,
	} {
		d := read(t, "x.txt", text)
		parses(t, d)
		var got []string
		for _, p := range d.Sentences[0].Proposals {
			got = append(got, p.String())
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s\n got %s\nwant %s", text, strings.Join(got, ", "), want)
		}
	}
}

// TestRightsAndTheirAnswerAreOnePromise gives the rights of one sentence the figure of the next.
func TestRightsAndTheirAnswerAreOnePromise(t *testing.T) {
	for text, want := range map[string]string{
		"You may ask for access and erasure of your data. We answer within 45 days.":                                 "[access, erasure], within: \"45 days\"",
		"You may ask for access. You may object to the use of your data. Requests are answered within 9 days.":       "[objection, access], within: \"9 days\"",
		"You may ask for access within 20 days. You may object to the use of your data. We answer within 45 days.":   "[objection], within: \"45 days\"",
		"You may ask for access. We answer within 9 days. You may object to the use of it. We answer within 8 days.": "[objection], within: \"8 days\"",
	} {
		d := read(t, "x.md", "# Rights\n\n"+text)
		parses(t, d)
		last := d.Sentences[len(d.Sentences)-1].Proposals
		if len(last) != 1 || !strings.Contains(last[0].String(), want) {
			t.Errorf("%s: %v, not %s", text, last, want)
		}
	}
	d := read(t, "x.md", "# Rights\n\nYou may ask for access and erasure of your data. We answer within 45 days.\n\n# Orders\n\nWe answer within 5 days.")
	p := parses(t, d)
	if len(p.Clauses) != 2 || p.Clauses[0].Text != "You may ask for access and erasure of your data. We answer within 45 days." {
		t.Errorf("the clauses are %v", p.Clauses)
	}
	accounted(t, d, p)
	if s := d.Sentences[2]; s.Clause == d.Sentences[1].Clause {
		t.Error("what stands under another heading has joined them")
	}
}

// TestBackupsAreAFigureOfThePolicy has the schedule say what the text says, and no control.
func TestBackupsAreAFigureOfThePolicy(t *testing.T) {
	d := read(t, "x.txt", "Backups are kept for 40 days.")
	p := parses(t, d)
	if whole := p.Backups.Epoch + p.Backups.Horizon; whole.String() != "960h0m0s" {
		t.Errorf("backups are kept for %v", whole)
	}
	if len(p.Clauses[0].Keep) != 0 || d.Sentences[0].Proposals[0].Control != draft.Backups {
		t.Errorf("%v is kept by %v", d.Sentences[0].Proposals, p.Clauses[0].Keep)
	}
	both := read(t, "x.txt", "Backups are kept for 40 days. When you close your account we delete everything within 30 days.")
	if !strings.Contains(both.YAML(), "# the text keeps backups for 40d: erasure, as it is promised, leaves them less") || len(both.Conflicts) != 1 {
		t.Errorf("erasure before backups end is not told: %v\n%s", both.Conflicts, both.YAML())
	}
	soon := read(t, "x.txt", "You may ask us to erase your data, and we respond within 14 days.")
	if p := parses(t, soon); p.Backups.Epoch+p.Backups.Horizon > 14*24*time.Hour || !strings.Contains(soon.YAML(), "horizon: 10d # not stated") {
		t.Errorf("the default outlasts what is promised: %v", p.Backups)
	}
}
