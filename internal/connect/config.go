package connect

import (
	"net/netip"
	"time"

	"clause.dev/clause/internal/policy"
)

// Bounds of a configuration.
const (
	maxBytes      = 1 << 20
	maxConnectors = 100
	maxTables     = 500 // of a connector
	maxLinks      = 64  // ways from a table to the person, those of its parents among them
)

// Config is a parsed configuration: it names only what the policy declares, links lead somewhere and in
// no circle, secrets are there.
type Config struct {
	Connectors []Connector
}

// Connector says how one system is reached, and what it holds.
type Connector struct {
	ID         string
	Identifier string        // which of a person's external ids the system knows them by
	Tenants    []string      // whose people it holds; empty for all
	Timeout    time.Duration // for one action on one person
	CA         []byte        // PEM, of the authority that signed the system's certificate; nil for the machine's

	sql  *database
	hook *webhook
}

// database is a connector of kind sql.
type database struct {
	engine string
	dsn    string
	schema string
	tables []table
}

// table is one that holds people's data.
type table struct {
	name    string
	key     string // a column that no two rows share
	data    *policy.DataSet
	links   []link // any of them makes a row the person's
	columns []pair // column → field
	null    []string
	correct correction
	at      policy.Pos
}

// correction says which of the person's rows a correction of a record is of.
type correction struct {
	all    bool   // all of them
	record string // those whose column holds the record's id
}

func (c correction) mapped() bool { return c.all || c.record != "" }

// did is what an erasure does in the table.
func (t *table) did() string {
	if len(t.null) > 0 {
		return "empty"
	}
	return "delete"
}

type pair struct{ column, field string }

// link leads from a row to the person: the column holds their external id, or is that of a row of the
// parent, which leads on.
type link struct {
	column string
	parent int    // index of the parent table, -1 for a column with the id
	to     string // the parent's column
}

// webhook is a connector of kind webhook.
type webhook struct {
	url      string
	secret   []byte
	data     []*policy.DataSet
	takes    []string       // what is passed on to it: rectification, restriction, objection, withdrawal
	private  []netip.Prefix // addresses that may be reached though they are not public
	attempts int
	call     time.Duration // for one call
}

// order is that in which tables are erased: whoever leads to the person through another comes before it.
// It is nil if the links go in a circle.
func (d *database) order() []int {
	return topological(len(d.tables), func(child, parent int) bool {
		for _, l := range d.tables[child].links {
			if l.parent == parent {
				return true
			}
		}
		return false
	})
}

// topological orders n things so that a comes before b where before(a, b); those free to go stay in the
// order they have. nil if there is none.
func topological(n int, before func(a, b int) bool) []int {
	done := make([]bool, n)
	out := make([]int, 0, n)
	for len(out) < n {
		next := -1
		for b := 0; b < n && next < 0; b++ {
			free := !done[b]
			for a := 0; a < n && free; a++ {
				free = done[a] || !before(a, b)
			}
			if free {
				next = b
			}
		}
		if next < 0 {
			return nil
		}
		done[next] = true
		out = append(out, next)
	}
	return out
}

// ways counts the ways from a table to the person; the links go in no circle.
func (d *database) ways(t int) (n int) {
	for _, l := range d.tables[t].links {
		if l.parent < 0 {
			n++
		} else {
			n += d.ways(l.parent)
		}
		if n > maxLinks {
			return n
		}
	}
	return n
}
