package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxProblems is how many problems are told one by one.
const maxProblems = 100

// reader reads one file and gathers what is wrong with it.
type reader struct {
	file       string
	src        []byte
	lines      []string
	vocabulary Vocabulary
	specs      map[string]ControlSpec // what it said of the controls
	policy     *Policy
	problems   Problems
	more       int      // problems beyond maxProblems
	later      []func() // checks of references, run when everything has been read
	known      map[reference][]string
}

// problem records what is wrong at a place; width characters are underlined.
func (r *reader) problem(pos Pos, width int, code Code, msg, hint string) {
	if len(r.problems) == maxProblems {
		r.more++
		return
	}
	p := Problem{File: r.file, Pos: pos, Code: code, Msg: msg, Hint: hint}
	if pos.Line > 0 {
		if r.lines == nil {
			r.lines = strings.SplitAfter(string(r.src), "\n")
		}
		if pos.Line <= len(r.lines) {
			p.Excerpt = excerpt(r.lines[pos.Line-1], pos, width)
		}
	}
	r.problems = append(r.problems, p)
}

// advise says which of the known names was probably meant. That costs as much as all of them are
// long, so it is not worked out for problems that are only counted.
func (r *reader) advise(name string, known []string) string {
	if len(r.problems) == maxProblems {
		return ""
	}
	return advise(name, known)
}

func (r *reader) fail(n *node, code Code, hint, format string, args ...any) {
	r.problem(n.pos, n.width, code, fmt.Sprintf(format, args...), hint)
}

// wrongType records that n is not what key must hold. It reports whether that was so.
func (r *reader) wrongType(key, n *node, want ...kind) bool {
	if slices.Contains(want, n.kind) {
		return false
	}
	switch {
	case n.kind == nullKind:
		r.fail(key, MissingKey, "give a value, or remove the key", "%s has no value", key.value)
	case want[0] == textKind && (n.kind == numberKind || n.kind == boolKind):
		r.fail(n, BadType, fmt.Sprintf("put it in quotes: \"%s\"", n.value), "%s must be a text, not %s", key.value, n.kind)
	default:
		r.fail(n, BadType, "see docs/policy.md", "%s must be %s, not %s", key.value, want[0], n.kind)
	}
	return true
}

// reference is a sort of id that other parts of the policy can name.
type reference string

const (
	toDataSet     reference = "data set"
	toField       reference = "field"
	toPurpose     reference = "purpose"
	toRegion      reference = "region"
	toRecipient   reference = "recipient"
	toCategory    reference = "category"
	toSubject     reference = "subject"
	toProduct     reference = "product"
	toModel       reference = "model"
	toCookie      reference = "cookie"
	toAttestation reference = "attestation"
	toDocument    reference = "document"
	toEnvironment reference = "environment"
	toClause      reference = "clause"
)

// declare says how something of the sort is declared.
func (s reference) declare() string {
	switch s {
	case toDataSet:
		return "declare it under data"
	case toCategory:
		return "make it the category of a data set"
	case toField:
		return "write data-set.field, both declared under data"
	default:
		return "declare it under " + string(s) + "s"
	}
}

// refer checks, once everything has been read, that n's text names something of the sort.
func (r *reader) refer(n *node, to reference) {
	r.later = append(r.later, func() { r.resolve(n, to) })
}

func (r *reader) resolve(n *node, to reference) bool {
	if _, found := slices.BinarySearch(r.known[to], n.value); found {
		return true
	}
	advice := to.declare()
	if known := r.known[to]; len(known) > 0 {
		advice = strings.ReplaceAll(r.advise(n.value, known)+"; or "+advice, "?; or", "? Or")
	}
	r.fail(n, Dangling, advice, "there is no %s %q", to, short(n.value))
	return false
}

// finish runs the checks that needed the whole file.
func (r *reader) finish() {
	p := r.policy
	// What could not be read was complained of; controls must not complain of it again.
	p.Backups.Epoch, p.Backups.Horizon = max(p.Backups.Epoch, time.Second), max(p.Backups.Horizon, time.Second)
	p.Language = cmp.Or(p.Language, "en")
	for i := range p.Data {
		if d := &p.Data[i]; d.Subject == "" && len(p.Subjects) > 0 {
			d.Subject = p.Subjects[0].ID
		}
	}
	r.known = map[reference][]string{
		toDataSet:     each(p.Data, func(d DataSet) string { return d.ID }),
		toPurpose:     each(p.Purposes, func(u Purpose) string { return u.ID }),
		toRegion:      each(p.Regions, func(g Region) string { return g.ID }),
		toRecipient:   each(p.Recipients, func(c Recipient) string { return c.ID }),
		toCategory:    each(p.Data, func(d DataSet) string { return d.Category }),
		toField:       fieldsOf(p),
		toSubject:     each(p.Subjects, func(s Subject) string { return s.ID }),
		toProduct:     each(p.Products, func(d Product) string { return d.ID }),
		toModel:       each(p.Models, func(m Model) string { return m.ID }),
		toCookie:      each(p.Cookies, func(c Cookie) string { return c.ID }),
		toAttestation: each(p.Attestations, func(a Attestation) string { return a.ID }),
		toDocument:    each(p.Documents, func(d Document) string { return d.ID }),
		toEnvironment: p.Environments,
		toClause:      each(p.Clauses, func(c Clause) string { return c.ID }),
	}
	for sort, ids := range r.known {
		ids = slices.Sorted(slices.Values(ids)) // a copy: environments have an order
		r.known[sort] = slices.Compact(ids)
	}
	for _, check := range r.later {
		check()
	}
}

// fieldsOf names every field as data-set.field.
func fieldsOf(p *Policy) (names []string) {
	for _, d := range p.Data {
		for _, f := range d.Fields {
			names = append(names, d.ID+"."+f.ID)
		}
	}
	return names
}

// result is every problem in the order of the file.
func (r *reader) result() Problems {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	if r.more > 0 {
		return append(r.problems, Problem{File: r.file, Code: OverBound, Msg: fmt.Sprintf("and %s more", count(r.more, "problem"))})
	}
	return r.problems
}

func each[T any](all []T, name func(T) string) []string {
	names := make([]string, 0, len(all))
	for _, v := range all {
		names = append(names, name(v))
	}
	return names
}
