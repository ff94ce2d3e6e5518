package diff

import "clause.dev/clause/internal/policy"

// noun is one sort of things that a policy declares by their ids, and how two of them are compared.
type noun[T any] struct {
	sort   policy.ParamType // of the parameters that name such things
	prefix string           // of the ids where they are told: the data set of a field
	id     func(*T) *string
	like   func(*T) string // things that differ in it are not the same; nothing is like ""
	item   func(*differ, *T) item
	both   func(d *differ, it item, old, new *T)

	came, went Kind
	says       func(*differ, *T) string                             // the figure of one that came or went; may be nil
	effect     func(d *differ, t *T, without *policy.Policy) Effect // of one that came to a policy without it
	judge      func(d *differ, c *Change, t *T)                     // looks again at one that came or went; may be nil
}

// compare records what came, what changed and what went.
func (n noun[T]) compare(d *differ, old, new []T) {
	before := n.byID(old)
	for i := range new {
		t := &new[i]
		if o := before[*n.id(t)]; o != nil {
			n.both(d, n.item(d, t), o, t)
			continue
		}
		n.judged(d, d.add(n.item(d, t), n.came, "", n.figure(d, t), n.effect(d, t, d.old)), t)
	}
	for _, t := range n.missing(old, new) {
		n.judged(d, d.add(n.item(d, t), n.went, n.figure(d, t), "", opposite(n.effect(d, t, d.new))), t)
	}
}

func (n noun[T]) figure(d *differ, t *T) string {
	if n.says == nil {
		return ""
	}
	return n.says(d, t)
}

func (n noun[T]) judged(d *differ, c *Change, t *T) {
	if n.judge != nil {
		n.judge(d, c, t)
	}
}

func (n noun[T]) byID(all []T) map[string]*T {
	by := make(map[string]*T, len(all))
	for i := range all {
		by[*n.id(&all[i])] = &all[i]
	}
	return by
}

// effects that do not depend on the thing.
func widens[T any](*differ, *T, *policy.Policy) Effect  { return Widens }
func narrows[T any](*differ, *T, *policy.Policy) Effect { return Narrows }
func neutral[T any](*differ, *T, *policy.Policy) Effect { return Neutral }

// thing names a thing as sentences do: data set income ("Your income").
func thing(sort, id, title string) string {
	if title == "" {
		return sort + " " + id
	}
	return sort + " " + id + " (" + quoted(title) + ")"
}

// compare compares all there is, in the order of the policy language.
func (d *differ) compare() {
	o, n := d.old, d.new
	d.head()
	d.organisation()
	products.compare(d, o.Products, n.Products)
	laws.compare(d, o.Laws, n.Laws)
	d.change(item{}, "calendar", o.Calendar, n.Calendar, Neutral)
	regions.compare(d, o.Regions, n.Regions)
	d.environments()
	d.backups()
	subjects.compare(d, o.Subjects, n.Subjects)
	dataSets.compare(d, o.Data, n.Data)
	purposes.compare(d, o.Purposes, n.Purposes)
	recipients.compare(d, o.Recipients, n.Recipients)
	models.compare(d, o.Models, n.Models)
	cookies.compare(d, o.Cookies, n.Cookies)
	attestations.compare(d, o.Attestations, n.Attestations)
	documents.compare(d, o.Documents, n.Documents)
	d.contacts()
	d.security()
	d.clauses()
	d.known()
}
