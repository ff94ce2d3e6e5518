// Package check finds what a careful privacy engineer would find in a policy that parses: clauses
// that contradict each other, deadlines laxer than the law, promises that nothing measures, and
// what the law asks for and the policy lacks.
//
// A rule is one Go value; the rules of one subject are one file. What words mean stands in the data
// files of folder words, and each rule has a bad and a good example in testdata.
package check

import (
	"cmp"
	"fmt"
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
	Clauses  []string   `json:"clauses"`           // ids of the clauses involved
	About    []string   `json:"about"`             // all ids involved: clauses, data sets, recipients…
	RestsOn  string     `json:"rests_on"`          // the law or figure
	Remedy   string     `json:"remedy"`            // what to do
	Excerpt  string     `json:"excerpt,omitempty"` // the line at fault, a caret under the place
	Known    string     `json:"known,omitempty"`   // why it stands, where the policy says that it is known
}

// Rule is one kind of finding.
type Rule struct {
	Code        string
	Severity    Severity
	Title       string // what is wrong, in one line
	Explanation string // why it matters, for who never heard of it
	RestsOn     string // the law or figure, where it is the same for all findings
	Remedy      string // what to do, where it is the same for all findings

	// find looks for it in a policy; nil for what is found otherwise, such as by the parser.
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

	keeps map[string][]bound // by control, in the order of the file
	prose [][]sentence       // of each clause's text
	lines []string           // of the file
}

// bound is a control that a clause is bound to.
type bound struct {
	clause *policy.Clause
	keep   *policy.Keep
}

// mostOfRule is how many findings of a rule are told one by one.
const mostOfRule = 500

// Rules returns every rule, in the order of their codes.
func Rules() []Rule {
	all := slices.Concat(contradictionRules(), evidenceRules(), usageRules(), wordingRules(), deadlineRules(), citationRules(), contentRules(), knownRules(), languageRules())
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// Run applies every rule to a policy as of a day. Findings are in the order of the file; those that
// the policy says are known carry the reason.
func Run(p *policy.Policy, controls policy.Vocabulary, on time.Time) []Finding {
	return newView(p, controls, on).run(Rules(), nil)
}

// Inspect is [Run] for what [policy.Inspect] returns: a policy that may be refused, or nil, and what
// the parser says of it. Its findings are those of the parser and of the rules.
func Inspect(p *policy.Policy, problems policy.Problems, controls policy.Vocabulary, on time.Time) []Finding {
	rules, refused := Rules(), make([]Finding, len(problems))
	for i, problem := range problems {
		refused[i] = fromProblem(p, problem, rules)
	}
	if p == nil {
		return refused
	}
	return newView(p, controls, on).run(rules, refused)
}

func (v *view) run(rules []Rule, refused []Finding) []Finding {
	excerpt, all := policy.Excerpts(v.Source), []Finding{}
	for _, rule := range rules {
		if rule.find == nil {
			continue
		}
		count, last := 0, hit{}
		rule.find(v, func(h hit) {
			if count++; count > mostOfRule {
				last = h
			} else if f := v.finding(rule, h, excerpt); !saidAlready(f, refused) {
				all = append(all, f)
			}
		})
		if count > mostOfRule {
			last.msg = fmt.Sprintf("and %d more findings of this code, the last about %s", count-mostOfRule, join(append(last.clauses, last.about...)))
			all = append(all, v.finding(rule, last, excerpt))
		}
	}
	for _, h := range v.markKnown(all, refused, codesOf(rules)) {
		all = append(all, v.finding(unusedKnown(), h, excerpt))
	}
	all = append(all, refused...)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Code, b.Code))
	})
	return all
}

// saidAlready reports whether a control's own check told of the same at one of the same clauses.
func saidAlready(f Finding, refused []Finding) bool {
	return slices.ContainsFunc(refused, func(r Finding) bool {
		return r.Code == f.Code && slices.ContainsFunc(r.Clauses, func(id string) bool { return slices.Contains(f.Clauses, id) })
	})
}

func (v *view) finding(rule Rule, h hit, excerpt func(policy.Pos, int) string) Finding {
	clauses := unique(h.clauses)
	return Finding{
		Code: rule.Code, Severity: rule.Severity, File: v.File, Pos: h.pos, Message: h.msg,
		Clauses: clauses, About: unique(append(slices.Clone(clauses), h.about...)),
		RestsOn: cmp.Or(h.restsOn, rule.RestsOn), Remedy: cmp.Or(h.remedy, rule.Remedy),
		Excerpt: excerpt(h.pos, h.width),
	}
}

func newView(p *policy.Policy, controls policy.Vocabulary, on time.Time) *view {
	v := &view{Policy: p, controls: controls, on: on, keeps: map[string][]bound{}}
	for i := range p.Clauses {
		c := &p.Clauses[i]
		for j := range c.Keep {
			v.keeps[c.Keep[j].Control] = append(v.keeps[c.Keep[j].Control], bound{c, &c.Keep[j]})
		}
		v.prose = append(v.prose, sentences(c.Text))
	}
	v.lines = linesOf(p.Source)
	return v
}

// at is a hit at the line of keep that binds the clause to the control.
func (b bound) at(msg string) hit {
	return hit{pos: b.keep.Pos, width: len(b.keep.Control), msg: msg, clauses: []string{b.clause.ID}}
}

// names is a parameter that lists ids or words.
func (b bound) names(param string) []string {
	names, _ := b.keep.Params[param].([]string)
	return names
}

// term is a parameter that is a time; the zero term if it is not given.
func (b bound) term(param string) policy.Term {
	term, _ := b.keep.Params[param].(policy.Term)
	return term
}

// has reports whether one of the controls keeps the clause.
func has(c *policy.Clause, controls ...string) bool {
	return slices.ContainsFunc(c.Keep, func(k policy.Keep) bool { return slices.Contains(controls, k.Control) })
}

// unique drops what was there before, and keeps the order.
func unique(ids []string) []string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}
