// Package assurance is the desk for how the organisation looks for its own weaknesses: security tests, the
// findings that come of them, exercises of emergencies, and what researchers report. All of it is the
// organisation's; in any other tenant it is a drill, which can be removed.
//
// What it stores holds ids, figures and words of the policy. What a researcher wrote is sealed under the
// newest epoch's key, sealed anew in each epoch, and gone 30 days after the report was closed.
package assurance

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Rules are what the clauses of a policy promise of tests, findings, exercises and reports.
type Rules struct {
	Tests      []Rhythm
	Scopes     []Scope
	Deadlines  []Deadlines
	Exercises  []Drill
	Programmes []Programme
	// SwitchOvers are how often the store's second node takes over.
	SwitchOvers []obligation.Duty
}

// Rhythm is how often applications are tested.
type Rhythm struct {
	Duty         obligation.Duty
	Applications []string
	By           string // what the tester has to be; "" for anything
}

// Scope is what every test covers.
type Scope struct {
	Clause string
	Areas  []string
}

// Deadlines are by when findings are closed.
type Deadlines struct {
	Clause     string
	Within     obligation.Duty            // of every finding
	BySeverity map[string]obligation.Duty // of those of a severity, beside Within
}

// Drill is how often an emergency is exercised.
type Drill struct {
	Duty  obligation.Duty
	Teams []string
}

// Programme is what researchers are promised.
type Programme struct {
	Triage, Reward obligation.Duty // Reward is of no kind where none is promised
}

// The kinds of what is owed, and of the evidence that discharges it. Only this desk gives such evidence.
const (
	TestDuty     = "security-test"
	FindingDuty  = "finding"
	ExerciseDuty = "exercise"
	ItemDuty     = "exercise.item"
	TriageDuty   = "report.triage"
	RewardDuty   = "report.reward"

	SwitchOverDuty   = "switch-over"
	SwitchOverReport = "switch-over-report"

	TestReport   = "test-report"
	RetestReport = "retest-report"
	Minutes      = "exercise-minutes"
	ItemDone     = "item-done"
	Assessed     = "assessment"
	Rewarded     = "reward"
)

// Owns reports whether what a clock of the kind owes is discharged at this desk alone.
func Owns(kind string) bool {
	return slices.Contains([]string{TestDuty, FindingDuty, ExerciseDuty, ItemDuty, TriageDuty, RewardDuty, SwitchOverDuty}, kind) || strings.HasPrefix(kind, FindingDuty+".")
}

// NextTest is the event before which a finding can be owed.
const NextTest = "the next penetration test"

// Severities are the severities of findings, from the worst.
func Severities() []string { return []string{"critical", "high", "medium", "low"} }

// Desk works for callers with the scope duties.
type Desk struct {
	Vault  *vault.Vault
	Engine *obligation.Engine
	Ring   *keyring.Ring
	Rules  Rules
	// Node is which node answers for the store now.
	Node func(context.Context) (db.Node, error)
}

func (d *Desk) db() *db.DB { return d.Engine.DB }

func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeDuties)
}

// drill reports whether what a tenant has is a drill.
func drill(tenant string) bool { return tenant != db.Organisation }

// actor is the server itself in the ledger, stranger whoever reports a weakness.
const (
	actor    = "clause"
	stranger = "researcher"
)

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// told writes an entry about an item.
func told(tx *db.Tx, kind, by, id, reason string, clauses []string, more ...string) error {
	detail := ledger.Details(append([]string{"item", id}, more...)...)
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: by, Reason: reason, Clauses: clauses, Detail: detail})
}

// wrong is a request that does not fit where a thing stands.
func wrong(op, state, what string) error {
	return fault.New(op, fault.Conflict, "it is %s: %s", state, what)
}

func invalid(op, field, format string, args ...any) *fault.Error {
	return fault.New(op, fault.Invalid, format, args...).WithField(field)
}

// reference finds what cannot be an id of the caller's.
func reference(op, field, s string) error {
	if !vault.IsReference(s) {
		return invalid(op, field, "an id has 1 to 128 letters, digits and . _ : -, a letter or digit first")
	}
	return nil
}

// digest finds what cannot be a SHA-256.
func digest(op, s string) error {
	if len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return invalid(op, "digest", "a digest is 64 hexadecimal digits")
	}
	return nil
}

func checks(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// Slug is words as an id.
func Slug(words string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(words)), "-")
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// span reads by when something is to be done.
func span(op, field, s string) (policy.Term, error) {
	term, ok := policy.ParseTerm(s)
	if !ok || term.Form != policy.Within {
		return term, invalid(op, field, "it is no span").WithHint("write one such as 30 days")
	}
	return term, nil
}
