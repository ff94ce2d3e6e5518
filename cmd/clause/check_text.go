package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy/check"
)

// showChecked shows a check to a person: first what they most want to know.
func showChecked(e *env, out checked, all bool) {
	open, known := byKnown(out.Findings)
	showVerdict(e, out, open, len(known))
	for _, f := range open {
		showFinding(e, f)
	}
	showKnown(e, known)
	if len(out.Clauses) > 0 {
		showStates(e, out.Clauses, all)
	}
	if len(open) > 0 {
		e.printf("\n  clause check --explain %s tells more of a finding.\n", open[0].Code)
	}
}

// byKnown parts findings; the worst come first, each severity in the order of the file.
func byKnown(findings []check.Finding) (open, known []check.Finding) {
	for _, f := range findings {
		if f.Known != "" {
			known = append(known, f)
		} else {
			open = append(open, f)
		}
	}
	weight := []check.Severity{check.Error, check.Warning, check.Note}
	slices.SortStableFunc(open, func(a, b check.Finding) int {
		return cmp.Compare(slices.Index(weight, a.Severity), slices.Index(weight, b.Severity))
	})
	return open, known
}

func showVerdict(e *env, out checked, open []check.Finding, known int) {
	switch {
	case !out.runs:
		e.printf("%s %s\n", e.paint(strong, out.File), e.paint(bad, "cannot run"))
	case !out.Sound:
		e.printf("%s %s\n", e.paint(strong, out.File), e.paint(bad, "contradicts itself or the law"))
	default:
		e.printf("%s %s\n", e.paint(strong, out.File), e.paint(good, "is a sound policy"))
	}
	if out.Version != "" {
		e.printf("  version %s, SHA-256 %s\n", out.Version, out.Digest)
		p := out.Promises
		e.printf("  %s: %s by controls that run, %s by controls not built yet, %s by none; %s\n",
			amount(p.Controlled+p.Unbuilt+p.Uncontrolled, "promise"), e.paint(good, fmt.Sprint(p.Controlled, " kept")),
			e.paint(warn, fmt.Sprint(p.Unbuilt)), e.paint(bad, fmt.Sprint(p.Uncontrolled)), amount(p.Statements, "statement"))
	}
	e.printf("  %s\n", tally(open, known))
}

// tally counts findings: "2 errors, 1 warning; 1 known".
func tally(open []check.Finding, known int) string {
	var parts []string
	for _, s := range []check.Severity{check.Error, check.Warning, check.Note} {
		n := 0
		for _, f := range open {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, amount(n, string(s)))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing found"}
	}
	all := strings.Join(parts, ", ")
	if known > 0 {
		all += fmt.Sprintf("; %d known", known)
	}
	return all
}

func amount(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func showFinding(e *env, f check.Finding) {
	place := f.File
	if f.Pos.Line > 0 {
		place += fmt.Sprintf(":%d:%d", f.Pos.Line, f.Pos.Column)
	}
	e.printf("\n%s: %s: %s [%s]\n%s", place, e.paint(colourOf(f.Severity), string(f.Severity)), e.paint(strong, f.Message), f.Code, f.Excerpt)
	if f.RestsOn != "" {
		e.printf("  rests on %s\n", f.RestsOn)
	}
	if f.Remedy != "" {
		e.printf("  → %s\n", f.Remedy)
	}
}

func colourOf(s check.Severity) string {
	switch s {
	case check.Error:
		return bad
	case check.Warning:
		return warn
	}
	return faint
}

// showKnown shows findings that the policy's owners live with, a line each.
func showKnown(e *env, known []check.Finding) {
	if len(known) == 0 {
		return
	}
	e.printf("\n  %s\n", e.paint(faint, fmt.Sprintf("%d known, with the reason that the policy gives", len(known))))
	for _, f := range known {
		e.printf("    %s, line %d (%s): %s\n", f.Code, f.Pos.Line, strings.Join(f.About, ", "), strings.Join(strings.Fields(f.Known), " "))
	}
}

// mostClauses is how many clauses of a state are listed where not all are asked for.
const mostClauses = 30

func showStates(e *env, rows []checkedClause, all bool) {
	showClauses(e, rows, controlled, good, all, "kept by controls that run (clause verify proves it)")
	showClauses(e, rows, unkept, warn, all, "unkept: no control runs for them yet, and the published page says so")
	showClauses(e, rows, statement, faint, all, "statements, which promise nothing")
}

func showClauses(e *env, rows []checkedClause, of state, colour string, all bool, heading string) {
	var lines []string
	for _, row := range rows {
		if row.State != of {
			continue
		}
		shown := strings.Join(row.Controls, ", ")
		if of == unkept {
			if shown = strings.Join(row.Unbuilt, ", "); shown == "" {
				shown = "no control"
			}
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("    %-32s %s", row.ID, shown), " ")+"\n")
	}
	if len(lines) == 0 {
		return
	}
	more := ""
	if n := len(lines); n > mostClauses && !all {
		lines, more = lines[:mostClauses], fmt.Sprintf("    and %d more: clause check --clauses lists all\n", n-mostClauses)
	}
	e.printf("\n  %s\n%s%s", e.paint(colour, fmt.Sprintf("%d %s", countState(rows, of), heading)), strings.Join(lines, ""), more)
}

func countState(rows []checkedClause, of state) (n int) {
	for _, row := range rows {
		if row.State == of {
			n++
		}
	}
	return n
}
