package keyring

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/fault"
)

// Epoch is a span of time whose tenant keys and backups are under one key. Times are UTC; a zero time
// means not yet. Ended is when the next epoch began, Destroyed when the key was.
type Epoch struct {
	Number                  int64
	Began, Ended, Destroyed time.Time
}

// Ring is an open key folder. It is safe for concurrent use. Several servers may have the same folder
// open: each learns of the others' epochs and destroyed keys at Refresh.
type Ring struct {
	dir    folder
	root   Root
	store  ID
	signer ed25519.PrivateKey

	destroyed idSet
	epochs    atomic.Pointer[epochTable]

	mu   sync.Mutex // held while the folder is read or changed
	seen seenLog
}

// seenLog says how much of destroyed.log is in memory.
type seenLog struct {
	file fs.FileInfo
	size int64
}

// epochTable is never changed, only replaced: readers take no lock.
type epochTable struct {
	list []Epoch             // ascending by number, which counts from 1 without a gap
	keys map[int64]*epochKey // of the epochs that are not destroyed
}

// epochKey holds the two uses of an epoch key. The key's own bytes are forgotten once these are made.
type epochKey struct {
	tenants cipher.AEAD
	backups cipher.AEAD
}

func newEpochKey(key []byte) *epochKey {
	return &epochKey{
		tenants: deriveAEAD(key, "clause epoch key: tenant keys v1"),
		backups: deriveAEAD(key, "clause epoch key: backup keys v1"),
	}
}

func (t *epochTable) newest() Epoch { return t.list[len(t.list)-1] }

func (t *epochTable) find(number int64) (Epoch, bool) {
	if number < 1 || number > int64(len(t.list)) {
		return Epoch{}, false
	}
	return t.list[number-1], true
}

// StoreID returns the random id made with the folder. The store keeps a copy: where they differ, the
// folder belongs to another store.
func (r *Ring) StoreID() ID { return r.store }

// Epoch returns the newest epoch, under which new keys are made.
func (r *Ring) Epoch() Epoch { return r.epochs.Load().newest() }

// Epochs returns every epoch there ever was, oldest first.
func (r *Ring) Epochs() []Epoch { return slices.Clone(r.epochs.Load().list) }

// Signer returns the key that signs the ledger's checkpoints. It is made with the folder.
func (r *Ring) Signer() ed25519.PrivateKey { return slices.Clone(r.signer) }

// Derive returns a key for a use of its own, the same on every server that has the folder: HKDF-SHA-256 of
// the folder's secret, with the use's name. It outlives every epoch, so it must protect nothing that an
// erasure is to make unreadable.
func (r *Ring) Derive(use string) (key [32]byte, err error) {
	made, err := hkdf.Key(sha256.New, r.signer.Seed(), nil, "clause "+use, len(key))
	copy(key[:], made)
	return key, fault.As("keyring.Derive", fault.Other, err)
}

// Destroyed reports whether the key with this id was destroyed.
func (r *Ring) Destroyed(id ID) bool { return r.destroyed.has(id) }

// DestroyedAll returns the ids of all destroyed keys, in the order of the ids.
func (r *Ring) DestroyedAll() []ID {
	all := r.destroyed.all()
	slices.SortFunc(all, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// epochKey returns the key of an epoch: Erased if it was destroyed, Unavailable if this server has not
// heard of the epoch yet (another server began it; Refresh tells).
func (r *Ring) epochKey(op string, number int64) (*epochKey, error) {
	table := r.epochs.Load()
	if key := table.keys[number]; key != nil {
		return key, nil
	}
	if _, known := table.find(number); known {
		return nil, fault.New(op, fault.Erased, "the key of epoch %d was destroyed", number)
	}
	return nil, fault.New(op, fault.Unavailable, "epoch %d is not known here yet", number).
		WithHint("another server began it: try again once this one has refreshed its keys; if it stays, the key folder is an old copy")
}

// Refresh reads what other servers did to the folder: new epochs, destroyed epochs, destroyed keys.
// It asks the root only for epochs not seen before, and is cheap if nothing changed.
func (r *Ring) Refresh(ctx context.Context) error {
	const op = "keyring.Refresh"
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.readDestroyed(); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, r.readEpochs(ctx))
}
