package diff

import "clause.dev/clause/internal/policy"

var purposes = noun[policy.Purpose]{
	sort: policy.ParamPurposes,
	id:   func(t *policy.Purpose) *string { return &t.ID },
	like: func(t *policy.Purpose) string { return t.Title },
	item: func(d *differ, t *policy.Purpose) item {
		return item{name: thing("purpose", t.ID, t.Title), ids: []string{t.ID}, whom: d.peopleOf(t)}
	},
	both: comparePurposes,
	came: "purpose-new", went: "purpose-gone",
	says: func(_ *differ, t *policy.Purpose) string {
		return string(t.Basis) + ", it may " + list(texts(t.May)) + " " + list(sights(t.Sees))
	},
	effect: widens[policy.Purpose],
}

func comparePurposes(d *differ, it item, o, n *policy.Purpose) {
	d.words(it, "purpose-title", o.Title, n.Title)
	d.change(it, "purpose-basis", string(o.Basis), string(n.Basis), step(say(o.Basis), say(n.Basis), Narrows))
	d.lists(it, "purpose-may-more", "purpose-may-less", texts(o.May), texts(n.May), Widens)
	d.lists(it, "purpose-sees-more", "purpose-sees-less", fields(o.Sees), fields(n.Sees), Widens)
	d.lists(it, "purpose-recipients-more", "purpose-recipients-less", o.Recipients, n.Recipients, Widens)
	d.flag(it, "purpose-under-restriction", o.UnderRestriction, n.UnderRestriction, Widens)
	d.change(it, "purpose-condition", o.When, n.When, gained(o.When, n.When, Narrows))
	d.told(it, "purpose-interest", o.Interest, n.Interest)
	d.told(it, "purpose-duty", o.Duty, n.Duty)
	d.told(it, "purpose-without", o.Without, n.Without)
	d.change(it, "purpose-automated", o.Automated, n.Automated, gained(o.Automated, n.Automated, Widens))
	d.titles(it, o.Titles, n.Titles)
}

// say is how much a person has to say on a basis: consent can be refused and withdrawn, GDPR art. 7;
// interests and public tasks can be objected to, art. 21; the rest goes on whatever one wants.
func say(b policy.Basis) int {
	switch b {
	case policy.Consent:
		return 2
	case policy.LegitimateInterests, policy.PublicTask:
		return 1
	}
	return 0
}

// fields lists the fields seen, as data-set.field.
func fields(sees []policy.Sight) (all []string) {
	for _, s := range sees {
		for _, f := range s.Fields {
			all = append(all, s.DataSet+"."+f)
		}
	}
	return all
}

// sights lists the data sets seen.
func sights(sees []policy.Sight) (all []string) {
	for _, s := range sees {
		all = append(all, s.DataSet)
	}
	return all
}

// peopleOf are those whose data a purpose sees.
func (d *differ) peopleOf(purposes ...*policy.Purpose) []string {
	var sets []string
	for _, u := range purposes {
		sets = append(sets, sights(u.Sees)...)
	}
	return d.peopleIn(sets...)
}
