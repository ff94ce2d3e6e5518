package connect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
)

// Count counts what there is of a person.
func Count() Action { return Action{name: "count"} }

// Fix is a correction of one record: the new values of fields of a data set.
type Fix struct {
	DataSet, Record string
	Fields          map[string]json.RawMessage
}

// digest names the correction, without telling it.
func (f *Fix) digest() string {
	text, err := json.Marshal(f)
	if err != nil {
		return "" // values that are no JSON, which the vault has refused
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Rectify writes corrections to every copy that the configuration says how to correct, and reads back.
func Rectify(fixes ...Fix) Action { return Action{name: "rectification", fixes: fixes} }

// PassOn tells of a "restriction", an "objection" or a "withdrawal", for purposes.
func PassOn(right string, purposes ...string) Action { return Action{name: right, purposes: purposes} }

// passed reports whether an action does nothing but tell a system what the person wants.
func passed(action string) bool {
	return action == "restriction" || action == "objection" || action == "withdrawal"
}

// About is what is known of a system without asking it.
type About struct {
	ID, Kind, Identifier string
	Data, Takes          []string
}

// About tells of the systems that hold data of a tenant's people, in order.
func (s *Set) About(tenant string) (out []About) {
	for _, m := range s.members {
		if m.Connector.holds(tenant) {
			out = append(out, m.about())
		}
	}
	return out
}

func (c *Connector) about() About {
	a := About{ID: c.ID, Kind: "webhook", Identifier: c.Identifier}
	add := func(set string) {
		if !slices.Contains(a.Data, set) {
			a.Data = append(a.Data, set)
		}
	}
	if c.hook != nil {
		for _, d := range c.hook.data {
			add(d.ID)
		}
		a.Takes = c.hook.takes
		return a
	}
	a.Kind = "sql"
	for i := range c.sql.tables {
		t := &c.sql.tables[i]
		add(t.data.ID)
		if t.correct.mapped() && a.Takes == nil {
			a.Takes = []string{"rectification"}
		}
	}
	return a
}

// Lines are what a walk will tell of a tenant's people, with nothing done yet.
func (s *Set) Lines(tenant string, a Action) (out Report) {
	for _, m := range s.members {
		if m.Connector.holds(tenant) {
			out = append(out, m.lines(a)...)
		}
	}
	return out
}

// Without is the set but for some systems. It shares the others' connections, and is not closed.
func (s *Set) Without(systems map[string]bool) *Set {
	out := &Set{}
	for _, m := range s.members {
		if !systems[m.ID] {
			out.members = append(out.members, m)
		}
	}
	return out
}

// CheckIDs refuses external ids that no system could know somebody by.
func CheckIDs(ids map[string][]string) error {
	for kind := range ids {
		if !idForm.MatchString(kind) {
			return errKind()
		}
	}
	return (&Person{Ref: "ids", IDs: ids}).check()
}

// errHeard is a system that says it was told, and shows otherwise.
var errHeard = errors.New("the system says it was done, but what it exports says otherwise")
