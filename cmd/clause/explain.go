package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/trust"
)

// explainCmd tells how a clause is kept.
type explainCmd struct {
	Clause string `arg:"" help:"The clause's id."`
	URL    string `arg:"" optional:"" env:"CLAUSE_URL" help:"A server whose newest evidence is shown; it needs no key."`
	Policy string `default:"policy.yaml" env:"CLAUSE_POLICY" placeholder:"FILE" help:"The policy file. Default: ${default}."`
	CA     string `name:"ca" env:"CLAUSE_CA" placeholder:"FILE" help:"A PEM file of the authority that signed the server's certificate; of a self-made one, the certificate itself."`
	JSON   bool   `help:"Print it as JSON."`
}

// explained is how a clause is kept.
type explained struct {
	Clause   string             `json:"clause"`
	Section  string             `json:"section"`
	Text     string             `json:"text"`
	State    state              `json:"state"` // what stands behind it; whether it is kept, evidence says
	Controls []explainedControl `json:"controls"`
	Lacks    []string           `json:"lacks"`
	Evidence *api.ClauseStatus  `json:"evidence,omitempty"`
	Unknown  string             `json:"evidence_unknown,omitempty"` // why there is none
}

// explainedControl is a control of a clause.
type explainedControl struct {
	Control string           `json:"control"`
	Doc     string           `json:"doc"`
	File    string           `json:"file"`
	Runs    bool             `json:"runs"`
	Params  []explainedParam `json:"params"`
}

// explainedParam is a parameter as the policy sets it.
type explainedParam struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Doc   string `json:"doc"`
}

// Run explains. The exit status is 3 if a server was named and could not be asked.
func (c *explainCmd) Run(e *env) error {
	pol, err := readPolicy(e, c.Policy)
	if err != nil {
		return err
	}
	clause, ok := pol.Clause(c.Clause)
	if !ok {
		var ids []string
		for _, known := range pol.Clauses {
			ids = append(ids, known.ID)
		}
		return fault.New("clause.explain", fault.NotFound, "the policy has no clause %q", c.Clause).WithHint("%s", policy.Advise(c.Clause, ids))
	}
	out := explainClause(pol, clause)
	failed := c.evidence(e, pol, &out)
	if c.JSON {
		if err := printJSON(e, out); err != nil {
			return err
		}
	} else {
		out.show(e)
	}
	return failed
}

func explainClause(pol *policy.Policy, clause *policy.Clause) explained {
	known := control.Catalogue()
	out := explained{Clause: clause.ID, Section: clause.Section, Text: clause.Text, Controls: []explainedControl{}, Lacks: []string{}}
	for _, row := range clausesOf(pol) {
		if row.ID == clause.ID {
			out.State = row.State
		}
	}
	for _, keep := range clause.Keep {
		spec, _ := known.Control(keep.Control) // a checked policy names no other
		row := explainedControl{Control: keep.Control, Doc: spec.Doc, File: control.File(keep.Control), Runs: spec.Runs, Params: []explainedParam{}}
		for _, p := range spec.Params {
			if value, given := keep.Params[p.Name]; given {
				row.Params = append(row.Params, explainedParam{p.Name, readable(value), p.Doc})
			}
		}
		if !spec.Runs {
			out.Lacks = append(out.Lacks, fmt.Sprintf("The control %s is not built yet: nothing makes the server do this, and nothing proves it.", keep.Control))
		}
		out.Controls = append(out.Controls, row)
	}
	if len(clause.Keep) == 0 && !clause.Statement {
		out.Lacks = append(out.Lacks, "No control keeps it: add one under its keep in the policy.")
	}
	return out
}

// readable is a parameter's value as a policy writes it.
func readable(value any) any {
	span, ok := value.(time.Duration)
	if !ok {
		return value
	}
	if day := 24 * time.Hour; span >= day && span%day == 0 {
		return fmt.Sprintf("%dd", span/day)
	}
	return span.String()
}

