package vault

import (
	"context"
	"crypto/sha256"
	"sort"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

func (q *question) person() person { return person{q.target.Tenant, q.target.Subject} }
func (q *question) place() place   { return place{q.set.ID, q.target.Record} }

// openMemory decrypts a row and projects it.
func (v *Vault) openMemory(q *question, at place, r memoryRow, a decision.Answer) (Record, error) {
	plain, err := v.memory.aead.Open(nil, nil, r.sealed, bindRecord(q.target.Tenant, q.target.Subject, at.dataSet, at.record, r.version))
	if err != nil {
		return Record{}, fault.As("vault.openMemory", fault.Other, err)
	}
	fields, err := q.set.project(plain, a.Fields)
	return Record{
		ID: at.record, Subject: q.target.Subject, DataSet: at.dataSet, Version: r.version,
		Created: fromMicros(r.created), Updated: fromMicros(r.updated), Fields: fields, Clauses: a.Clauses,
	}, err
}

// standingOf reads a person without a record.
func (v *Vault) standingOf(ctx context.Context, t *Target) (s *subject, err error) {
	err = v.DB.Read(ctx, t.Tenant, func(tx *db.Tx) error {
		s, err = v.load(tx, t.Tenant, t.Subject)
		return err
	})
	return s, err
}

// admitMemory loads the person and decides.
func (v *Vault) admitMemory(ctx context.Context, q *question) (*subject, decision.Answer, error) {
	s, err := v.standingOf(ctx, q.target)
	if err != nil {
		return nil, decision.Answer{}, v.absent(ctx, q, err)
	}
	if err := v.DB.Read(ctx, q.target.Tenant, func(tx *db.Tx) error { return v.lookUpTerms(tx, q) }); err != nil {
		return nil, decision.Answer{}, err
	}
	if q.target.Record != "" {
		_, q.found = v.memory.get(q.person(), q.place())
	}
	a := v.decide(q, s)
	if !a.Allow {
		return nil, a, v.refuse(ctx, q, a)
	}
	return s, a, nil
}

func (v *Vault) getMemory(ctx context.Context, q *question) (Record, error) {
	_, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return Record{}, err
	}
	r, ok := v.memory.get(q.person(), q.place())
	if !ok {
		return Record{}, v.absent(ctx, q, errNoRecord())
	}
	out, err := v.openMemory(q, q.place(), r, a)
	if err != nil {
		return Record{}, err
	}
	e := v.entry(q, a)
	e.Version = r.version
	if err := v.record(ctx, q.target.Tenant, e); err != nil {
		return Record{}, err
	}
	return out, nil
}

func (v *Vault) listMemory(ctx context.Context, q *question, after string, limit int) (page []Record, next string, err error) {
	s, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return nil, "", err
	}
	v.memory.mu.RLock()
	var at []place
	rows := map[place]memoryRow{}
	if h := v.memory.people[q.person()]; h != nil {
		for p, r := range h.rows {
			if p.dataSet == q.set.ID && p.record > after {
				at = append(at, p)
				rows[p] = r
			}
		}
	}
	v.memory.mu.RUnlock()
	sort.Slice(at, func(i, j int) bool { return at[i].record < at[j].record })
	if len(at) > limit {
		at, next = at[:limit], at[limit-1].record
	}
	for _, p := range at {
		out, err := v.openMemory(q, p, rows[p], a)
		if err != nil {
			return nil, "", err
		}
		page = append(page, out)
	}
	if err := v.record(ctx, q.target.Tenant, v.listEntry(q, s, page, a)); err != nil {
		return nil, "", err
	}
	return page, next, nil
}

func (v *Vault) writeMemory(ctx context.Context, q *question, f Fields, cond Condition, idem Idempotency) (Stored, error) {
	lock := v.memory.lock(q.person())
	lock.Lock()
	defer lock.Unlock()
	creating := q.target.Record == ""
	if creating && !q.set.Many {
		q.target.Record = single
	}
	_, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return Stored{}, err
	}
	if earlier, found, no := v.replayMemory(q, idem); no != nil {
		return Stored{}, v.cameToNothing(ctx, q, no)
	} else if found {
		return earlier, nil
	}
	old, _ := v.memory.get(q.person(), q.place())
	items, err := v.mergeMemory(q, &old, creating, f, cond)
	if err != nil {
		return Stored{}, v.cameToNothing(ctx, q, err)
	}
	next := memoryRow{version: old.version + 1, created: old.created, updated: micros(v.Now())}
	if next.version == 1 {
		next.created = next.updated
	}
	next.sealed = v.memory.aead.Seal(nil, nil, encodeItems(nil, items),
		bindRecord(q.target.Tenant, q.target.Subject, q.set.ID, q.target.Record, next.version))
	return v.putMemory(ctx, q, a, old, next, idem)
}

