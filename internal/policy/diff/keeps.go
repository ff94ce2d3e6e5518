package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// bound is a control that keeps a clause.
type bound struct {
	clause string
	keep   policy.Keep
	key    string // alike for controls that do the same
}

// keeps compares the controls. One that moves to another clause is as good there; so is one that
// another clause names as well.
func (d *differ) keeps(old, new map[string]*policy.Clause) {
	var lost, gained []bound
	for i := range d.old.Clauses {
		o := &d.old.Clauses[i]
		if n := new[o.ID]; n != nil {
			l, g := d.within(o, n)
			lost, gained = append(lost, l...), append(gained, g...)
		} else {
			lost = append(lost, bounds(o)...)
		}
	}
	for i := range d.new.Clauses {
		if n := &d.new.Clauses[i]; old[n.ID] == nil {
			gained = append(gained, bounds(n)...)
		}
	}
	lost, gained = d.moved(lost, gained)
	lost, gained = d.movedAndChanged(lost, gained)
	d.unkept(new, lost, d.old.Clauses, holders(d.new), "clause-gone", "control-gone", Widens)
	d.unkept(old, gained, d.new.Clauses, holders(d.old), "clause-new", "control-new", Narrows)
}

// bounds are the controls of a clause.
func bounds(c *policy.Clause) (all []bound) {
	for _, k := range c.Keep {
		all = append(all, bound{c.ID, k, keyOf(k)})
	}
	return all
}

// keyOf writes a control and its parameters so that those that do the same are written alike.
func keyOf(k policy.Keep) string {
	return k.Control + " " + strings.Join(given(k), ", ")
}

// given writes the parameters that say something, in the order of their names.
func given(k policy.Keep) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(k.Params)) {
		if v := figure(k.Params[name]); v != "" {
			all = append(all, name+" "+v)
		}
	}
	return all
}

// described names a control with its figures.
func described(k policy.Keep) string {
	if figures := given(k); len(figures) > 0 {
		return k.Control + " (" + strings.Join(figures, ", ") + ")"
	}
	return k.Control
}

// within compares the controls of one clause, and returns those that have no counterpart in it.
func (d *differ) within(o, n *policy.Clause) (lost, gained []bound) {
	lost, gained = paired(bounds(o), bounds(n), byKey, func(a, b bound) {})
	return paired(lost, gained, byControl, func(a, b bound) { d.params(clauseItem(n.ID), a.keep, b.keep) })
}

func byKey(b bound) string     { return b.key }
func byControl(b bound) string { return b.keep.Control }

// mostPaired bounds how many controls of a name are compared with each other.
const mostPaired = 16

// paired takes out of two lists those of one group, each with the one most like it, and returns the rest.
func paired(old, new []bound, group func(bound) string, found func(a, b bound)) (lost, gained []bound) {
	left, taken := map[string][]int{}, make([]bool, len(new))
	for i, b := range new {
		left[group(b)] = append(left[group(b)], i)
	}
	for _, a := range old {
		all := left[group(a)]
		if len(all) == 0 {
			lost = append(lost, a)
			continue
		}
		best := 0
		for i := range min(len(all), mostPaired) {
			if alike(a, new[all[i]]) > alike(a, new[all[best]]) {
				best = i
			}
		}
		found(a, new[all[best]])
		taken[all[best]] = true
		left[group(a)] = slices.Delete(all, best, best+1)
	}
	for i, b := range new {
		if !taken[i] {
			gained = append(gained, b)
		}
	}
	return lost, gained
}

// alike counts the parameters that are the same.
func alike(a, b bound) (n int) {
	for name, v := range a.keep.Params {
		if figure(v) == figure(b.keep.Params[name]) {
			n++
		}
	}
	return n
}

// moved finds controls that stand unchanged in another clause.
func (d *differ) moved(lost, gained []bound) (l, g []bound) {
	return paired(lost, gained, byKey, func(a, b bound) {
		it := item{name: "control " + described(b.keep), ids: []string{b.clause, a.clause}}
		d.add(it, "control-moved", a.clause, b.clause, Neutral).control = b.keep.Control
	})
}

