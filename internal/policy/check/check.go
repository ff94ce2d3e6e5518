// Package check finds what a careful privacy engineer would find in a policy that parses: clauses
// that contradict each other, deadlines laxer than the law, promises that nothing measures, and
// what the law asks for and the policy lacks.
//
// A rule is one Go value; the rules of one subject are one file.
package check

import (
	"cmp"
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// Severity is how much a finding weighs.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the policy contradicts itself or the law
	Warning Severity = "warning" // a promise that cannot be shown to be kept, or something lacks
	Note    Severity = "note"    // worth a look
)

// Finding is one thing found.
type Finding struct {
	Code     string     `json:"code"`
	Severity Severity   `json:"severity"`
	File     string     `json:"file"`
	Pos      policy.Pos `json:"pos"`
	Message  string     `json:"message"`
	Clauses  []string   `json:"clauses"`         // ids of the clauses involved
	About    []string   `json:"about"`           // all ids involved: clauses, data sets, recipients…
	RestsOn  string     `json:"rests_on"`        // the law or figure
	Remedy   string     `json:"remedy"`          // what to do
	Excerpt  string     `json:"excerpt"`         // the line at fault, a caret under the place
	Known    string     `json:"known,omitempty"` // why it stands, where the policy says that it is known
}

// Rule is one kind of finding.
type Rule struct {
	Code        string
	Severity    Severity
	Title       string // what is wrong, in one line
	Explanation string // why it matters, for who never heard of it
	RestsOn     string // the law or figure, where it is the same for all findings
	Remedy      string // what to do, where it is the same for all findings

	find func(*view, func(hit))
}

// hit is one place where a rule found something. RestsOn and remedy, if empty, are the rule's.
type hit struct {
	pos             policy.Pos
	width           int // characters to underline, at least one
	msg             string
	clauses         []string
	about           []string // ids other than the clauses
	restsOn, remedy string
}

// view is what rules look at.
type view struct {
	*policy.Policy
	controls policy.Vocabulary
	on       time.Time // the day of the check
}

// Rules returns every rule, in the order of their codes.
func Rules() []Rule {
	all := slices.Concat(contradictionRules(), evidenceRules(), usageRules(), wordingRules(), deadlineRules(), citationRules(), contentRules(), knownRules())
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// Run applies every rule to a policy as of a day. Findings are in the order of the file; those that
// the policy says are known carry the reason.
func Run(p *policy.Policy, controls policy.Vocabulary, on time.Time) []Finding {
	v := &view{Policy: p, controls: controls, on: on}
	var all []Finding
	for _, rule := range Rules() {
		if rule.find != nil {
			rule.find(v, func(h hit) { all = append(all, v.finding(rule, h)) })
		}
	}
	all = append(all, v.markKnown(all)...)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Code, b.Code))
	})
	return all
}

func (v *view) finding(rule Rule, h hit) Finding {
	return Finding{
		Code: rule.Code, Severity: rule.Severity, File: v.File, Pos: h.pos, Message: h.msg,
		Clauses: append([]string{}, h.clauses...), About: append(append([]string{}, h.clauses...), h.about...),
		RestsOn: cmp.Or(h.restsOn, rule.RestsOn), Remedy: cmp.Or(h.remedy, rule.Remedy),
		Excerpt: policy.Excerpt(v.Source, h.pos, h.width),
	}
}
