package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"hash/maphash"
	"sync"

	"clause.dev/clause/internal/fault"
)

// memory holds the records of memory-only data sets. They are sealed under a key that lives in this
// process alone, so that a search of what the machine swaps out finds none of their values; that the
// key itself is not swapped is for whoever starts the server to see to (memory locked, or no swap).
// Nothing here is in a backup, in a second server, or there after a restart.
type memory struct {
	aead   cipher.AEAD
	limit  int64
	locks  [64]sync.Mutex // by person: a change is decided, recorded and made under its lock
	seed   maphash.Seed
	mu     sync.RWMutex
	people map[person]*holding
	bytes  int64 // of what is held or about to be
	closed bool
}

type person struct{ tenant, subject string }
type place struct{ dataSet, record string }

// holding is what is held of one person.
type holding struct {
	rows     map[place]memoryRow
	outcomes map[[32]byte]outcome // of requests with an idempotency key
}

type memoryRow struct {
	version          int64
	sealed           []byte
	created, updated int64
}

// outcome is what a request with an idempotency key came to.
type outcome struct {
	request [32]byte
	stored  Stored
	at      int64
}

// What a row and an outcome are taken to cost beyond their bytes.
const (
	rowCost     = 256
	outcomeCost = 256
)

func newMemory(limit int64) (*memory, error) {
	const op = "vault.newMemory"
	var key [32]byte
	rand.Read(key[:])
	defer clear(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	return &memory{aead: aead, limit: limit, seed: maphash.MakeSeed(), people: map[person]*holding{}}, nil
}

func (m *memory) lock(p person) *sync.Mutex {
	return &m.locks[maphash.Comparable(m.seed, p)%uint64(len(m.locks))]
}

func (m *memory) get(p person, at place) (memoryRow, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h := m.people[p]
	if h == nil {
		return memoryRow{}, false
	}
	r, ok := h.rows[at]
	return r, ok
}

// reserve takes room for n more bytes, or says that there is none. The caller holds the person's lock
// until it has filled the room, or given it back.
func (m *memory) reserve(n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return fault.New("vault.memory", fault.Unavailable, "the server is stopping")
	case n > 0 && m.bytes+n > m.limit:
		return fault.New("vault.memory", fault.Unavailable, "the memory for memory-only data is full")
	}
	m.bytes += n
	return nil
}

func (m *memory) giveBack(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= n
}

// set puts a row where room was reserved for it.
func (m *memory) set(p person, at place, r memoryRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.of(p).rows[at] = r
	}
}

// of returns what is held of a person, making it. The caller holds mu.
func (m *memory) of(p person) *holding {
	h := m.people[p]
	if h == nil {
		h = &holding{rows: map[place]memoryRow{}, outcomes: map[[32]byte]outcome{}}
		m.people[p] = h
	}
	return h
}

func (m *memory) remove(p person, at place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.people[p]
	if h == nil {
		return
	}
	m.bytes -= cost(h.rows[at])
	delete(h.rows, at)
	m.tidy(p, h)
}

func (m *memory) tidy(p person, h *holding) {
	if len(h.rows)+len(h.outcomes) == 0 {
		delete(m.people, p)
	}
}

// outcome returns what a request with the key came to.
func (m *memory) outcome(p person, key [32]byte) (outcome, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	h := m.people[p]
	if h == nil {
		return outcome{}, false
	}
	o, ok := h.outcomes[key]
	return o, ok
}

// remember keeps an outcome where room was reserved for it.
func (m *memory) remember(p person, key [32]byte, o outcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.of(p).outcomes[key] = o
	}
}

// expire drops outcomes from before a time, in microseconds.
func (m *memory) expire(before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, h := range m.people {
		for key, o := range h.outcomes {
			if o.at < before {
				delete(h.outcomes, key)
				m.bytes -= outcomeCost
			}
		}
		m.tidy(p, h)
	}
}

// everyone returns the people something is held of.
func (m *memory) everyone() []person {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make([]person, 0, len(m.people))
	for p := range m.people {
		all = append(all, p)
	}
	return all
}

// forget drops all of a person's records; with subject "" all of the tenant's.
func (m *memory) forget(tenant, subject string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, h := range m.people {
		if p.tenant != tenant || (subject != "" && p.subject != subject) {
			continue
		}
		for _, r := range h.rows {
			m.bytes -= cost(r)
		}
		m.bytes -= int64(len(h.outcomes)) * outcomeCost
		delete(m.people, p)
	}
}

func (m *memory) wipe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.people, m.bytes, m.closed = map[person]*holding{}, 0, true
}

// cost is what a row counts towards the limit; no row counts nothing.
func cost(r memoryRow) int64 {
	if r.version == 0 {
		return 0
	}
	return int64(len(r.sealed)) + rowCost
}
