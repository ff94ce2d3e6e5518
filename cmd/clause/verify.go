package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"clause.dev/clause/api"
)

// verifyCmd has a server run every probe now.
type verifyCmd struct {
	URL         string `arg:"" optional:"" default:"https://127.0.0.1:8443" env:"CLAUSE_URL" help:"The server's address. Default: ${default}."`
	Remote      remote `embed:""`
	AllowUnkept bool   `help:"Tolerate clauses whose control is not built yet; everything that can be proven must still be."`
	JSON        bool   `help:"Print the board as JSON."`
}

// Help is the rest of what --help shows.
func (*verifyCmd) Help() string {
	return `Asks the server, with an application's key of the scope admin, to run every probe now, which may take minutes, and shows for each clause whether it is kept and what was seen. The exit status is 0 only if every clause that promises something is kept.`
}

// board is the outcome of a verification.
type board struct {
	Kept    bool           `json:"kept"` // all that was asked for
	Server  string         `json:"server"`
	Counts  map[string]int `json:"counts"`
	Clauses []boardClause  `json:"clauses"`
}

// boardClause is a clause with what its probes saw just now.
type boardClause struct {
	api.ClauseStatus
	Tolerated bool          `json:"tolerated,omitempty"` // unkept, and --allow-unkept was given
	Findings  []api.Finding `json:"findings"`
}

// Run verifies. The exit status is 1 if something is not kept.
func (c *verifyCmd) Run(e *env) error {
	s, err := c.Remote.client(c.URL)
	if err != nil {
		return err
	}
	if f, ok := e.Stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		write(e.Stderr, "%s runs every probe…\n", c.URL)
	}
	found, err := s.RunProbes(e.Context)
	if err != nil {
		return told(err)
	}
	evidence, err := s.Evidence(e.Context)
	if err != nil {
		return told(err)
	}
	b := c.weigh(evidence.Clauses, found.Findings)
	if c.JSON {
		err = printJSON(e, b)
	} else {
		b.show(e)
	}
	if err == nil && !b.Kept {
		return notKept
	}
	return err
}

// weigh puts the findings to their clauses.
func (c *verifyCmd) weigh(statuses []api.ClauseStatus, found []api.Finding) board {
	b := board{Kept: true, Server: c.URL, Counts: map[string]int{}, Clauses: []boardClause{}}
	for _, s := range statuses {
		row := boardClause{ClauseStatus: s, Findings: []api.Finding{}}
		for _, f := range found {
			if f.Clause == s.Clause {
				row.Findings = append(row.Findings, f)
			}
		}
		row.Tolerated = c.AllowUnkept && row.unbuilt()
		b.Counts[s.State]++
		b.Kept = b.Kept && (row.Tolerated || slices.Contains([]string{api.StateKept, api.StateAttested, api.StateStated}, s.State))
		b.Clauses = append(b.Clauses, row)
	}
	return b
}

// unbuilt reports that a clause is unkept only because a control is missing: what could be probed was
// seen kept just now.
func (r *boardClause) unbuilt() bool {
	for _, f := range r.Findings {
		if f.Outcome != api.OutcomeKept {
			return false
		}
	}
	// A control that runs has a finding in every run. A clause that sums others up is unkept where the worst
	// of them is; if that one may not be, it fails the board itself.
	return r.State == api.StateUnkept && (len(r.Controls) == 0 || len(r.Findings) < len(r.Controls) || slices.Contains(r.Controls, "derived"))
}

// shownStates are the states in the order of the summary, with how they look.
var shownStates = []struct{ state, label, colour string }{
	{api.StateKept, "kept", good}, {api.StateAttested, "attested", good}, {api.StateAtRisk, "AT RISK", warn},
	{api.StateBroken, "BROKEN", bad}, {api.StateUnkept, "unkept", warn}, {api.StateStated, "statement", faint},
}

// shownState is a state's label in its colour, filled up to width.
func shownState(e *env, state string, width int) string {
	for _, s := range shownStates {
		if s.state == state {
			return e.paint(s.colour, s.label) + strings.Repeat(" ", max(0, width-len(s.label)))
		}
	}
	return fmt.Sprintf("%-*s", width, state)
}

func (b *board) show(e *env) {
	for _, row := range b.Clauses {
		row.show(e)
	}
	var tally []string
	for _, s := range shownStates {
		if n := b.Counts[s.state]; n > 0 {
			tally = append(tally, fmt.Sprintf("%d %s", n, strings.ToLower(s.label)))
		}
	}
	verdict := e.paint(bad, "Not everything is kept.")
	if b.Kept {
		verdict = e.paint(good, "All that was asked for is kept.")
	}
	e.printf("\n%s %s\n", strings.Join(tally, ", ")+".", verdict)
}

func (r *boardClause) show(e *env) {
	e.printf("%s %s\n", shownState(e, r.State, 9), e.paint(strong, r.Clause))
	for _, f := range r.Findings {
		e.printf("          %s: %s\n", f.Control, f.Summary)
		if f.Outcome == api.OutcomeKept {
			continue
		}
		for _, fact := range f.Facts {
			e.printf("            %s %s\n", e.paint(faint, "·"), fact)
		}
	}
	if r.State != api.StateUnkept && r.State != api.StateAtRisk {
		return
	}
	for _, reason := range r.Reasons {
		if !slices.ContainsFunc(r.Findings, func(f api.Finding) bool { return f.Summary == reason }) {
			e.printf("          %s\n", reason)
		}
	}
}
