package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"hash/maphash"
	"sort"
	"sync"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"golang.org/x/sys/unix"
)

// memory holds the records of memory-only data sets. They are sealed under a key of this process
// that lives in one locked page: what the machine swaps out is ciphertext without its key. Nothing
// here is in a backup, in a second server, or there after a restart.
type memory struct {
	aead   cipher.AEAD
	page   []byte
	limit  int64
	locks  [64]sync.Mutex // by person: a change is decided, recorded and made under its lock
	seed   maphash.Seed
	mu     sync.RWMutex
	people map[person]map[place]memoryRow
	bytes  int64
}

type person struct{ tenant, subject string }
type place struct{ dataSet, record string }

type memoryRow struct {
	version          int64
	sealed           []byte
	created, updated int64
}

// rowCost is what a row is taken to cost beyond its bytes.
const rowCost = 256

func newMemory(limit int64) (*memory, error) {
	const op = "vault.newMemory"
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	if err := unix.Mlock(page); err != nil {
		return nil, fault.New(op, fault.Other, "the key of memory-only data cannot be kept out of swap: %v", err).
			WithHint("allow the server to lock one page of memory (ulimit -l)")
	}
	rand.Read(page[:32])
	block, err := aes.NewCipher(page[:32])
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	return &memory{aead: aead, page: page, limit: limit, seed: maphash.MakeSeed(), people: map[person]map[place]memoryRow{}}, nil
}

func (m *memory) lock(p person) *sync.Mutex {
	return &m.locks[maphash.Comparable(m.seed, p)%uint64(len(m.locks))]
}

func (m *memory) get(p person, at place) (memoryRow, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.people[p][at]
	return r, ok
}

// fits reports whether a row of the size may replace the one at a place.
func (m *memory) fits(p person, at place, size int64) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.bytes-cost(m.people[p][at])+size+rowCost <= m.limit
}

func (m *memory) set(p person, at place, r memoryRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.people[p] == nil {
		m.people[p] = map[place]memoryRow{}
	}
	m.bytes += cost(r) - cost(m.people[p][at])
	m.people[p][at] = r
}

func (m *memory) remove(p person, at place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= cost(m.people[p][at])
	delete(m.people[p], at)
	if len(m.people[p]) == 0 {
		delete(m.people, p)
	}
}

// forget drops all of a person's records; with subject "" all of the tenant's.
func (m *memory) forget(tenant, subject string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, rows := range m.people {
		if p.tenant != tenant || (subject != "" && p.subject != subject) {
			continue
		}
		for _, r := range rows {
			m.bytes -= cost(r)
		}
		delete(m.people, p)
	}
}

func (m *memory) wipe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.people, m.bytes = map[person]map[place]memoryRow{}, 0
	clear(m.page)
}

func cost(r memoryRow) int64 {
	if r.version == 0 {
		return 0
	}
	return int64(len(r.sealed)) + rowCost
}

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
		return nil, decision.Answer{}, v.absent(ctx, q, "", err)
	}
	a := v.decide(q, s)
	if !a.Allow {
		return nil, a, v.refuse(ctx, q, s.state.alias, a)
	}
	return s, a, nil
}

func (v *Vault) getMemory(ctx context.Context, q *question) (Record, error) {
	s, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return Record{}, err
	}
	r, ok := v.memory.get(q.person(), q.place())
	if !ok {
		return Record{}, v.absent(ctx, q, s.state.alias, errNoRecord())
	}
	out, err := v.openMemory(q, q.place(), r, a)
	if err != nil {
		return Record{}, err
	}
	e := v.entry(q, s.state.alias, a)
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
	for p, r := range v.memory.people[q.person()] {
		if p.dataSet == q.set.ID && p.record > after {
			at = append(at, p)
			rows[p] = r
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

func (v *Vault) writeMemory(ctx context.Context, q *question, f Fields, cond Condition) (Stored, error) {
	lock := v.memory.lock(q.person())
	lock.Lock()
	defer lock.Unlock()
	creating := q.target.Record == ""
	if creating && !q.set.Many {
		q.target.Record = single
	}
	s, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return Stored{}, err
	}
	old, _ := v.memory.get(q.person(), q.place())
	items, err := v.mergeMemory(q, &old, creating, f, cond)
	if err != nil {
		return Stored{}, err
	}
	next := memoryRow{version: old.version + 1, created: old.created, updated: micros(v.Now())}
	if next.version == 1 {
		next.created = next.updated
	}
	next.sealed = v.memory.aead.Seal(nil, nil, encodeItems(nil, items),
		bindRecord(q.target.Tenant, q.target.Subject, q.set.ID, q.target.Record, next.version))
	if !v.memory.fits(q.person(), q.place(), int64(len(next.sealed))) {
		return Stored{}, fault.New("vault.writeMemory", fault.Unavailable, "the memory for memory-only data is full")
	}
	e := v.entry(q, s.state.alias, a)
	e.Version = next.version
	if err := v.record(ctx, q.target.Tenant, e); err != nil {
		return Stored{}, err
	}
	v.memory.set(q.person(), q.place(), next)
	return Stored{Record: q.target.Record, Version: next.version, Clauses: a.Clauses}, nil
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
	s, a, err := v.admitMemory(ctx, q)
	if err != nil {
		return err
	}
	r, ok := v.memory.get(q.person(), q.place())
	if !ok {
		return v.absent(ctx, q, s.state.alias, errNoRecord())
	}
	if no := cond.check(r.version); no != nil {
		return no
	}
	e := v.entry(q, s.state.alias, a)
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
