package drp

import (
	"context"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// Gone is the list of destroyed keys, which outlives the store: a backup from before a removal must not
// bring the agent back. *keyring.Ring is one.
type Gone interface {
	Destroy(ids []keyring.ID, now time.Time) error
	Destroyed(id keyring.ID) bool
}

// keyOf is the name of a registration on the list.
func keyOf(registration string) keyring.ID { return keyring.IDOf("agent", registration) }

// Remove ends a registration: its token is refused from the next request on. What it asked for goes on.
func (g *Registry) Remove(ctx context.Context, actor, registration string) error {
	const op = "drp.Remove"
	unknown := fault.New(op, fault.NotFound, "there is no such agent")
	if !strings.HasPrefix(registration, registrationPrefix) {
		return unknown
	}
	var now time.Time
	var known string
	err := g.DB.Read(ctx, "", func(tx *db.Tx) error {
		now = tx.Now()
		return tx.One(`SELECT registration_id FROM agents WHERE registration_id = $1`, []any{registration}, &known)
	})
	if fault.Is(err, fault.NotFound) {
		return unknown
	}
	if err == nil { // the list first: it outlives a crash, and Reconcile finishes what follows
		err = g.Gone.Destroy([]keyring.ID{keyOf(registration)}, now)
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, g.remove(ctx, "agent.remove", actor, registration))
}

func (g *Registry) remove(ctx context.Context, kind, actor, registration string) error {
	return g.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM agents WHERE registration_id = $1`, registration)
		if err != nil || n == 0 {
			return err
		}
		if err := vault.MarkDestroyed(tx, keyOf(registration)); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Detail: map[string]string{"registration": registration}})
	})
}

// Reconcile removes again what the list says was removed and the store, restored from a backup, does not
// know of. It must run before tokens are looked at.
func (g *Registry) Reconcile(ctx context.Context) error {
	all, err := g.List(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if !g.Gone.Destroyed(keyOf(a.ID)) {
			continue
		}
		if err := g.remove(ctx, "agent.remove-again", maintenance, a.ID); err != nil {
			return fault.Wrap("drp.Reconcile", err)
		}
	}
	return nil
}
