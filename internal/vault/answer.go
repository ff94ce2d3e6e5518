package vault

import (
	"context"
	"strconv"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// Order is what a legal demand is answered with. No purpose of the policy is asked: the law obliges.
// That is why Ready is: it is called in the transaction that opens the data and records the release, and
// must fail unless due process was kept.
type Order struct {
	Tenant, Demand string
	Recipient      string // a recipient of the policy, "" where the answer is sealed
	Subjects       []string
	Fields         map[string][]string // by data set; no other leaves
	Clauses        []string            // the promises it rests on
	Ready          func(tx *db.Tx, people, records int) error
}

// The most that one answer holds.
const (
	answerRecords = 10_000
	answerBytes   = 32 << 20
)

// Answer returns what an order names of the people it names, those erased left out. Each person's data set
// has an entry of its own, and all are durable when it returns.
func (v *Vault) Answer(ctx context.Context, c Caller, o Order) ([]Record, error) {
	const op = "vault.Answer"
	for _, scope := range []string{ScopeDuties, ScopeData} {
		if err := v.Admit(ctx, c, "demand.answer", o.Tenant, scope); err != nil {
			return nil, err
		}
	}
	if c.Grant.Staff { // the law obliges the customer: a person of staff hands its data over under its grant, as they see any
		q := v.ask("demand.answer", &c, decision.Manage, &Target{Tenant: o.Tenant}, nil)
		if a := v.first(&q); !a.Allow {
			return nil, v.refuse(ctx, &q, a)
		}
	}
	visible, err := v.visible(o.Fields)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	var out []Record
	err = v.DB.Write(ctx, o.Tenant, func(tx *db.Tx) error {
		a, people := answered{}, 0
		for _, id := range o.Subjects {
			s, err := v.load(tx, o.Tenant, id)
			if fault.Is(err, fault.Erased) || fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			people++
			for _, set := range v.Policy.Data {
				fields, ok := visible[set.ID]
				if !ok {
					continue
				}
				if err := v.answerSet(tx, c, &o, s, v.sets[set.ID], fields, &a); err != nil {
					return err
				}
			}
		}
		out = a.records
		return o.Ready(tx, people, len(out))
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return out, nil
}

// visible is an order's fields by data set as bits. What is held in memory only is in no answer.
func (v *Vault) visible(fields map[string][]string) (map[string]decision.Fields, error) {
	all := map[string]decision.Fields{}
	for id, names := range fields {
		set := v.sets[id]
		if set == nil || set.Storage == policy.Memory {
			return nil, fault.New("vault.visible", fault.Invalid, "the order names a data set that cannot be handed out").WithField("fields")
		}
		for _, name := range names {
			at, ok := set.index[name]
			if !ok {
				return nil, fault.New("vault.visible", fault.Invalid, "the order names a field that is not declared").WithField("fields")
			}
			all[id] |= 1 << at
		}
	}
	return all, nil
}

// answered gathers an answer.
type answered struct {
	records []Record
	size    int
}

// add takes a record in, as long as the answer stays within its bounds.
func (a *answered) add(r Record) error {
	a.records, a.size = append(a.records, r), a.size+len(r.Fields)
	if len(a.records) > answerRecords || a.size > answerBytes {
		return fault.New("vault.Answer", fault.TooLarge, "the answer has over %d records or %d MiB", answerRecords, answerBytes>>20).
			WithHint("a demand names fewer people or data sets: enter it in parts")
	}
	return nil
}

// answerSet adds a person's records of one data set, and records that they leave.
func (v *Vault) answerSet(tx *db.Tx, c Caller, o *Order, s *subject, set *dataSet, fields decision.Fields, a *answered) error {
	before := len(a.records)
	t := Target{Tenant: o.Tenant, Subject: s.id, DataSet: set.ID}
	for after := ""; ; {
		rows, err := readRows(tx, &t, after, maxList)
		if err != nil {
			return err
		}
		for i := range rows {
			r, err := v.open(s, set, &rows[i], decision.Answer{Allow: true, Fields: fields, Clauses: o.Clauses})
			if err != nil {
				return err
			}
			if err := a.add(r); err != nil {
				return err
			}
		}
		if len(rows) < maxList {
			break
		}
		after = rows[len(rows)-1].id
	}
	e := proof.Entry{
		Kind: "demand.release", Actor: c.Credential.ID, Subject: s.state.alias, DataSet: set.ID, Recipient: o.Recipient, Answer: proof.Allow,
		Clauses: o.Clauses, Detail: map[string]string{"demand": o.Demand, "records": strconv.Itoa(len(a.records) - before)},
	}
	if grant := c.grant(o.Tenant, decision.Manage, 0, tx.Now()); grant.ID != "" {
		note(&e, "grant", grant.ID)
	}
	return v.tell(tx, e)
}