// movedAndChanged finds the control that stands in another clause with other figures. It must be the
// only one of its name that moved, and about the same: of several, nothing tells which became which.
func (d *differ) movedAndChanged(lost, gained []bound) (l, g []bound) {
	times := map[string]int{}
	for _, b := range slices.Concat(lost, gained) {
		times[b.keep.Control]++
	}
	group := func(b bound) string {
		if times[b.keep.Control] == 2 {
			return b.keep.Control + " " + d.wordsOf(b.keep)
		}
		return b.clause + " " + b.key // alone
	}
	return paired(lost, gained, group, func(a, b bound) {
		d.params(item{name: "clause " + b.clause + " (before: " + a.clause + ")", ids: []string{b.clause, a.clause}}, a.keep, b.keep)
	})
}

// wordsOf writes the parameters that are words, such as the duty of a clock.
func (d *differ) wordsOf(k policy.Keep) (words string) {
	spec, _ := d.controls.Control(k.Control)
	for _, p := range spec.Params {
		if p.Type == policy.ParamText && len(p.Values) == 0 {
			words += figure(k.Params[p.Name]) + "\n"
		}
	}
	return words
}

// holders finds the clauses of a policy that name a control, by its key.
func holders(p *policy.Policy) map[string]string {
	by := map[string]string{}
	for i := range p.Clauses {
		for _, b := range bounds(&p.Clauses[i]) {
			by[b.key] = b.clause
		}
	}
	return by
}

// unkept records the controls that one policy has and the other has not, and the clauses that only
// one has. Here are the clauses of the one, there those of the other; elsewhere its controls.
func (d *differ) unkept(there map[string]*policy.Clause, controls []bound, here []policy.Clause, elsewhere map[string]string, clause, control Kind, effect Effect) {
	whole := map[string][]string{} // what clauses that only one has took with them, or brought
	for _, b := range controls {
		holder, held := elsewhere[b.key]
		switch {
		case there[b.clause] == nil && !permits(b.keep.Control) && !held:
			whole[b.clause] = append(whole[b.clause], described(b.keep))
		case held:
			if there[b.clause] != nil {
				c := d.control(b, control, Neutral)
				c.Material, c.Why = false, "clause "+holder+" says it too"
			}
		case permits(b.keep.Control):
			d.control(b, control, opposite(effect))
		default:
			d.control(b, control, effect)
		}
	}
	for i := range here {
		if c := &here[i]; there[c.ID] == nil {
			d.wholeClause(c, whole[c.ID], clause, effect)
		}
	}
}

func (d *differ) control(b bound, k Kind, effect Effect) *Change {
	it := clauseItem(b.clause)
	it.whom = d.whom(b.keep.Control)
	old, new := described(b.keep), ""
	if k == "control-new" {
		old, new = new, old
	}
	c := d.add(it, k, old, new, effect)
	c.control = b.keep.Control
	return c
}

// wholeClause records a clause that came or went, with the controls that no other clause has.
func (d *differ) wholeClause(c *policy.Clause, controls []string, k Kind, effect Effect) {
	with := ""
	switch {
	case len(controls) > 0:
		with = ", and with it " + list(controls)
	case c.Statement:
		effect, with = Neutral, "; it promises nothing"
	case len(c.Keep) == 0:
		with = "; no control keeps it"
	default:
		effect, with = Neutral, "; what keeps it is told by itself"
	}
	it := clauseItem(c.ID)
	var change *Change
	if k == "clause-new" {
		change = d.add(it, k, "", with, effect)
		change.New, change.Words = c.Text, []Word{{Added, c.Text}}
	} else {
		change = d.add(it, k, with, "", effect)
		change.Old, change.Words = c.Text, []Word{{Gone, c.Text}}
	}
}

// figure writes a parameter's value, "" for none.
func figure(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return yesNo(v)
	case []string:
		return list(sorted(v))
	case fmt.Stringer:
		if d, ok := span(v); ok {
			return policy.Lasting(d)
		}
		return v.String()
	}
	return fmt.Sprint(v)
}
