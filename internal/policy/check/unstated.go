package check

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// linesNamed is how many lines a finding names one by one.
const linesNamed = 12

// notStated tells of the defaults of a draft once, not line by line: each is marked where it stands.
func notStated() Rule {
	return Rule{
		Code: "not-stated", Severity: Warning,
		Title:       "a default of the draft that nobody has looked at",
		Explanation: "A policy must have what a text often does not say: a contact, the basis of a purpose, where a company is. clause draft puts a default there and marks it. Until somebody has looked at it, it may be untrue, and what is published would claim it. clause publish refuses such a policy.",
		RestsOn:     "GDPR art. 5(1)(a) and 12(1): what people are told is true and clear",
		Remedy:      "put in what is so, and take the mark (" + policy.Unstated + ") away",
		find: func(v *view, found func(hit)) {
			lines, column := v.unstated()
			if len(lines) == 0 {
				return
			}
			msg := "the value here is a default: the text it was drafted from does not say it"
			if len(lines) > 1 {
				msg = fmt.Sprintf("%d lines hold defaults: the text they were drafted from does not say them (lines %s)", len(lines), numbered(lines))
			}
			found(hit{pos: policy.Pos{Line: lines[0], Column: column}, width: len(policy.Unstated), msg: msg})
		},
	}
}

// unstated are the lines that are marked, and where the first has its mark. What is a comment alone only
// tells of marks.
func (v *view) unstated() (lines []int, column int) {
	for i, line := range v.lines {
		at := strings.Index(line, policy.Unstated)
		if at < 0 || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if lines = append(lines, i+1); len(lines) == 1 {
			column = utf8.RuneCountInString(line[:at]) + 1
		}
	}
	return lines, column
}

func numbered(lines []int) string {
	var all []string
	for _, n := range lines[:min(len(lines), linesNamed)] {
		all = append(all, strconv.Itoa(n))
	}
	if more := len(lines) - linesNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all, ", "), more)
	}
	return strings.Join(all, ", ")
}
