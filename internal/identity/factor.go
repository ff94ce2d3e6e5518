package identity

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/second"
	"clause.dev/clause/internal/identity/session"
)

// spend reports whether a code, of the app or for recovery, is right, and uses it up. The caller saves.
func (a *account) spend(code string, now time.Time) bool {
	if len(a.proofs.TOTP) != len(second.Secret{}) {
		return false
	}
	if step, ok := second.Secret(a.proofs.TOTP).Match(code, now, a.step); ok {
		a.step = step
		return true
	}
	left, ok := second.Spend(a.proofs.Recovery, code)
	if ok {
		a.proofs.Recovery = left
	}
	return ok
}

// OfferTOTP makes a secret for an authenticator app, for whoever is signed in and knows the password. It
// counts once ConfirmTOTP saw a code made from it. Conflict if there is one.
func (a *Accounts) OfferTOTP(ctx context.Context, tenant string, s session.Session, secret string) (offered second.Secret, err error) {
	const op = "identity.OfferTOTP"
	if err := a.proves(ctx, tenant, s, secret); err != nil {
		return offered, fault.Wrap(op, err)
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		if len(found.proofs.TOTP) > 0 {
			return fault.New(op, fault.Conflict, "there is a second factor already").WithHint("remove it first")
		}
		offered = second.NewSecret()
		found.proofs.Offered = offered[:]
		return a.save(tx, found)
	})
	return offered, fault.Wrap(op, err)
}

// ConfirmTOTP takes the second factor that was offered, once a code proves that an app has it, and returns
// recovery codes, shown this once. Every other session ends: it was begun without.
func (a *Accounts) ConfirmTOTP(ctx context.Context, tenant string, s session.Session, code string) (recovery []string, err error) {
	const op = "identity.ConfirmTOTP"
	if !a.guard.allow(a.Now(), ofProof, "proof", tenant, s.Subject) {
		return nil, fault.Wrap(op, tooMany())
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		if len(found.proofs.Offered) != len(second.Secret{}) {
			return fault.New(op, fault.Conflict, "no second factor is being set up").WithHint("begin again")
		}
		step, ok := second.Secret(found.proofs.Offered).Match(code, tx.Now(), found.step)
		if !ok {
			return fault.New(op, fault.Invalid, "the code is not right").WithField("code").WithHint("look whether the telephone's clock is right")
		}
		found.step, found.proofs.TOTP, found.proofs.Offered = step, found.proofs.Offered, nil
		recovery, found.proofs.Recovery = second.NewRecovery()
		return a.changed(tx, found, s.ID)
	})
	if err != nil {
		recovery = nil
	}
	return recovery, fault.Wrap(op, err)
}

// DropTOTP removes the second factor, for whoever has it.
func (a *Accounts) DropTOTP(ctx context.Context, tenant string, s session.Session, code string) error {
	const op = "identity.DropTOTP"
	if !a.guard.allow(a.Now(), ofProof, "second", tenant, s.Subject) {
		return fault.Wrap(op, tooMany())
	}
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		if !found.spend(code, tx.Now()) {
			return fault.New(op, fault.Invalid, "the code is not right").WithField("code")
		}
		found.proofs.TOTP, found.proofs.Recovery = nil, nil
		return a.changed(tx, found, s.ID)
	}))
}

// changed saves a second factor that came or went, and says so.
func (a *Accounts) changed(tx *db.Tx, of *account, session string) error {
	if err := a.save(tx, of); err != nil {
		return err
	}
	if _, err := a.Sessions.EndOthers(tx, of.subject, session); err != nil {
		return err
	}
	if err := of.tell(tx, "account.second-factor", "", ""); err != nil {
		return err
	}
	return a.mail(tx, of, "account-second-factor", eventNow(tx, "second"), "")
}

// Factors says what somebody signs in with besides the password.
type Factors struct {
	TOTP     bool
	Recovery int // codes left
}

// Factors returns what whoever is signed in has set up.
func (a *Accounts) Factors(ctx context.Context, tenant string, s session.Session) (Factors, error) {
	found, err := a.peek(ctx, tenant, s.Subject)
	if err != nil {
		return Factors{}, fault.Wrap("identity.Factors", err)
	}
	return Factors{TOTP: len(found.proofs.TOTP) > 0, Recovery: len(found.proofs.Recovery)}, nil
}
