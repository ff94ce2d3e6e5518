package main

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// listCodes lists everything that clause check can find.
func listCodes(e *env) {
	for _, r := range check.Rules() {
		e.printf("%s %s %s\n", e.paint(strong, pad(r.Code, 28)), e.paint(colourOf(r.Severity), pad(string(r.Severity), 8)), r.Title)
	}
	e.printf("\nclause check --explain CODE tells more of one; docs/findings.md has all.\n")
}

func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-len(s))) }

// explainCode tells what a code means, with an example that has the finding and one that does not.
func explainCode(e *env, code string) error {
	rules := check.Rules()
	i := slices.IndexFunc(rules, func(r check.Rule) bool { return r.Code == code })
	if i < 0 {
		var codes []string
		for _, r := range rules {
			codes = append(codes, r.Code)
		}
		return fault.New("clause.check", fault.Invalid, "there is no finding of the code %q", code).WithHint("%s", policy.Advise(code, codes))
	}
	r := rules[i]
	e.printf("%s (%s): %s\n\n", e.paint(strong, r.Code), e.paint(colourOf(r.Severity), string(r.Severity)), r.Title)
	e.printf("  why       %s\n", r.Explanation)
	if r.RestsOn != "" {
		e.printf("  rests on  %s\n", r.RestsOn)
	}
	e.printf("  to do     %s\n", r.Remedy)
	bad, good := check.Examples(code)
	e.printf("\n  A policy that has it:\n\n%s\n  One that does not:\n\n%s", indent(bad), indent(good))
	return nil
}

// indent sets an example off from the text around it.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("    " + line)
	}
	return b.String()
}
