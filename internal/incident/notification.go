package incident

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// Notification is the form for the authority (GDPR art. 33(3)), filled in as far as the policy and the
// ledger know.
func (d *Desk) Notification(ctx context.Context, c vault.Caller, tenant, id string) (out api.BreachNotification, err error) {
	if err := d.admit(ctx, c, "incident.notification", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		b, err := loadBreach(tx, id)
		if err != nil {
			return err
		}
		out, err = d.notification(tx, b)
		return err
	})
	return out, fault.Wrap("incident.Notification", err)
}

// Page is the form to be printed, in English or Arabic.
func (d *Desk) Page(ctx context.Context, c vault.Caller, tenant, id, language string) ([]byte, error) {
	if !spoken(language) {
		return nil, invalid("incident.Page", "lang", "the form is in en or ar")
	}
	form, err := d.Notification(ctx, c, tenant, id)
	if err != nil {
		return nil, err
	}
	return d.print(&form, language)
}

func (d *Desk) notification(tx *db.Tx, b *breach) (api.BreachNotification, error) {
	o := &d.Policy.Organisation
	n := api.BreachNotification{
		Incident: b.id, Drill: b.Drill, Phase: len(b.Phases) + 1, Authority: api.Party{Name: o.Authority.Name, Contact: o.Authority.URL},
		Organisation: o.Name, Role: o.Role, Address: o.Address, Contact: api.Party{Name: o.Officer.Name, Contact: o.Officer.Contact}, Laws: []string{},
		Suspected: b.suspectedAt(), Aware: api.Moment(b.Aware), Nature: b.Nature, Cause: b.Cause, Exposure: b.Exposure, PeopleCategories: []string{},
		Affected: api.Affected{Data: []api.AffectedData{}, Credentials: []string{}, Recipients: []string{}},
		Risk:     b.Risk, Reasons: b.Reasons, Consequences: b.Consequences, Measures: b.Measures, Missing: []string{},
	}
	if n.Contact.Contact == "" {
		n.Contact = api.Party{Name: o.Name, Contact: o.Contact}
	}
	for _, law := range d.Policy.Laws {
		n.Laws = append(n.Laws, law.ID)
	}
	if b.Affected != nil {
		n.Affected = *b.Affected
		n.PeopleCategories = d.categories(b.Affected)
	}
	missing(&n)
	var err error
	if _, n.PeopleTold, err = notify.Reached(tx, b.id); err != nil {
		return n, err
	}
	return n, d.deadline(tx, b, &n)
}

// missing says what is to follow in a later phase, and leaves no list without a value.
func missing(n *api.BreachNotification) {
	for _, list := range []struct {
		what  string
		words *[]string
	}{{"consequences", &n.Consequences}, {"measures", &n.Measures}} {
		if len(*list.words) == 0 {
			*list.words, n.Missing = []string{}, append(n.Missing, list.what)
		}
	}
	if n.Risk == "" {
		n.Missing = append(n.Missing, "risk", "affected")
	}
}

// categories are the people that the data sets concerned are about.
func (d *Desk) categories(a *api.Affected) []string {
	of := map[string]bool{}
	for _, s := range a.Data {
		if set, ok := d.Policy.DataSet(s.DataSet); ok && set.Subject != "" {
			of[set.Subject] = true
		} else if ok && len(d.Policy.Subjects) == 1 {
			of[d.Policy.Subjects[0].ID] = true
		}
	}
	return sortedSet(of)
}

// deadline says by when the authority is told: the earliest of what clauses promise.
func (d *Desk) deadline(tx *db.Tx, b *breach, n *api.BreachNotification) error {
	all, err := d.Engine.Of(tx, b.id)
	for i := range all {
		c := &all[i]
		if c.Duty.Evidence != AuthorityReceipt || n.Due != nil && !c.Due.Before(*n.Due) {
			continue
		}
		n.Due, n.Limit, n.Late = api.Moment(c.Due), c.Duty.Limit.String(), c.Late(tx.Now())
	}
	return err
}
