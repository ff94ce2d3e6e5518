package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

// policyCmd holds what an administrator does to the versions of the policy.
type policyCmd struct {
	Announce policyAnnounceCmd `cmd:"" help:"Have a server tell people of a new version before it takes effect."`
	List     policyListCmd     `cmd:"" help:"Show the version in force and those announced, and how far their notice has got."`
	Withdraw policyWithdrawCmd `cmd:"" help:"Take an announced version back: it will not take effect."`
}

// policyAnnounceCmd announces a version.
type policyAnnounceCmd struct {
	File   string `arg:"" help:"The new version of the policy; - for the standard input."`
	Drill  bool   `help:"Announce it to nobody but the server's own canary: everything goes its way, and it never takes effect."`
	Server server `embed:""`
	JSON   bool   `help:"Print the outcome as JSON."`
}

// Run checks the file as clause check does, and sends it.
func (c *policyAnnounceCmd) Run(e *env) error {
	src, err := readWhole(e, c.File)
	if err != nil {
		return err
	}
	if _, err := policy.Parse(c.File, src, vocabulary{control.Catalogue()}); err != nil {
		return err
	}
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	v, err := s.AnnouncePolicy(e.Context, api.NewPolicyVersion{Policy: string(src), Drill: c.Drill})
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, v)
	}
	if v.State == "free" {
		e.printf("%s  version %s changes nothing that must be announced: start the server with it\n", e.paint(good, "free"), v.Version)
		return nil
	}
	e.printf("%s  %s: version %s can take effect on %s at the earliest\n", e.paint(good, "announced"), v.ID, v.Version, v.First)
	for _, change := range v.Changes {
		e.printf("  %s\n", change)
	}
	return nil
}

// readWhole reads a policy file, as far as one may be.
func readWhole(e *env, path string) ([]byte, error) {
	from := e.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, cannotRead(path, err)
		}
		defer f.Close()
		from = f
	}
	src, err := io.ReadAll(io.LimitReader(from, policy.MaxBytes+1))
	if err != nil {
		return nil, cannotRead(path, err)
	}
	return src, nil
}

// policyListCmd lists the versions.
type policyListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print the versions as JSON."`
}

// Run lists the versions, each with how far its notice has got.
func (c *policyListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := s.PolicyVersions(e.Context)
	if err != nil {
		return told(err)
	}
	for i := range all {
		if all[i], err = s.PolicyVersion(e.Context, all[i].ID); err != nil {
			return told(err)
		}
	}
	if c.JSON {
		return printJSON(e, api.PolicyVersions{Versions: append([]api.PolicyVersion{}, all...)})
	}
	rows := [][]string{{"ID", "VERSION", "STATE", "FIRST DAY", "PEOPLE", "UNREACHED", "MESSAGES"}}
	for _, v := range all {
		row := []string{v.ID, v.Version, v.State, listOrNone(strings.Fields(v.First)), "-", "-", "-"}
		if p := v.Progress; p != nil && p.People > 0 {
			row[4], row[5], row[6] = strconv.Itoa(p.People), strconv.Itoa(p.Unreached), tallies(p.Messages)
		}
		rows = append(rows, row)
	}
	showTable(e, rows)
	return nil
}

func tallies(all []api.Tally) string {
	var parts []string
	for _, t := range all {
		parts = append(parts, t.Channel+" "+t.State+" "+strconv.Itoa(t.Count))
	}
	return strings.Join(parts, ", ")
}

// policyWithdrawCmd withdraws a version.
type policyWithdrawCmd struct {
	ID     string `arg:"" help:"The version, as clause policy list shows it."`
	Server server `embed:""`
}

// Run withdraws the version.
func (c *policyWithdrawCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if err := s.WithdrawPolicy(e.Context, c.ID); err != nil {
		return told(err)
	}
	e.printf("%s  %s: it will not take effect; who was told already has to be told so by you\n", e.paint(good, "withdrawn"), c.ID)
	return nil
}
