// Package connect reaches the copies of a person's data that a company keeps outside the vault: in SQL
// databases, whose tables are mapped to the policy's data sets, and in anything else that answers a small
// signed webhook (docs/connectors.md).
//
// What is not known is not called done. An erasure counts once reading back found nothing; a system that
// cannot be reached, hangs, or says other than what reading back shows, has failed, and the walk goes on
// with the next. A person's values are in no error, line or log: what goes wrong is told in words of ours.
package connect

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Person is whose data is meant.
type Person struct {
	Ref    string // names this request to other systems, so that one repeated has one effect
	Tenant string
	// IDs are the names other systems know the person by, exactly as those keep them, by the identifier
	// that connectors name. An empty list says that the person has none there. An identifier that is
	// missing is not known, and a system that goes by it fails.
	IDs map[string][]string
}

// Bounds of a person's names.
const (
	maxIDs      = 100
	maxIDLength = 1024
)

func (p *Person) check() error {
	const op = "connect.Person"
	if p.Ref == "" || len(p.Ref) > 128 || strings.ContainsFunc(p.Ref, unprintable) {
		return fault.New(op, fault.Invalid, "a request needs a name of at most 128 characters")
	}
	for kind, ids := range p.IDs {
		if len(ids) > maxIDs {
			return fault.New(op, fault.TooLarge, "a person has more than %d external ids of the kind %q", maxIDs, kind)
		}
		for _, id := range ids {
			if id == "" || len(id) > maxIDLength || strings.ContainsFunc(id, unprintable) {
				return fault.New(op, fault.Invalid, "an external id of the kind %q is empty, too long, or holds a control character", kind)
			}
		}
	}
	return nil
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }

// Row is one row of another system, its columns by the names of the policy's fields.
type Row struct {
	System, Table, DataSet string
	Key                    string
	Fields                 map[string]json.RawMessage
}

// Sink takes what an export finds, a row at a time.
type Sink interface {
	// Begin says that the rows of a system follow. What came of it before is void: it is begun again.
	Begin(system string) error
	Row(Row) error
}

// Action is what is done on a walk: [Export], [Erase], [Verify], [Count], [Rectify] or [PassOn].
type Action struct {
	name     string
	sink     Sink
	fixes    []Fix
	purposes []string
}

// Export hands all rows of a person to a sink.
func Export(to Sink) Action { return Action{name: "export", sink: to} }

// Erase removes a person's rows, or the parts of them that the configuration names, and reads back.
func Erase() Action { return Action{name: "erase"} }

// Verify counts what is left of a person.
func Verify() Action { return Action{name: "verify"} }

// State is how far a system came with one of its tables.
type State string

// The states.
const (
	Done    State = "done"
	Working State = "working" // begun, the outcome not known yet
	Open    State = "open"    // nothing was done, or it was undone
	Failed  State = "failed"
	ByHand  State = "by-hand" // the system does not take it: staff see to it there
	Settled State = "settled" // staff have seen to it, and said why it needs no more
)

// Final reports whether there is nothing more for a walk to do.
func (s State) Final() bool { return s == Done || s == ByHand || s == Settled }

// Line says what was done in one table of one system. It holds no personal data.
type Line struct {
	System string `json:"system"`
	Table  string `json:"table,omitempty"` // "" for a webhook
	Did    string `json:"did"`             // export, delete, empty, verify, count, rectification, restriction, objection, withdrawal
	Rows   int64  `json:"rows"`            // that were the person's
	State  State  `json:"state"`
	Why    string `json:"why,omitempty"` // for all but Done
}

// Report is the outcome of a walk: every table of every system, in the order they were taken.
type Report []Line

// Done reports whether everything was done everywhere, as far as systems take it.
func (r Report) Done() bool {
	return !slices.ContainsFunc(r, func(l Line) bool { return !l.State.Final() })
}

// Progress keeps how far a walk came, so that one begun again goes on. The caller keeps one for each
// request.
type Progress interface {
	Load(context.Context) ([]Line, error)
	Save(context.Context, []Line) error // replaces the lines of the systems named
}

// Memory is a Progress that lasts as long as it is held.
type Memory struct{ lines []Line }

// Load returns what was saved.
func (m *Memory) Load(context.Context) ([]Line, error) { return slices.Clone(m.lines), nil }

// Save replaces the lines of the systems named.
func (m *Memory) Save(_ context.Context, lines []Line) error {
	m.lines = Replaced(m.lines, lines)
	return nil
}

// Replaced are lines, with those of the systems that newer ones are of replaced by these.
func Replaced(lines, newer []Line) []Line { return append(without(lines, newer), newer...) }

// without are the lines of all systems but those that others are of.
func without(lines, others []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool {
		return slices.ContainsFunc(others, func(o Line) bool { return o.System == l.System })
	})
}

// system is one that a connector reaches.
type system interface {
	// walk does the action for a person known there by ids, and tells what became of each table. before
	// are the lines of a walk begun earlier; save keeps lines before what they tell of can happen.
	walk(ctx context.Context, t task) []Line
	// lines are what a walk will tell of: every table, with nothing done yet.
	lines(a Action) []Line
	check(ctx context.Context) []Remark
	close() error
}

// task is one action on one person in one system.
type task struct {
	Action
	person *Person
	fix    *Fix // of a webhook's rectification: the one that a call is of
	ids    []string
	before []Line
	save   func([]Line) error
}

// earlier is how many rows a walk before this one had counted in a table.
func (t *task) earlier(table string) int64 {
	for _, l := range t.before {
		if l.Table == table {
			return l.Rows
		}
	}
	return 0
}

// Set is the systems of a configuration, ready to be walked.
type Set struct {
	members []member
}

type member struct {
	*Connector
	system
}

// New makes the systems of a configuration. Nothing is connected to yet. now is the clock of what is signed.
func New(c *Config, now func() time.Time) (*Set, error) {
	s := &Set{}
	for i := range c.Connectors {
		one := &c.Connectors[i]
		made, err := one.system(now)
		if err != nil {
			_ = s.Close() // nothing was used
			return nil, err
		}
		s.members = append(s.members, member{one, made})
	}
	return s, nil
}

// Close closes connections.
func (s *Set) Close() (err error) {
	for _, m := range s.members {
		if e := m.close(); e != nil {
			err = fault.New("connect.Close", fault.Unavailable, "the connections to %s did not close", m.ID)
		}
	}
	return err
}

// Systems are the ids of the connectors, in order.
func (s *Set) Systems() (ids []string) {
	for _, m := range s.members {
		ids = append(ids, m.ID)
	}
	return ids
}
