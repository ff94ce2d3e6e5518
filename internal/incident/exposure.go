package incident

import (
	"context"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// concerned are the kinds of entries that tell of what a breach of a nature is: data was shown, was
// altered, was lost.
var concerned = map[string][]string{
	"confidentiality": {"record.read", "record.list", "record.find", "blob.read", "subject.export"},
	"integrity": {"record.put", "record.patch", "blob.write", "consent.give", "consent.withdraw",
		"objection.lodge", "objection.lift", "restriction.set", "restriction.lift"},
	"availability": {"record.delete", "subject.erase"},
}

// finding is whom and what a breach concerns, as the ledger tells.
type finding struct {
	people      map[string]bool // by alias
	sets        map[string]*touched
	records     distinct
	rough       bool // some records were shown in lists, which the ledger tells by their ends
	credentials map[string]bool
	recipients  map[string]bool
	first, last time.Time
}

// touched is what of one data set is concerned.
type touched struct {
	people   map[string]bool
	purposes map[string]bool
}

// affected goes through the ledger once. It holds the names of the people concerned and bounded sketches
// of their records.
func (d *Desk) affected(ctx context.Context, tenant string, b *breach) (*finding, error) {
	f := &finding{people: map[string]bool{}, sets: map[string]*touched{}, credentials: map[string]bool{}, recipients: map[string]bool{}}
	only, err := d.drilled(ctx, tenant, b)
	if err != nil {
		return nil, err
	}
	kinds := map[string]bool{}
	for _, nature := range b.Nature {
		for _, k := range concerned[nature] {
			kinds[k] = true
		}
	}
	x := &b.Exposure
	err = d.Ledger.Between(ctx, tenant, x.From, x.To, func(e *proof.Entry) error {
		if kinds[e.Kind] && happened(e) && within(e, x) && (only == nil || only[e.Subject]) {
			f.note(e)
		}
		return nil
	})
	return f, err
}

// happened reports whether an entry tells of something that was done to a person's data: not of what was
// refused, and not of what came to nothing.
func happened(e *proof.Entry) bool {
	return e.Subject != "" && e.Answer == proof.Allow && e.Reason == "" && e.Detail["count"] != "0"
}

func within(e *proof.Entry, x *api.Exposure) bool {
	return (x.Credential == "" || e.Actor == x.Credential) && (x.DataSet == "" || e.DataSet == x.DataSet || e.DataSet == "") &&
		(x.Purpose == "" || e.Purpose == x.Purpose || e.Purpose == "")
}

// drilled are the aliases of the people of a drill, nil for what is none.
func (d *Desk) drilled(ctx context.Context, tenant string, b *breach) (only map[string]bool, err error) {
	if !b.Drill {
		return nil, nil
	}
	only = map[string]bool{}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		subjects, err := named(tx, b.id)
		if err != nil {
			return err
		}
		for _, id := range subjects {
			person, err := d.Vault.DataSubject(tx, id)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
				continue
			}
			if err != nil {
				return err
			}
			only[person.Alias] = true
		}
		return nil
	})
	return only, err
}

func (f *finding) note(e *proof.Entry) {
	f.people[e.Subject] = true
	f.credentials[e.Actor] = true
	if e.Recipient != "" {
		f.recipients[e.Recipient] = true
	}
	if f.first.IsZero() {
		f.first = e.Time
	}
	f.last = e.Time
	if e.DataSet == "" { // the whole person: what was stored of them then, the ledger does not say
		f.rough = f.rough || e.Kind == "subject.export" || e.Kind == "subject.erase"
		return
	}
	s := f.sets[e.DataSet]
	if s == nil {
		s = &touched{people: map[string]bool{}, purposes: map[string]bool{}}
		f.sets[e.DataSet] = s
	}
	s.people[e.Subject], s.purposes[e.Purpose] = true, true
	f.count(e)
}

// count counts the records of an entry. A list is told by its first and last record and their number:
// those between are counted as others, which they are unless they were shown one by one too.
func (f *finding) count(e *proof.Entry) {
	if e.Record != "" {
		f.records.add(e.Subject, e.DataSet, e.Record)
		return
	}
	n, _ := strconv.Atoi(e.Detail["count"])
	if n == 0 {
		return
	}
	f.records.add(e.Subject, e.DataSet, e.Detail["from"])
	if n == 1 {
		return
	}
	f.records.add(e.Subject, e.DataSet, e.Detail["to"])
	for i := range n - 2 {
		f.rough = true
		f.records.add(e.Subject, e.DataSet, e.Detail["from"]+"+"+strconv.Itoa(i))
	}
}

// affected puts a finding in the words of a policy.
func (f *finding) affected(p *policy.Policy) *api.Affected {
	n, exact := f.records.count()
	out := &api.Affected{
		People: len(f.people), Records: n, Approximate: !exact || f.rough, Data: []api.AffectedData{},
		Credentials: sortedSet(f.credentials), Recipients: sortedSet(f.recipients), First: api.Moment(f.first), Last: api.Moment(f.last),
	}
	for i := range p.Data {
		set := &p.Data[i]
		s := f.sets[set.ID]
		if s == nil {
			continue
		}
		out.Data = append(out.Data, api.AffectedData{
			DataSet: set.ID, Title: set.Title, Category: set.Category, Sensitive: set.Sensitive,
			Fields: s.fields(p, set), People: len(s.people),
		})
	}
	return out
}

// fields are those of the data set that the purposes involved can see, in the policy's order: the ledger
// tells the purpose of an access, and no field.
func (s *touched) fields(p *policy.Policy, set *policy.DataSet) []string {
	seen := map[string]bool{}
	for id := range s.purposes {
		purpose, ok := p.Purpose(id)
		for _, f := range set.Fields {
			seen[f.ID] = seen[f.ID] || !ok || slices.ContainsFunc(purpose.Sees, func(see policy.Sight) bool {
				return see.DataSet == set.ID && slices.Contains(see.Fields, f.ID)
			})
		}
	}
	fields := []string{}
	for _, f := range set.Fields {
		if seen[f.ID] {
			fields = append(fields, f.ID)
		}
	}
	return fields
}