// putMemory records a change, then makes it, in room reserved before.
func (v *Vault) putMemory(ctx context.Context, q *question, a decision.Answer, old, next memoryRow, idem Idempotency) (Stored, error) {
	more := cost(next) - cost(old)
	if idem.Key != "" {
		more += outcomeCost
	}
	if err := v.memory.reserve(more); err != nil {
		return Stored{}, err
	}
	q.found = true
	e := v.entry(q, a)
	e.Version = next.version
	if err := v.record(ctx, q.target.Tenant, e); err != nil {
		v.memory.giveBack(more)
		return Stored{}, err
	}
	out := Stored{Record: q.target.Record, Version: next.version, Clauses: a.Clauses}
	v.memory.set(q.person(), q.place(), next)
	if idem.Key != "" {
		v.memory.remember(q.person(), q.outcomeKey(idem), outcome{idem.Request, out, next.updated})
	}
	return out, nil
}

// replayMemory is replay for memory-only data: what it came to is held in memory too.
func (v *Vault) replayMemory(q *question, idem Idempotency) (out Stored, found bool, no error) {
	if idem.Key == "" {
		return Stored{}, false, nil
	}
	if err := idem.check(); err != nil {
		return Stored{}, false, err
	}
	o, found := v.memory.outcome(q.person(), q.outcomeKey(idem))
	switch {
	case !found:
		return Stored{}, false, nil
	case o.request != idem.Request:
		return Stored{}, false, errOtherRequest()
	}
	o.stored.Replayed = true
	return o.stored, true, nil
}

func (q *question) outcomeKey(idem Idempotency) [32]byte {
	return sha256.Sum256(bind("idempotency", q.caller.Credential.ID, idem.Key))
}

// mergeMemory is merge for a row in memory.
func (v *Vault) mergeMemory(q *question, old *memoryRow, creating bool, f Fields, cond Condition) ([]item, error) {
	var r *row
	if old.version > 0 {
		r = &row{id: q.target.Record, version: old.version}
	}
	if _, no := q.row(r, creating, cond, v.Now()); no != nil {
		return nil, no
	}
	kept := map[string][]byte{}
	if old.version > 0 {
		plain, err := v.memory.aead.Open(nil, nil, old.sealed,
			bindRecord(q.target.Tenant, q.target.Subject, q.set.ID, q.target.Record, old.version))
		if err != nil {
			return nil, fault.As("vault.mergeMemory", fault.Other, err)
		}
		if kept, err = v.keep(q, plain); err != nil {
			return nil, err
		}
	}
	return q.set.apply(kept, f)
}

func (v *Vault) deleteMemory(ctx context.Context, q *question, cond Condition) error {
	lock := v.memory.lock(q.person())
	lock.Lock()
	defer lock.Unlock()
	_, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return err
	}
	r, ok := v.memory.get(q.person(), q.place())
	if !ok {
		return v.absent(ctx, q, errNoRecord())
	}
	if no := cond.check(r.version); no != nil {
		return v.cameToNothing(ctx, q, no)
	}
	e := v.entry(q, a)
	e.Version = r.version
	if err := v.record(ctx, q.target.Tenant, e); err != nil {
		return err
	}
	v.memory.remove(q.person(), q.place())
	return nil
}

// forgetMemory drops what an erased person or tenant has in memory. It waits for changes under way:
// they were decided before the erasure, and must not outlast it.
func (v *Vault) forgetMemory(tenant, subject string) {
	if !v.hasMemory() {
		return
	}
	if subject != "" {
		lock := v.memory.lock(person{tenant, subject})
		lock.Lock()
		defer lock.Unlock()
	} else {
		for i := range v.memory.locks {
			v.memory.locks[i].Lock()
			defer v.memory.locks[i].Unlock()
		}
	}
	v.memory.forget(tenant, subject)
}

func (v *Vault) hasMemory() bool {
	for _, set := range v.sets {
		if set.Storage == policy.Memory {
			return true
		}
	}
	return false
}

// sweepMemory drops what is held of people who are gone: another server may have erased them.
func (v *Vault) sweepMemory(ctx context.Context) error {
	v.memory.expire(micros(v.Now().Add(-idempotencyKept)))
	for _, p := range v.memory.everyone() {
		_, err := v.standingOf(ctx, &Target{Tenant: p.tenant, Subject: p.subject})
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
			v.forgetMemory(p.tenant, p.subject)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
