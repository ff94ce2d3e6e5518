package main

import (
	"fmt"
	"os"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// connectCmd holds what concerns the copies of people's data outside the vault.
type connectCmd struct {
	Check connectCheckCmd `cmd:"" help:"Connect to every system that a configuration names, and compare its tables with it."`
}

// connectCheckCmd checks connectors.
type connectCheckCmd struct {
	Connect string `required:"" env:"CLAUSE_CONNECT" placeholder:"FILE" help:"The configuration of connectors: docs/connectors.md."`
	Policy  string `required:"" env:"CLAUSE_POLICY" placeholder:"FILE" help:"The policy file whose data sets it names."`
	JSON    bool   `help:"Print what was found as JSON."`
}

// Help is the rest of what --help shows.
func (*connectCheckCmd) Help() string {
	return `Changes nothing. The exit status is 1 if a connector could not do its work, 2 if a file is wrong.`
}

// Run checks. Warnings alone are no failure.
func (c *connectCheckCmd) Run(e *env) (err error) {
	pol, err := readPolicy(e, c.Policy)
	if err != nil {
		return err
	}
	config, err := readConnectors(c.Connect, pol)
	if err != nil {
		return err
	}
	set, err := connect.New(config, e.Now)
	if err != nil {
		return err
	}
	defer func() {
		if closed := set.Close(); err == nil {
			err = closed
		}
	}()
	found := set.Check(e.Context)
	if c.JSON {
		err = printJSON(e, map[string]any{"systems": set.Systems(), "remarks": append([]connect.Remark{}, found...)})
	} else {
		showRemarks(e, set.Systems(), found)
	}
	for _, r := range found {
		if r.Fails && err == nil {
			return notKept
		}
	}
	return err
}

func showRemarks(e *env, systems []string, found []connect.Remark) {
	for _, id := range systems {
		state := e.paint(good, "sound")
		for _, r := range found {
			switch {
			case r.System != id:
			case r.Fails:
				state = e.paint(bad, "fails")
			case state == e.paint(good, "sound"):
				state = e.paint(warn, "works")
			}
		}
		e.printf("%s  %s\n", state, id)
		for _, r := range found {
			if r.System != id {
				continue
			}
			word := e.paint(warn, "warning")
			if r.Fails {
				word = e.paint(bad, "error")
			}
			table := ""
			if r.Table != "" {
				table = fmt.Sprintf("table %s: ", r.Table)
			}
			e.printf("  %s  %s%s\n", word, table, r.Msg)
		}
	}
}

// readConnectors reads a configuration against the policy. "" names none.
func readConnectors(path string, pol *policy.Policy) (*connect.Config, error) {
	if path == "" {
		return nil, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New("clause.readConnectors", fault.Invalid, "%q cannot be read: %v", path, rootCause(err))
	}
	return connect.Parse(path, src, pol, os.LookupEnv)
}
