package notice

import (
	"context"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Disclosing is the control whose promises are about who newly receives data.
const Disclosing = "disclosure-notice"

// newcomers are the recipients that get data by a policy and did not by the one before it: new ones, those
// of a purpose that did not disclose to them, and whoever stands behind an id that was another's.
func newcomers(old, next *policy.Policy) (ids []string) {
	for _, to := range next.Recipients {
		was, known := old.Recipient(to.ID)
		fresh := !known || was.Name != to.Name
		for _, p := range next.Purposes {
			before, there := old.Purpose(p.ID)
			fresh = fresh || there && slices.Contains(p.Recipients, to.ID) && !slices.Contains(before.Recipients, to.ID)
		}
		if fresh {
			ids = append(ids, to.ID)
		}
	}
	return ids
}

// discloses reports whether a policy had a purpose disclose to the same recipient as the next one does.
func discloses(old, next *policy.Policy, purpose, recipient string) bool {
	p, there := old.Purpose(purpose)
	was, known := old.Recipient(recipient)
	is, _ := next.Recipient(recipient)
	return there && known && was.Name == is.Name && slices.Contains(p.Recipients, recipient)
}

// disclosures records since when each purpose of the policy may disclose to whom. Of what took effect without
// the notice that people were promised, none begins until they were told, and the promised time is over.
func (e *effect) disclosures(tx *db.Tx) error {
	const op = "notice.disclosures"
	d := e.desk
	kept := map[[2]string]bool{}
	for _, p := range d.Policy.Purposes {
		for _, to := range p.Recipients {
			kept[[2]string{p.ID, to}] = true
			if err := e.disclose(tx, p.ID, to); err != nil {
				return fault.Wrap(op, err)
			}
		}
	}
	var gone [][2]string
	err := tx.Each(`SELECT purpose, recipient FROM disclosures ORDER BY purpose, recipient`, nil, func(scan func(...any) error) error {
		var pair [2]string
		err := scan(&pair[0], &pair[1])
		if !kept[pair] {
			gone = append(gone, pair)
		}
		return err
	})
	for _, pair := range gone { // who is named again later is new again
		if err == nil {
			_, err = tx.Exec(`DELETE FROM disclosures WHERE purpose = $1 AND recipient = $2`, pair[0], pair[1])
		}
	}
	return fault.Wrap(op, err)
}

func (e *effect) disclose(tx *db.Tx, purpose, recipient string) error {
	d, begins, again := e.desk, db.Micros(tx.Now()), `DO NOTHING`
	was := e.old != nil && discloses(e.old, d.Policy, purpose, recipient)
	switch {
	case e.forced && e.owes(Disclosing) && slices.Contains(e.recipients, recipient) && !was:
		begins, again = 0, `(purpose, recipient) DO UPDATE SET begins_at = excluded.begins_at, version_id = excluded.version_id`
	case e.told != nil && slices.Contains(e.told.recipients, recipient): // also where it was not announced the time before
		again = `(purpose, recipient) DO UPDATE SET begins_at = excluded.begins_at, version_id = excluded.version_id WHERE disclosures.begins_at = 0`
	}
	_, err := tx.Exec(`INSERT INTO disclosures (purpose, recipient, version_id, begins_at) VALUES ($1, $2, $3, $4) ON CONFLICT `+again,
		purpose, recipient, d.id(d.Policy, false), begins)
	return err
}

// owes reports whether a promise of a control is about the change.
func (j *judgement) owes(control string) bool {
	return slices.ContainsFunc(j.owed, func(p Promise) bool { return p.Control == control })
}

// begin lets the disclosures of a version that took effect without notice begin once everybody was told and
// the promised time is over.
func (d *Desk) begin(tx *db.Tx, v *row) error {
	if v.state != InForce && v.state != Past {
		return nil
	}
	for _, o := range v.owed {
		if o.Control != Disclosing {
			continue
		}
		first, ok := d.Engine.Calendar.Later(dayOf(v.told, d.Engine.Zone), o.Ahead)
		if !ok {
			return fault.New("notice.begin", fault.Other, "no first day can be counted from %q", o.Ahead)
		}
		if whole := first.Truncate(24 * time.Hour); whole.Before(first) {
			first = whole.AddDate(0, 0, 1)
		}
		_, err := tx.Exec(`UPDATE disclosures SET begins_at = CASE WHEN begins_at > $2 THEN begins_at ELSE $2 END WHERE version_id = $1 AND (begins_at = 0 OR begins_at > $3)`,
			v.id, db.Micros(begins(first, d.Engine.Zone)), db.Micros(tx.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}

// OptOut records that a person wants nothing disclosed to a recipient, or no longer says so: one of the
// policy in force, or of a version that people are told of.
func (d *Desk) OptOut(ctx context.Context, c vault.Caller, tenant, subject, recipient string, out bool) error {
	const op = "notice.OptOut"
	promised, err := d.Promised(d.Policy)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if out && !slices.ContainsFunc(promised.Promises, func(p Promise) bool { return p.OptOut }) {
		if err := d.Vault.Admit(ctx, c, "recipient.opt-out", tenant, vault.ScopeSubjects); err != nil {
			return err
		}
		return fault.New(op, fault.Conflict, "no clause of the policy lets people opt out of a recipient").WithHint("the controls of disclosure-notice say opt-out: true")
	}
	announced, err := d.versions(ctx, `state = 'announced'`)
	if err != nil {
		return err
	}
	var known []string
	for i := range announced {
		if v := &announced[i]; v.drill == "" || v.drill == tenant {
			known = append(known, v.recipients...)
		}
	}
	return d.Vault.SetOptOut(ctx, c, tenant, subject, recipient, out, known...)
}

// disclosed are the details of a message about nothing but who newly receives data.
func disclosed(v *row, p *policy.Policy) map[string]string {
	var names, does, regions []string
	for _, id := range v.recipients {
		to, ok := p.Recipient(id)
		if !ok {
			continue
		}
		names = append(names, to.Name)
		if to.Does != "" {
			does = append(does, to.Does)
		}
		if r, ok := p.Region(to.Region); ok && !slices.Contains(regions, r.Place) {
			regions = append(regions, r.Place)
		}
	}
	if len(names) == 0 {
		return nil
	}
	details := map[string]string{"recipient": strings.Join(names, ", ")}
	for key, all := range map[string][]string{"does": does, "region": regions} {
		if len(all) > 0 {
			details[key] = strings.Join(all, "; ")
		}
	}
	if v.state == Announced && !p.Effective.IsZero() {
		details["from"] = p.Effective.Format(time.DateOnly)
	}
	return details
}
