package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// lookups hashes values to be found by. Each data set and field has a key of its own, so that the same
// value in two fields cannot be told from the hashes, and neither can the same value in two tenants.
type lookups struct {
	root [keySize]byte
	mu   sync.RWMutex
	keys map[field]*sync.Pool // of *hasher
}

type field struct{ dataSet, name string }

// hasher is an HMAC that has its key worked in, with room for the value.
type hasher struct {
	mac   hash.Hash
	value []byte
	sum   [sha256.Size]byte
}

// Lookup returns the hash under which a value of a field is found: HMAC-SHA-256 under a key of this
// tenant key, the data set and the field. The caller normalises the value. It turns with the epoch.
func (k *TenantKey) Lookup(dataSet, fieldName, value string) [32]byte {
	pool := k.values.pool(field{dataSet, fieldName})
	h := pool.Get().(*hasher)
	defer pool.Put(h)
	h.mac.Reset()
	h.value = append(h.value[:0], value...)
	h.mac.Write(h.value)
	clear(h.value)
	h.mac.Sum(h.sum[:0])
	return h.sum
}

func (l *lookups) pool(f field) *sync.Pool {
	l.mu.RLock()
	pool := l.keys[f]
	l.mu.RUnlock()
	if pool != nil {
		return pool
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if pool := l.keys[f]; pool != nil {
		return pool
	}
	label := appendPart(appendPart([]byte("clause look-up v1"), f.dataSet), f.name)
	key := derive(l.root[:], string(label))
	pool = &sync.Pool{New: func() any { return &hasher{mac: hmac.New(sha256.New, key)} }}
	if l.keys == nil {
		l.keys = map[field]*sync.Pool{}
	}
	l.keys[f] = pool
	return pool
}
