package decision

import (
	"cmp"
	"slices"
	"strings"
)

// table fills a cell for each purpose and data set, the unknown ones included.
func (c *compiler) table() error {
	r := c.rules
	if len(r.purposes)*len(r.sets) > maxCells {
		return invalid("purposes", "%d purposes and %d data sets are more than can be tabled", len(r.purposes), len(r.sets))
	}
	grounds, err := c.resolve()
	if err != nil {
		return err
	}
	r.cells = make([]cell, len(r.purposes)*len(r.sets))
	r.lists = [][]string{nil}
	lists := &interner{rules: r, seen: map[string]uint32{}}
	for p := range r.purposes {
		for d := range r.sets {
			lists.fill(r.cell(PurposeID(p), DataSetID(d)), grounds, p, d)
		}
	}
	return c.sights()
}

// ground is a rest with its names resolved to ids.
type ground struct {
	clause   string
	purposes []bool // by id; nil: all
	data     []bool // by id; nil: all
	weight   int    // how specific it is
}

func (g *ground) covers(p, d int) bool {
	return (g.purposes == nil || g.purposes[p]) && (g.data == nil || g.data[d])
}

// resolve returns the grounds of each step, most specific first, otherwise as they were added.
func (c *compiler) resolve() (by [steps][]ground, err error) {
	declared := map[string]bool{}
	for i := range c.policy.Clauses {
		declared[c.policy.Clauses[i].ID] = true
	}
	for _, rest := range c.grounds.rests {
		if rest.step == noStep || rest.step >= steps {
			return by, invalid("clauses."+rest.clause, "there is no step %d", rest.step)
		}
		if !declared[rest.clause] {
			return by, invalid("clauses", "a step rests on clause %q, which is not declared", rest.clause)
		}
		g, err := c.narrow(rest)
		if err != nil {
			return by, err
		}
		by[rest.step] = append(by[rest.step], g)
	}
	for step := range by {
		slices.SortStableFunc(by[step], func(a, b ground) int { return cmp.Compare(b.weight, a.weight) })
	}
	return by, nil
}

// narrow weighs a data set named over a category, and both over a purpose: what is said of one data
// set tells more about a refusal to use it than what is said of the purpose that tried.
func (c *compiler) narrow(from rest) (ground, error) {
	r, g := c.rules, ground{clause: from.clause}
	if len(from.scope.Purposes) > 0 {
		g.purposes, g.weight = make([]bool, len(r.purposes)), g.weight+1
		for _, name := range from.scope.Purposes {
			g.purposes[r.purposeIDs[name]] = true
		}
	}
	if len(from.scope.DataSets)+len(from.scope.Categories) == 0 {
		return g, nil
	}
	g.data, g.weight = make([]bool, len(r.sets)), g.weight+2
	if len(from.scope.DataSets) > 0 {
		g.weight += 2
	}
	for _, name := range from.scope.DataSets {
		id := r.dataSetIDs[name]
		if id == 0 {
			return g, invalid("clauses."+from.clause, "data set %q is not declared", name)
		}
		g.data[id] = true
	}
	for i := range c.policy.Data {
		if slices.Contains(from.scope.Categories, c.policy.Data[i].Category) {
			g.data[i+1] = true
		}
	}
	return g, nil
}

// sights notes which fields each purpose sees.
func (c *compiler) sights() error {
	for i := range c.policy.Purposes {
		p := &c.policy.Purposes[i]
		for _, sight := range p.Sees {
			d := c.rules.dataSetIDs[sight.DataSet]
			fields, err := c.rules.FieldSet(d, sight.Fields)
			if err != nil {
				return invalid("purposes."+p.ID+".sees", "a data set or field of %q is not declared", sight.DataSet)
			}
			c.rules.cell(PurposeID(i+1), d).sees |= fields
		}
	}
	return nil
}

// interner keeps each list of clauses once, since most cells share theirs.
type interner struct {
	rules *Rules
	seen  map[string]uint32
}

func (n *interner) list(clauses []string) uint32 {
	if len(clauses) == 0 {
		return 0
	}
	key := strings.Join(clauses, "\x00")
	id, ok := n.seen[key]
	if !ok {
		id = uint32(len(n.rules.lists))
		n.seen[key] = id
		n.rules.lists = append(n.rules.lists, clauses)
	}
	return id
}

func (n *interner) fill(c *cell, by [steps][]ground, p, d int) {
	var all [steps][]string
	for step := range by {
		for i := range by[step] {
			if g := &by[step][i]; g.covers(p, d) {
				all[step] = appendNew(all[step], g.clause)
			}
		}
		c.refuse[step] = n.list(all[step])
	}
	for variant := range c.allow {
		var rests []string
		for step := range all {
			if n.rules.taken(Step(step), p, variant) {
				rests = appendNew(rests, all[step]...)
			}
		}
		c.allow[variant] = n.list(rests)
	}
}

// taken reports whether an allowed answer for the purpose went through the step. The unknown
// purpose, 0, stands for Manage.
func (r *Rules) taken(step Step, p, variant int) bool {
	basis := r.purposes[p].basis
	switch step {
	case StepDeclared, StepPurpose, StepFields, StepRestriction:
		return p != 0
	case StepContract:
		return basis == basisContract
	case StepConsent:
		return basis == basisConsent
	case StepInterests:
		return basis == basisInterests
	case StepGrant:
		return variant&byStaff != 0
	case StepRecipient:
		return variant&disclosed != 0
	case StepCondition:
		return r.purposes[p].when != nil
	}
	return true
}

func appendNew(list []string, clauses ...string) []string {
	for _, clause := range clauses {
		if !slices.Contains(list, clause) {
			list = append(list, clause)
		}
	}
	return list
}
