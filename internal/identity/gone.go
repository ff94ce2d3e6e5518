package identity

import (
	"context"
	"crypto/sha256"
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
func keyOf(application string) keyring.ID {
	sum := sha256.Sum256([]byte("clause application\x00" + application))
	return keyring.ID(sum[:len(keyring.ID{})])
}

// revoke writes a revocation and its entry; once more changes nothing.
func (a *Applications) revoke(ctx context.Context, kind, actor, id string) error {
	return a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		changed, err := revoke(tx, id)
		if err != nil || !changed {
			return err
		}
		_, err = tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, keyring.StoreMark+keyOf(id).String(), []byte{})
		if err != nil {
			return err
		}
		return ledger.Append(tx, told(kind, actor, &Application{ID: id}))
	})
}

// Reconcile revokes again what the list says was revoked and the store, restored from a backup, does
// not know of. It returns how many there were. It must run before keys are authenticated.
func (a *Applications) Reconcile(ctx context.Context) (int, error) {
	const op = "identity.Reconcile"
	apps, err := list(ctx, a.db)
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
	return again, nil
}
