package publish

import (
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// head is a row of headings.
func (w *writer) head(keys ...string) []words {
	var all []words
	for _, k := range keys {
		all = append(all, w.say(k))
	}
	return all
}

// filled is the table, nil where it has no row.
func (t *table) filled() *table {
	if len(t.Groups) == 0 {
		return nil
	}
	return t
}

// dataTable says what there is: every field of every data set.
func (w *writer) dataTable() *table {
	t := &table{Caption: w.say("data.caption"), Head: w.head("data", "fields", "category", "source", "subjects")}
	for i := range w.policy.Data {
		d := &w.policy.Data[i]
		category := w.category(d.Category)
		if d.Sensitive {
			category = append(category, w.say("sensitive")...)
		}
		t.Groups = append(t.Groups, row("data."+d.ID,
			one(w.title(d.Title, d.Titles)), one(w.fields(d, nil)), one(category), one(w.source(d)), one(w.orNone(w.subject(d))),
		))
	}
	return t
}

// fields lists fields of a data set: those given, all with which may be left out if none are.
func (w *writer) fields(d *policy.DataSet, only []string) words {
	var all []words
	for _, f := range d.Fields {
		if only != nil && !slices.Contains(only, f.ID) {
			continue
		}
		said := w.title(orID(f.Title, f.ID), f.Titles)
		if only == nil && f.Optional {
			said = append(said, w.say("optional")...)
		}
		all = append(all, said)
	}
	return w.and(all)
}

// orID is a title, or the id made readable.
func orID(title, id string) string {
	if title != "" {
		return title
	}
	return strings.NewReplacer("_", " ", "-", " ").Replace(id)
}

func (w *writer) source(d *policy.DataSet) words {
	if d.Source == policy.FromThirdParty && d.From != "" {
		return w.say("source.from", slots{"party": w.own(d.From)})
	}
	return w.say("source." + string(d.Source))
}

func (w *writer) subject(d *policy.DataSet) words {
	for _, s := range w.policy.Subjects {
		if s.ID == d.Subject {
			return w.title(s.Title, s.Titles)
		}
	}
	return nil
}

// usesTable is data × purpose × basis × period × recipient.
func (w *writer) usesTable() *table {
	t := &table{Caption: w.say("uses.caption"), Head: w.head("purpose", "basis", "recipient", "data", "period")}
	used := map[string]bool{}
	for i := range w.policy.Purposes {
		u := &w.policy.Purposes[i]
		for _, s := range u.Sees {
			used[s.DataSet] = true
		}
		t.Groups = append(t.Groups, rows{ID: "purpose." + u.ID, Shared: []cell{w.purpose(u), w.basis(u), one(w.recipientsOf(u))}, Own: w.seen(u.Sees)})
	}
	var idle []policy.Sight
	for _, d := range w.policy.Data {
		if !used[d.ID] {
			idle = append(idle, policy.Sight{DataSet: d.ID})
		}
	}
	if idle != nil {
		t.Groups = append(t.Groups, rows{Shared: []cell{one(w.say("uses.none")), one(w.none()), one(w.say("nobody"))}, Own: w.seen(idle)})
	}
	return t
}

// seen are rows of data and how long it is kept; what is kept equally long stands in one.
func (w *writer) seen(sights []policy.Sight) [][]cell {
	var all [][]cell
	at := map[string]int{}
	for _, s := range sights {
		d, ok := w.policy.DataSet(s.DataSet)
		if !ok {
			continue
		}
		kept := w.kept(d)
		i, there := at[kept.String()]
		if !there {
			i = len(all)
			at[kept.String()], all = i, append(all, []cell{nil, one(kept.sentence())})
		}
		said := w.title(d.Title, d.Titles).to("#data." + d.ID)
		all[i][0] = append(all[i][0], append(append(said, w.say("colon")...), w.fields(d, s.Fields)...))
	}
	return all
}

// purpose says what a purpose is, and what GDPR art. 13(2)(e) and (f) want told of it.
func (w *writer) purpose(u *policy.Purpose) cell {
	c := lines(w.title(u.Title, u.Titles))
	if u.Without != "" {
		c = append(c, w.say("without", slots{"text": w.own(u.Without)}))
	}
	if u.Automated != "" {
		c = append(c, w.say("automated", slots{"text": w.own(u.Automated)}))
	}
	return c
}

// basis names a purpose's legal basis with what stands behind it.
func (w *writer) basis(u *policy.Purpose) cell {
	c := lines(w.say("basis." + string(u.Basis)).sentence())
	if u.Interest != "" {
		c = append(c, w.own(u.Interest))
	}
	if u.Duty != "" {
		c = append(c, w.own(u.Duty))
	}
	return c
}

func (w *writer) recipientsOf(u *policy.Purpose) words {
	var all []words
	for _, id := range u.Recipients {
		if r, ok := w.policy.Recipient(id); ok {
			all = append(all, name(r.Name).to("#recipient."+r.ID))
		}
	}
	if len(all) == 0 {
		return w.say("nobody")
	}
	return w.and(all)
}

// period says how long a data set is kept.
func (w *writer) period(d *policy.DataSet) words {
	switch {
	case d.Storage == policy.Memory:
		return w.say("period.memory")
	case d.Keep > 0:
		return w.say("period.span", slots{"span": w.span(d.Keep)})
	}
	return w.say("period.active")
}

// kept says how long a data set is there, until it is gone from the last backup.
func (w *writer) kept(d *policy.DataSet) words {
	if d.Storage == policy.Memory {
		return append(w.period(d), w.say("period.no-backup")...)
	}
	return append(w.period(d), w.say("period.backups", slots{"span": w.span(w.lastBackup())})...)
}

// lastBackup is how long after its deletion data can be read from a backup at most.
func (w *writer) lastBackup() time.Duration { return w.policy.Backups.Epoch + w.policy.Backups.Horizon }
