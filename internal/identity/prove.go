package identity

import (
	"context"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

// Prove refuses whoever is signed in and does not know the password, before what cannot be undone.
func (a *Accounts) Prove(ctx context.Context, tenant string, s session.Session, secret string) error {
	return fault.Wrap("identity.Prove", a.proves(ctx, tenant, s, secret))
}
