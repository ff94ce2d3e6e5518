package control

import (
	"context"
	"net/netip"
	"os"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// DatabaseFirewall keeps clauses that say from where the database can be reached.
type DatabaseFirewall struct{}

// Check finds nothing: which addresses are listed is the operator's, in PostgreSQL's own rules.
func (c *DatabaseFirewall) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the database keeps its rules, and the probe looks at them.
func (c *DatabaseFirewall) Plan(*Plan) {}

// Database is the store, as a neighbour in its network would see it.
type Database interface {
	// Reach says from where it can be reached: fault.Refused if the server may not know.
	Reach(context.Context) (db.Reach, error)
	// Knock reports whether it lets an address of this machine try to sign in: fault.Invalid where nobody can try that.
	Knock(context.Context, netip.Addr) (bool, error)
}

// Probe reads PostgreSQL's rules and knocks from an address that none of them lists; a store that is a file is to be
// the server's alone.
func (c *DatabaseFirewall) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Database == nil {
		t.hurdle("there is no store to look at.")
		return t.finding("")
	}
	r, err := s.Database.Reach(ctx)
	switch {
	case fault.Is(err, fault.Refused):
		t.hurdle("the server may not read PostgreSQL's rules of who connects (docs/store.md has the grants).")
	case err != nil:
		t.hurdle("the store cannot be asked from where it is reached: %v", err)
	case r.File != "":
		c.file(t, r.File)
	case r.Listens == "":
		t.good("PostgreSQL listens at no address: it is reached from its own machine alone.")
	default:
		c.rules(t, r)
		c.knock(ctx, t, s.Database, r)
	}
	return t.finding("The database is reached from listed addresses only.")
}

// file looks whether others on this machine could open the store.
func (c *DatabaseFirewall) file(t *trial, path string) {
	about, err := os.Stat(path)
	switch {
	case err != nil:
		t.hurdle("the store's file cannot be looked at: %v", err)
	case about.Mode().Perm()&0o077 != 0:
		t.breach("The store is a file that others on this machine may open (%s).", about.Mode().Perm())
	default:
		t.good("The store is a file of the server's alone: no network reaches it.")
	}
}

func (c *DatabaseFirewall) rules(t *trial, r db.Reach) {
	open := false
	for _, rule := range r.Rules {
		if rule.All {
			open = true
			t.breach("Line %d of pg_hba.conf lets every address try to sign in.", rule.Line)
		}
	}
	if !open {
		t.good("PostgreSQL lets listed addresses alone try to sign in (%s).", plural(len(r.Rules), "rule"))
	}
}

// knock tries the door: the rules that are read may be others than those that hold.
func (c *DatabaseFirewall) knock(ctx context.Context, t *trial, d Database, r db.Reach) {
	var lists []netip.Prefix
	for _, rule := range r.Rules {
		if rule.List.IsValid() {
			lists = append(lists, rule.List)
		}
	}
	from, ok := unlisted(lists)
	if !ok {
		t.note("Every address of this machine's own network is listed: nothing was tried over the network.")
		return
	}
	admitted, err := d.Knock(ctx, from)
	switch {
	case fault.Is(err, fault.Invalid):
		t.note("PostgreSQL is not on this machine: nothing was tried over the network.")
	case err != nil:
		t.hurdle("a connection from another address: %v", err)
	case admitted:
		t.breach("PostgreSQL lets an address try to sign in that no line of pg_hba.conf lists.")
	default:
		t.good("A connection from an address that is not listed is refused.")
	}
}
