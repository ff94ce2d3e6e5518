package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// checkCmd checks a policy file.
type checkCmd struct {
	File string `arg:"" help:"The policy file; - for the standard input."`
	JSON bool   `help:"Print the outcome as JSON."`
}

// checked is the outcome of a check.
type checked struct {
	File     string          `json:"file"`
	Sound    bool            `json:"sound"`
	Version  string          `json:"version,omitempty"`
	Digest   string          `json:"digest,omitempty"`
	Problems policy.Problems `json:"problems"`
	Clauses  []checkedClause `json:"clauses"`
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

// Run checks the file. The exit status is 2 if it is not sound.
func (c *checkCmd) Run(e *env) error {
	p, err := readPolicy(e, c.File)
	var problems policy.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	if !c.JSON {
		if err == nil {
			showPolicy(e, p)
		}
		return err
	}
	out := checked{File: c.File, Sound: err == nil, Problems: problems, Clauses: []checkedClause{}}
	if err == nil {
		out.Version, out.Digest, out.Problems, out.Clauses = p.Version, p.Digest, policy.Problems{}, clausesOf(p)
	}
	if err := printJSON(e, out); err != nil {
		return err
	}
	if !out.Sound {
		return status(2)
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

func showPolicy(e *env, p *policy.Policy) {
	rows := clausesOf(p)
	e.printf("%s %s\n", e.paint(strong, p.File), e.paint(good, "is a sound policy"))
	e.printf("  version %s, SHA-256 %s\n", p.Version, p.Digest)
	e.printf("  %d data sets, %d purposes, %d recipients, %d clauses\n", len(p.Data), len(p.Purposes), len(p.Recipients), len(rows))
	showClauses(e, rows, controlled, good, "kept by controls that run (clause verify proves it)")
	showClauses(e, rows, unkept, warn, "unkept: no control runs for them yet, and the published page says so")
	showClauses(e, rows, statement, faint, "statements, which promise nothing")
}

func showClauses(e *env, rows []checkedClause, of state, colour, heading string) {
	var lines []string
	for _, row := range rows {
		if row.State != of {
			continue
		}
		shown := row.Controls
		if of == unkept {
			shown = row.Unbuilt
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("    %-32s %s", row.ID, strings.Join(shown, ", ")), " ")+"\n")
	}
	if len(lines) > 0 {
		e.printf("\n  %s\n%s", e.paint(colour, fmt.Sprintf("%d %s", len(lines), heading)), strings.Join(lines, ""))
	}
}

func printJSON(e *env, v any) error {
	out := json.NewEncoder(e.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return fault.As("clause.printJSON", fault.Other, out.Encode(v))
}
