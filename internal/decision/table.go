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
	lists := &interner{rules: r, seen: map[string]uint32{}, marks: make([]int, len(c.policy.Clauses))}
	likeP, likeD := r.alike(grounds)
	for p := range r.purposes {
		for d := range r.sets {
			here := r.cell(PurposeID(p), DataSetID(d))
			if likeP[p] == p && likeD[d] == d {
				lists.fill(here, grounds, p, d)
			} else {
				*here = *r.cell(PurposeID(likeP[p]), DataSetID(likeD[d]))
			}
		}
	}
	return c.sights()
}

// alike returns for each purpose and each data set the first one that the grounds treat alike: their
// cells are the same, and most are alike.
func (r *Rules) alike(by [steps][]ground) (purposes, sets []int) {
	purposes = firsts(len(r.purposes), func(p int, sign []byte) []byte {
		sign = append(sign, byte(r.purposes[p].basis), bit(r.purposes[p].when != nil), bit(p == 0))
		for _, grounds := range by {
			for i := range grounds {
				if g := &grounds[i]; g.purposes != nil {
					sign = append(sign, bit(g.purposes[p]))
				}
			}
		}
		return sign
	})
	sets = firsts(len(r.sets), func(d int, sign []byte) []byte {
		for _, grounds := range by {
			for i := range grounds {
				if g := &grounds[i]; g.data != nil {
					sign = append(sign, bit(g.data[d]))
				}
			}
		}
		return sign
	})
	return purposes, sets
}

// firsts returns for each of n the first with the same sign.
func firsts(n int, sign func(i int, buffer []byte) []byte) []int {
	seen, like, buffer := map[string]int{}, make([]int, n), []byte(nil)
	for i := range n {
		buffer = sign(i, buffer[:0])
		first, ok := seen[string(buffer)]
		if !ok {
			first = i
			seen[string(buffer)] = i
		}
		like[i] = first
	}
	return like
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// ground is a rest with its names resolved to ids.
type ground struct {
	clause   string
	number   int    // of the clause in the policy
	purposes []bool // by id; nil: all
	data     []bool // by id; nil: all
	weight   int    // how specific it is
}

func (g *ground) covers(p, d int) bool {
	return (g.purposes == nil || g.purposes[p]) && (g.data == nil || g.data[d])
}

// resolve returns the grounds of each step, most specific first, otherwise as they were added.
func (c *compiler) resolve() (by [steps][]ground, err error) {
	declared := map[string]int{}
	for i := range c.policy.Clauses {
		declared[c.policy.Clauses[i].ID] = i
	}
	for _, rest := range c.grounds.rests {
		if rest.step == noStep || rest.step >= steps {
			return by, invalid("clauses."+rest.clause, "there is no step %d", rest.step)
		}
		number, ok := declared[rest.clause]
		if !ok {
			return by, invalid("clauses", "a step rests on clause %q, which is not declared", rest.clause)
		}
		g, err := c.narrow(rest)
		if err != nil {
			return by, err
		}
		g.number = number
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
	marks []int // by clause: the round it was last listed in
	round int
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

// gather lists the clauses of the grounds of some steps that cover a cell, each once.
func (n *interner) gather(by [steps][]ground, p, d int, taken func(Step) bool) uint32 {
	var clauses []string
	n.round++
	for step := range by {
		if !taken(Step(step)) {
			continue
		}
		for i := range by[step] {
			g := &by[step][i]
			if g.covers(p, d) && n.marks[g.number] != n.round {
				n.marks[g.number] = n.round
				clauses = append(clauses, g.clause)
			}
		}
	}
	return n.list(clauses)
}

func (n *interner) fill(c *cell, by [steps][]ground, p, d int) {
	for step := range by {
		c.refuse[step] = n.gather(by, p, d, func(s Step) bool { return s == Step(step) })
	}
	for variant := range c.allow {
		c.allow[variant] = n.gather(by, p, d, func(s Step) bool { return n.rules.taken(s, p, variant) })
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
	case StepRecipient, StepNotice, StepOptOut, StepAllowance:
		return variant&disclosed != 0
	case StepCondition:
		return r.purposes[p].when != nil
	}
	return true
}
