package diff

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

// params compares the parameters of one control.
func (d *differ) params(it item, old, new policy.Keep) {
	spec, _ := d.controls.Control(new.Control)
	it.whom = d.whom(new.Control)
	var names []string
	for _, k := range []policy.Keep{old, new} {
		for name := range k.Params {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range sorted(names) {
		i := slices.IndexFunc(spec.Params, func(p policy.Param) bool { return p.Name == name })
		param := policy.Param{Name: name}
		if i >= 0 {
			param = spec.Params[i]
		}
		before := len(d.changes)
		d.param(it, new.Control, param, old.Params[name], new.Params[name])
		for i := range d.changes[before:] {
			d.changes[before+i].control = new.Control
		}
	}
}

// param compares one parameter.
func (d *differ) param(it item, control string, p policy.Param, old, new any) {
	it.name = fmt.Sprintf("%s: %s (%s)", it.name, control, p.Name)
	s := senses[control+"."+p.Name]
	before, wasList := old.([]string)
	after, isList := new.([]string)
	named := len(before) > 0 && len(after) > 0
	if (wasList || isList) && (named || s.stronger != unknown && s.absent == weakest) {
		d.paramList(it, before, after, s)
		return
	}
	a, b := figure(old), figure(new)
	switch {
	case a == b:
	case a == "" || b == "":
		d.unsure(d.add(it, "parameter", a, b, s.presence(rank(a != ""), rank(b != ""))))
	default:
		effect, equal := s.direction(p, old, new)
		if equal {
			d.add(it, "parameter-form", a, b, Neutral)
			return
		}
		c := d.unsure(d.add(it, "parameter", a, b, effect))
		if why := toldAnyway[control+"."+p.Name]; why != "" {
			c.Material, c.Why = true, why
		}
	}
}

func (d *differ) paramList(it item, old, new []string, s sense) {
	before := len(d.changes)
	d.lists(it, "parameter-more", "parameter-less", sorted(old), sorted(new), s.effect(Narrows))
	for i := range d.changes[before:] {
		d.unsure(&d.changes[before+i])
	}
}

// unsure says of a change with no direction why it is material.
func (d *differ) unsure(c *Change) *Change {
	if c.Effect == Neutral {
		c.Why = whyUnknown
	}
	return c
}

// direction says what another figure promises, and whether it is the same put otherwise.
func (s sense) direction(p policy.Param, old, new any) (effect Effect, equal bool) {
	a, ok := extent(p, old)
	b, known := extent(p, new)
	switch {
	case !ok || !known:
		return Neutral, false
	case a == b:
		return Neutral, true
	case a.least <= b.least && a.most <= b.most:
		return s.effect(Narrows), false
	case a.least >= b.least && a.most >= b.most:
		return s.effect(Widens), false
	}
	return Neutral, false // a month is longer than 30 days, or shorter
}

// between is what a figure can amount to: a month is 28 to 31 days.
type between struct{ least, most int64 }

// extent measures a figure on a scale of its own. It reports false for one that has none.
func extent(p policy.Param, v any) (between, bool) {
	exactly := func(n int64) (between, bool) { return between{n, n}, true }
	switch v := v.(type) {
	case int64:
		return exactly(v)
	case bool:
		return exactly(int64(rank(v)))
	case time.Duration:
		return exactly(int64(v))
	case policy.Term:
		least, most, ok := amount(v)
		return between{least, most}, ok
	case string:
		if i := slices.Index(p.Values, v); i >= 0 {
			return exactly(int64(i))
		}
	}
	return between{}, false
}

func span(v any) (time.Duration, bool) {
	d, ok := v.(time.Duration)
	return d, ok
}

// sorted returns a sorted copy.
func sorted[T cmp.Ordered](all []T) []T { return slices.Sorted(slices.Values(all)) }

// whom says for whom a control's promise is, besides the people concerned.
func (d *differ) whom(control string) []string {
	all := d.everybody()
	switch control {
	case "customer-grant", "access-approval", "access-review", "environment-access":
		return append(all, "staff")
	case "disclosure-programme":
		return append(all, "researchers")
	}
	return all
}
