package check

import (
	"cmp"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// languageRules are the mistakes that the parser finds: a policy with one of them does not run.
func languageRules() []Rule {
	return append(controlRules(), []Rule{
		language(policy.BadFile, "the file is no text that can be a policy",
			"A policy is read by people, so it is UTF-8 text of bounded size, without marks that make it read otherwise than it is stored.",
			"save the policy as plain UTF-8 text"),
		language(policy.BadSyntax, "the file is not YAML, or uses a part of it that the language leaves out",
			"Anchors, aliases, tags and merging let a file say something that its reader does not see; what is not YAML cannot be read at all.",
			"write what is meant where it is meant; long texts go on lines of their own after >"),
		language(policy.UnknownKey, "a key, a control or a parameter that nobody knows",
			"A misspelt control would keep nothing, and nobody would notice.",
			"correct the name: clause schema gives an editor all of them"),
		language(policy.DuplicateKey, "a key or an id is given twice",
			"One of the two would silently win.",
			"remove one of them"),
		language(policy.MissingKey, "something that every policy needs is not there",
			"A policy without it cannot be published or kept.",
			"add it"),
		language(policy.BadType, "a list where a text belongs, or the like",
			"What is read as something else means something else.",
			"write it as docs/policy.md says; texts that look like numbers go in quotes"),
		language(policy.BadValue, "a value that cannot be",
			"The key is right, but nothing works with this value.",
			"take one of the values that can be"),
		language(policy.Dangling, "a name that the policy does not declare",
			"A promise about data, a purpose or a place that does not exist is kept by nothing.",
			"declare it, or correct the name"),
		language(policy.Contradiction, "parts that are sound alone and cannot hold together",
			"The server could keep only one of them, and would break the other.",
			"change one of them"),
		language(policy.ControlRefuses, "a control cannot work with its parameters",
			"The server could not keep the promise as it is written.",
			"change the parameters, or what they contradict"),
		language(policy.OverBound, "more of something than a policy can hold",
			"Bounds keep decisions fast and files readable.",
			"merge or remove some"),
	}...)
}

func language(code policy.Code, title, explanation, remedy string) Rule {
	return Rule{Code: string(code), Severity: Error, Title: title, Explanation: explanation, RestsOn: "the policy language, docs/policy.md", Remedy: remedy}
}

// controlRules are those that only a control's own check finds; other rules are found both ways.
func controlRules() []Rule {
	return []Rule{
		{
			Code: "sensitive-despite-never", Severity: Error,
			Title:       "a clause says that nothing sensitive is collected, and a data set is sensitive",
			Explanation: "Data about health, biometrics, race, religion and the like is forbidden ground but for a few exceptions. Who says that there is none is believed, and held to it.",
			RestsOn:     "GDPR art. 9(1), art. 5(1)(a); the clause's own words",
			Remedy:      "stop collecting the data, or say that it is collected and why that is allowed",
		},
		{
			Code: "required-despite-optional", Severity: Error,
			Title:       "a clause says that data need not be given, and a field of it is required",
			Explanation: "Whoever leaves the field out is turned away, against the promise.",
			RestsOn:     "GDPR art. 5(1)(c) and 13(2)(e); the clause's own words",
			Remedy:      "make the field optional, or take the data set out of the clause",
		},
	}
}

// codeOf names the rule that a control's refusal is an instance of.
func codeOf(control string) string {
	switch control {
	case "memory-only":
		return "memory-only-backed-up"
	case "retention":
		return "two-retention-periods"
	case "erasure":
		return "schedule-outlasts-erasure"
	case "residency":
		return "recipient-outside-regions"
	case "purpose-limitation", "no-direct-marketing":
		return "purpose-denied-and-used"
	case "contract-basis", "consent", "legitimate-interests":
		return "basis-misfit"
	case "no-disclosure":
		return "shared-despite-never"
	case "no-sensitive-data":
		return "sensitive-despite-never"
	case "declared-data-only":
		return "undeclared-data"
	case "minimisation":
		return "required-despite-optional"
	}
	return string(policy.ControlRefuses)
}

// fromProblem makes a finding of what the parser found. Where a control refuses what the rest of the
// policy says, the finding is that of the rule about it.
func fromProblem(p *policy.Policy, problem policy.Problem, rules []Rule) Finding {
	f := Finding{
		Code: string(problem.Code), Severity: Error, File: problem.File, Pos: problem.Pos,
		Message: problem.Msg, Clauses: []string{}, About: []string{}, Remedy: problem.Hint, Excerpt: problem.Excerpt,
	}
	if problem.Clause != "" {
		f.Clauses, f.About = []string{problem.Clause}, about(p, problem)
	}
	if problem.Control != "" && !namesNothing(p, problem) {
		f.Code = codeOf(problem.Control)
		f.Message = strings.TrimPrefix(problem.Msg, problem.Control+": ")
	}
	for _, rule := range rules {
		if rule.Code == f.Code {
			f.RestsOn, f.Remedy = rule.RestsOn, cmp.Or(f.Remedy, rule.Remedy)
		}
	}
	return f
}

// namesNothing reports whether the control refuses an empty list, which contradicts nobody.
func namesNothing(p *policy.Policy, problem policy.Problem) bool {
	if p == nil || problem.Control == "no-disclosure" {
		return false
	}
	c, ok := p.Clause(problem.Clause)
	return ok && slices.ContainsFunc(c.Keep, func(k policy.Keep) bool {
		names, _ := k.Params[mainParam(problem.Control)].([]string)
		return k.Control == problem.Control && len(names) == 0 && mainParam(problem.Control) != ""
	})
}

// mainParam is the list without which the control makes no sense.
func mainParam(control string) string {
	switch control {
	case "residency":
		return "regions"
	case "contract-basis", "consent", "legitimate-interests":
		return "purposes"
	}
	return ""
}

// about is the clause, and the ids that the policy declares and the problem's message names.
func about(p *policy.Policy, problem policy.Problem) []string {
	ids := []string{problem.Clause}
	if p == nil {
		return ids
	}
	for _, w := range strings.FieldsFunc(problem.Msg, func(c rune) bool { return c == ' ' || c == ',' || c == ':' || c == '"' }) {
		_, set := p.DataSet(w)
		_, purpose := p.Purpose(w)
		_, recipient := p.Recipient(w)
		_, clause := p.Clause(w)
		if set || purpose || recipient || clause {
			ids = append(ids, w)
		}
	}
	return unique(ids)
}
