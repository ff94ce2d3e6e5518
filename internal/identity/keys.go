package identity

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// Key is one of an application's keys, without its secret. A first key has its application's id.
type Key struct {
	ID      string
	Expires time.Time // zero: with its application
	Created time.Time
}

// Rotation says what becomes of the keys when a new one is made.
type Rotation struct {
	OldEnd  time.Time // when the keys before it stop working, if not earlier: until then both work
	Expires time.Time // of the new one; zero: with its application
}

// maxLive is how many keys of an application work at a time: the new one, and the one it takes the place of.
const maxLive = 2

// maxOverlap bounds how long the old key stays: what is never taken out of use was not replaced.
const maxOverlap = 90 * 24 * time.Hour

// Rotate makes a new key for an application, shown this once, and says when the others end. Faults: NotFound,
// Invalid with the field, Conflict for an application that is over or has two keys that go on working.
func (a *Applications) Rotate(ctx context.Context, actor, id string, r Rotation) (Key, string, error) {
	const op = "identity.Rotate"
	if err := named(op, actor, id); err != nil {
		return Key{}, "", err
	}
	r.OldEnd, r.Expires = r.OldEnd.UTC().Truncate(time.Microsecond), r.Expires.UTC().Truncate(time.Microsecond)
	keyID, key := newKey()
	made := Key{ID: keyID, Expires: r.Expires}
	// Whatever the outcome, since a failed commit may yet have happened.
	defer a.cache.forget(id)
	err := a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		if err := r.check(tx.Now()); err != nil {
			return err
		}
		stored, err := applicationOf(tx, id)
		if err != nil {
			return err
		}
		if !stored.live(tx.Now()) {
			return fault.New(op, fault.Conflict, "the application is revoked or has expired").WithHint("create another")
		}
		made.Created = tx.Now()
		if err := a.replace(tx, id, made, r, hashOf(key)); err != nil {
			return err
		}
		return ledger.Append(tx, toldKey("application.key-rotate", actor, id, keyID, r.OldEnd))
	})
	if err != nil {
		return Key{}, "", fault.Wrap(op, err)
	}
	return made, key, nil
}

// replace puts a key beside those there are, which end when the rotation says.
func (a *Applications) replace(tx *db.Tx, id string, made Key, r Rotation, hash [sha256.Size]byte) error {
	if err := endBy(tx, id, maxTime(r.OldEnd, tx.Now())); err != nil {
		return err
	}
	keys, err := keysOf(tx, id)
	if err != nil {
		return err
	}
	live := 1
	for _, k := range keys {
		if k.live(tx.Now()) {
			live++
		}
	}
	if live > maxLive {
		return fault.New("identity.Rotate", fault.Conflict, "the application has %d keys that work", maxLive).
			WithHint("end the one that is no longer used, or let both end now")
	}
	return insertKey(tx, id, made, hash)
}

func (r *Rotation) check(now time.Time) error {
	bad := func(field, format string, args ...any) error {
		return fault.New("identity.Rotate", fault.Invalid, format, args...).WithField(field)
	}
	switch {
	case r.OldEnd.IsZero():
		return bad("old_end", "say when the keys before it stop working")
	case r.OldEnd.After(now.Add(maxOverlap)):
		return bad("old_end", "the keys before it stop working within %d days", maxOverlap/(24*time.Hour))
	case !r.Expires.IsZero() && !now.Before(r.Expires):
		return bad("expires", "the time of expiry has passed")
	case r.Expires.Year() > 9999:
		return bad("expires", "the time of expiry is beyond the year 9999")
	}
	return nil
}

// live reports whether the key works at a time, if its application does.
func (k *Key) live(now time.Time) bool { return k.Expires.IsZero() || now.Before(k.Expires) }

// Keys returns the keys of an application that have not ended, the oldest first. Faults: NotFound.
func (a *Applications) Keys(ctx context.Context, id string) (keys []Key, err error) {
	const op = "identity.Keys"
	if !isKeyID(id) {
		return nil, unknown(op)
	}
	err = a.db.Read(ctx, "", func(tx *db.Tx) error {
		if _, err := applicationOf(tx, id); err != nil {
			return err
		}
		keys, err = keysOf(tx, id)
		return err
	})
	return keys, fault.Wrap(op, err)
}

// EndKey ends one key of an application, at once and for good. Faults: NotFound, Invalid without an actor.
func (a *Applications) EndKey(ctx context.Context, actor, id, key string) error {
	const op = "identity.EndKey"
	if err := named(op, actor, id); err != nil {
		return err
	}
	var now time.Time
	var keys []Key
	err := a.db.Read(ctx, "", func(tx *db.Tx) (err error) {
		now = tx.Now()
		if _, err = applicationOf(tx, id); err == nil {
			keys, err = keysOf(tx, id)
		}
		return err
	})
	if err == nil && !slices.ContainsFunc(keys, func(k Key) bool { return k.ID == key }) {
		err = fault.New(op, fault.NotFound, "the application has no such key")
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, a.endKey(ctx, actor, ended{key: key, application: id}, now))
}

// EndKeys ends for good the keys whose time is over, and returns how many. A backup from before they were
// replaced cannot bring them back then.
func (a *Applications) EndKeys(ctx context.Context) (int, error) {
	const op = "identity.EndKeys"
	var now time.Time
	var over []ended
	err := a.db.Read(ctx, "", func(tx *db.Tx) (err error) {
		now = tx.Now()
		over, err = overKeys(tx)
		return err
	})
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	for i, k := range over {
		if err := a.endKey(ctx, "clause", k, now); err != nil {
			return i, fault.Wrap(op, err)
		}
	}
	return len(over), nil
}

// ended is a key that ends, and whose it is.
type ended struct{ key, application string }

// endKey puts the key on the list first, which outlives a crash: Reconcile finishes what follows.
func (a *Applications) endKey(ctx context.Context, actor string, k ended, now time.Time) error {
	if err := a.gone.Destroy([]keyring.ID{keyOfKey(k.key)}, now); err != nil {
		return err
	}
	return a.dropKey(ctx, "application.key-end", actor, k)
}

// dropKey takes an ended key out of the store.
func (a *Applications) dropKey(ctx context.Context, kind, actor string, k ended) error {
	defer a.cache.forget(k.application)
	return a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM application_keys WHERE key_id = $1`, k.key)
		if err != nil || n == 0 { // another server was first
			return err
		}
		if err := markGone(tx, keyOfKey(k.key)); err != nil {
			return err
		}
		return ledger.Append(tx, toldKey(kind, actor, k.application, k.key, time.Time{}))
	})
}

func toldKey(kind, actor, application, key string, oldEnd time.Time) proof.Entry {
	detail := map[string]string{"application": application, "key": key}
	if !oldEnd.IsZero() {
		detail["old-end"] = oldEnd.Format(time.RFC3339)
	}
	return proof.Entry{Kind: kind, Actor: actor, Detail: detail}
}

// named refuses an actor that the ledger cannot name, and an id that is none.
func named(op, actor, id string) error {
	switch {
	case !name(actor):
		return fault.New(op, fault.Invalid, "it is done by someone the ledger can name").WithField("actor")
	case !isKeyID(id):
		return unknown(op)
	}
	return nil
}

func unknown(op string) error { return fault.New(op, fault.NotFound, "there is no such application") }

func isKeyID(id string) bool { return len(id) == idLen && letters(id) }

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
