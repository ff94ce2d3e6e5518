package main

import (
	"encoding/json"
	"slices"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// checkCmd checks a policy file.
type checkCmd struct {
	File    string    `arg:"" optional:"" help:"The policy file; - for the standard input."`
	On      time.Time `format:"2006-01-02" placeholder:"DATE" help:"The day to check for, such as 2026-02-01; today if it is not given."`
	Format  string    `enum:"text,json,sarif" default:"text" help:"text for people, json for programs, sarif (2.1.0) for what shows findings beside code."`
	JSON    bool      `help:"The same as --format json."`
	Clauses bool      `help:"List every clause, however many there are."`
	Explain string    `placeholder:"CODE" help:"Tell what a code means, what it rests on and what to do, with an example."`
	List    bool      `help:"List all codes."`
}

// checked is the outcome of a check.
type checked struct {
	File     string          `json:"file"`
	Sound    bool            `json:"sound"` // it can run, and no error is found that is not known
	Version  string          `json:"version,omitempty"`
	Digest   string          `json:"digest,omitempty"`
	On       string          `json:"on"`
	Promises promises        `json:"promises"`
	Findings []check.Finding `json:"findings"`
	Clauses  []checkedClause `json:"clauses"`

	runs bool // it parses, and no control refuses it
}

// promises are the clauses by what stands behind them.
type promises struct {
	Controlled   int `json:"controlled"`   // all their controls run
	Unbuilt      int `json:"unbuilt"`      // their controls are named, and one does not run yet
	Uncontrolled int `json:"uncontrolled"` // no control
	Statements   int `json:"statements"`
}

// checkedClause says what stands behind a clause.
type checkedClause struct {
	ID       string   `json:"id"`
	State    state    `json:"state"`
	Controls []string `json:"controls"`
	Unbuilt  []string `json:"unbuilt,omitempty"` // those of the controls that do not run yet
}

// state is what stands behind a clause; whether it is kept, only a probe can tell.
type state string

const (
	controlled state = "controlled" // all its controls run
	unkept     state = "unkept"     // no control, or one that does not run yet
	statement  state = "statement"  // promises nothing
)

// Run checks the file. The exit status is 2 if it cannot run, or an error is found that is not known;
// 1 if only warnings are.
func (c *checkCmd) Run(e *env) error {
	app.Tune() // half of a check of a thousand clauses was the garbage collector
	switch {
	case c.List:
		listCodes(e)
		return nil
	case c.Explain != "":
		return explainCode(e, c.Explain)
	case c.File == "":
		return fault.New("clause.check", fault.Invalid, `expected "<file>"`).WithHint("clause check --help tells how it is used")
	}
	out, err := c.check(e)
	if err != nil {
		return err
	}
	switch {
	case c.JSON || c.Format == "json":
		err = printJSON(e, out)
	case c.Format == "sarif":
		err = printJSON(e, sarifOf(out))
	default:
		showChecked(e, out, c.Clauses)
	}
	if err != nil {
		return err
	}
	return out.status()
}

func (c *checkCmd) check(e *env) (checked, error) {
	p, problems, err := inspectPolicy(e, c.File)
	if err != nil {
		return checked{}, err
	}
	on := e.day(c.On)
	out := checked{File: c.File, On: on.Format(time.DateOnly), Clauses: []checkedClause{}, runs: len(problems) == 0}
	if c.File == "-" {
		out.File = "standard input"
	}
	out.Findings = check.Inspect(p, problems, control.Catalogue(), on)
	out.Sound = !out.holds(check.Error)
	if p != nil {
		out.Version, out.Digest, out.Clauses = p.Version, p.Digest, clausesOf(p)
	}
	for _, row := range out.Clauses {
		switch {
		case row.State == statement:
			out.Promises.Statements++
		case row.State == controlled:
			out.Promises.Controlled++
		case len(row.Controls) == 0:
			out.Promises.Uncontrolled++
		default:
			out.Promises.Unbuilt++
		}
	}
	return out, nil
}

// holds reports whether there is a finding of the severity that is not known.
func (out checked) holds(s check.Severity) bool {
	return slices.ContainsFunc(out.Findings, func(f check.Finding) bool { return f.Severity == s && f.Known == "" })
}

func (out checked) status() error {
	switch {
	case !out.Sound:
		return status(2)
	case out.holds(check.Warning):
		return notKept
	}
	return nil
}

func clausesOf(p *policy.Policy) []checkedClause {
	known := control.Catalogue()
	all := make([]checkedClause, 0, len(p.Clauses))
	for _, c := range p.Clauses {
		row := checkedClause{ID: c.ID, State: controlled, Controls: []string{}}
		for _, k := range c.Keep {
			if slices.Contains(row.Controls, k.Control) {
				continue
			}
			row.Controls = append(row.Controls, k.Control)
			if spec, ok := known.Control(k.Control); !ok || !spec.Runs {
				row.Unbuilt = append(row.Unbuilt, k.Control)
			}
		}
		switch {
		case c.Statement:
			row.State = statement
		case len(row.Controls) == 0 || len(row.Unbuilt) > 0:
			row.State = unkept
		}
		all = append(all, row)
	}
	return all
}

func printJSON(e *env, v any) error {
	out := json.NewEncoder(e.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return fault.As("clause.printJSON", fault.Other, out.Encode(v))
}