// evidence asks the server what it saw. What cannot be had is unknown, and never kept.
func (c *explainCmd) evidence(e *env, pol *policy.Policy, out *explained) error {
	if c.URL == "" {
		out.Unknown = "no server was asked: name its address"
		return nil
	}
	published, err := c.published(e)
	if err != nil {
		msg, hint := message(err)
		out.Unknown = msg
		write(e.Stderr, "clause: %s\n", msg)
		if hint != "" {
			write(e.Stderr, "  → %s\n", hint)
		}
		return notNow
	}
	if published.Digest != pol.Digest {
		out.Unknown = fmt.Sprintf("the server keeps another policy than this file (version %s)", published.Version)
		return nil
	}
	for i := range published.Clauses {
		if published.Clauses[i].Clause == out.Clause {
			out.Evidence = &published.Clauses[i]
			return nil
		}
	}
	out.Unknown = "the server does not know the clause"
	return nil
}

// maxPublished bounds what is read of a server, in bytes.
const maxPublished = 16 << 20

// published reads the server's trust page as JSON.
func (c *explainCmd) published(e *env) (out trust.Published, err error) {
	const op = "clause.explain"
	if err := secure(c.URL); err != nil {
		return out, err
	}
	through, err := (&remote{CA: c.CA}).http()
	if err != nil {
		return out, err
	}
	request, err := http.NewRequestWithContext(e.Context, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/trust.json", nil)
	if err != nil {
		return out, fault.As(op, fault.Invalid, err)
	}
	answer, err := through.Do(request)
	if err != nil {
		return out, told(err)
	}
	defer answer.Body.Close()
	err = json.NewDecoder(io.LimitReader(answer.Body, maxPublished)).Decode(&out)
	if answer.StatusCode != http.StatusOK || err != nil {
		return out, fault.New(op, fault.Unavailable, "there is no trust page of Clause at %s", c.URL)
	}
	return out, nil
}

func (x *explained) show(e *env) {
	e.printf("%s  %s\n\n", e.paint(strong, x.Clause), e.paint(faint, x.Section))
	for _, line := range wrap(x.Text, 76) {
		e.printf("  %s\n", line)
	}
	x.showEvidence(e)
	for _, c := range x.Controls {
		c.show(e)
	}
	if len(x.Lacks) > 0 {
		e.printf("\n  %s\n", e.paint(warn, "what it lacks"))
		for _, lack := range x.Lacks {
			e.printf("    %s\n", lack)
		}
	}
}

func (x *explained) showEvidence(e *env) {
	switch s := x.Evidence; {
	case x.State == statement:
		e.printf("\n  %s: it promises nothing, and must appear in the published text\n", e.paint(faint, "a statement"))
	case s == nil:
		e.printf("\n  evidence unknown: %s\n", x.Unknown)
	default:
		e.printf("\n  %s%s\n", shownState(e, s.State, 0), proven(s, e.Now()))
		for _, reason := range s.Reasons {
			e.printf("    %s\n", reason)
		}
	}
}

func proven(s *api.ClauseStatus, now time.Time) string {
	if s.Proven == nil {
		return ""
	}
	return fmt.Sprintf(", last proven %s (%s ago)", s.Proven.Format(time.RFC3339), now.Sub(*s.Proven).Round(time.Second))
}

func (c *explainedControl) show(e *env) {
	e.printf("\n  control %s   %s\n", e.paint(strong, c.Control), e.paint(faint, c.File))
	e.printf("    %s\n", c.Doc)
	for _, p := range c.Params {
		value := p.Value
		if list, ok := value.([]string); ok {
			value = strings.Join(list, ", ")
		}
		e.printf("    %s: %v   %s\n", p.Name, value, e.paint(faint, p.Doc))
	}
}

// wrap breaks text into lines of at most width characters where words allow it.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
