package identity

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
)

// Gone is the list of destroyed keys, which outlives the store: a backup from before a revocation must
// not bring the key back. *keyring.Ring is one.
type Gone interface {
	Destroy(ids []keyring.ID, now time.Time) error
	Destroyed(id keyring.ID) bool
}

// keyOf is the name of an application's key on the list.
func keyOf(application string) keyring.ID { return keyring.IDOf("application", application) }

// keyOfKey is the name of one key of an application on the list.
func keyOfKey(key string) keyring.ID { return keyring.IDOf("application key", key) }

// markGone notes in the store that it knows of what is on the list.
func markGone(tx *db.Tx, id keyring.ID) error {
	_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, keyring.StoreMark+id.String(), []byte{})
	return err
}

// revoke writes a revocation and its entry; once more changes nothing.
func (a *Applications) revoke(ctx context.Context, kind, actor, id string) error {
	return a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		changed, err := revoke(tx, id)
		if err != nil || !changed {
			return err
		}
		if err := markGone(tx, keyOf(id)); err != nil {
			return err
		}
		return ledger.Append(tx, told(kind, actor, &Application{ID: id}))
	})
}

// Reconcile revokes again what the list says was revoked and the store, restored from a backup, does
// not know of, and ends such keys again. It returns how many there were. It must run before keys are authenticated.
func (a *Applications) Reconcile(ctx context.Context) (int, error) {
	const op = "identity.Reconcile"
	apps, err := everyApplication(ctx, a.db)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	again := 0
	for _, app := range apps {
		if !app.Revoked.IsZero() || !a.gone.Destroyed(keyOf(app.ID)) {
			continue
		}
		a.cache.forget(app.ID)
		if err := a.revoke(ctx, "application.revoke-again", "clause", app.ID); err != nil {
			return again, fault.Wrap(op, err)
		}
		again++
	}
	n, err := a.reconcileKeys(ctx)
	return again + n, fault.Wrap(op, err)
}

func (a *Applications) reconcileKeys(ctx context.Context) (again int, err error) {
	var all []ended
	err = a.db.Read(ctx, "", func(tx *db.Tx) (err error) {
		all, err = everyKey(tx)
		return err
	})
	for _, k := range all {
		if err != nil {
			return again, err
		}
		if a.gone.Destroyed(keyOfKey(k.key)) {
			err = a.dropKey(ctx, "application.key-end-again", "clause", k)
			again++
		}
	}
	return again, err
}
