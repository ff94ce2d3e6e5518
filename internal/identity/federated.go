package identity

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/identity/sso"
)

// Handles is where accounts keep what people are known by at identity providers: the vault.
type Handles interface {
	// Handled returns who has a handle, NotFound if nobody.
	Handled(tx *db.Tx, value string) (subject string, err error)
	// Handle gives a person one. Conflict if it is another's.
	Handle(tx *db.Tx, subject, value string) error
	// Handles are those of a person, the oldest first.
	Handles(tx *db.Tx, subject string) ([]string, error)
	// DropHandle takes one away; NotFound if they do not have it.
	DropHandle(tx *db.Tx, subject, value string) error
}

// SignInWith begins a session for whoever an identity provider knows. NotFound if that is nobody here. A second factor
// that was set up here is asked where the provider did not prove one: no provider makes an account weaker.
func (a *Accounts) SignInWith(ctx context.Context, tenant string, who *sso.Identity, on session.Device) (in SignedIn, err error) {
	const op = "identity.SignInWith"
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		subject, err := a.Handles.Handled(tx, who.Handle())
		if err != nil {
			return err
		}
		found, err := a.account(tx, subject)
		if err != nil {
			return err
		}
		if found.state != active {
			return fault.New(op, fault.NotFound, "nobody has an account by that")
		}
		in, err = a.letWith(tx, found, who, on)
		return err
	})
	if fault.Is(err, fault.Erased) {
		err = fault.New(op, fault.NotFound, "nobody has an account by that")
	}
	return in, fault.Wrap(op, err)
}

func (a *Accounts) letWith(tx *db.Tx, of *account, who *sso.Identity, on session.Device) (SignedIn, error) {
	proven, how := session.First, "identity provider"
	switch {
	case who.Strong:
		proven, how = session.Second, "identity provider, second factor"
	case len(of.proofs.TOTP) > 0:
		proven, how = session.Half, "identity provider, second factor awaited"
	}
	return a.letBy(tx, of, proven, on, how)
}

// Vacant refuses an identity by which no account can be made: the provider has not verified its address, or somebody
// has an account with that, and proves it by the way they signed in before (a provider's word is not enough to get
// into an account that it did not open).
func (a *Accounts) Vacant(ctx context.Context, tenant string, who *sso.Identity) error {
	const op = "identity.Vacant"
	if who.Email == "" {
		return fault.Wrap(op, unverifiedThere())
	}
	found, err := a.named(ctx, tenant, who.Email)
	if err == nil && found != nil {
		err = found.vacant()
	}
	return fault.Wrap(op, err)
}

func unverifiedThere() error {
	return fault.New("identity.federated", fault.Refused, "the identity provider does not say that your email address is yours").WithHint("verify it there, or register with a password")
}

// vacant refuses an account that is somebody's.
func (a *account) vacant() error {
	if a.state != active && a.state != expired {
		return nil
	}
	return fault.New("identity.federated", fault.Conflict, "there is an account with this address").WithHint("sign in as before, and add the provider on the page of security")
}

// JoinWith makes an account for whoever an identity provider knows, of use at once: the provider has verified the
// address. It has no password. What somebody registered with the address before, and never verified, is void.
func (a *Accounts) JoinWith(ctx context.Context, tenant string, who *sso.Identity, r Registration, source string, on session.Device) (in SignedIn, err error) {
	const op = "identity.JoinWith"
	began := a.Now()
	if err := a.checkAge(&r); err != nil {
		return in, err
	}
	if !a.guard.allow(began, ofPlace, "place", session.Near(source)) {
		return in, fault.Wrap(op, tooMany())
	}
	if who.Email == "" {
		return in, fault.Wrap(op, unverifiedThere())
	}
	r.Login = who.Email
	subject, err := a.make(ctx, tenant, &r)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, subject)
		if fault.Is(err, fault.NotFound) { // of somebody whom the company's application made
			found = &account{subject: subject}
			found.person, err = a.People.Person(tx, subject)
		}
		if err != nil {
			return err
		}
		if err := found.vacant(); err != nil { // in this moment
			return err
		}
		found.state, found.verified, found.expires = active, tx.Now(), noTime
		found.proofs = proofs{Language: r.Language}
		if err := a.Sessions.EndAll(tx, subject); err != nil {
			return err
		}
		if err := voidCodes(tx, subject, verifyCode); err != nil {
			return err
		}
		if err := a.save(tx, found); err != nil {
			return err
		}
		if err := a.Handles.Handle(tx, subject, who.Handle()); err != nil {
			return err
		}
		if err := found.tell(tx, "account.provider-add", "", who.Provider); err != nil {
			return err
		}
		in, err = a.letWith(tx, found, who, on)
		return err
	})
	return in, fault.Wrap(op, err)
}

// make stores what somebody gave, of whom nothing was there or nothing that was verified.
func (a *Accounts) make(ctx context.Context, tenant string, r *Registration) (subject string, err error) {
	subject, err = a.People.Named(ctx, tenant, r.Login)
	switch {
	case fault.Is(err, fault.NotFound):
		if subject, err = a.enrol(ctx, tenant, r, ""); err != nil {
			return "", err
		}
		if err := a.People.Fill(ctx, tenant, subject, r); err != nil {
			return "", a.undo(ctx, tenant, subject, err)
		}
		return subject, nil
	case err != nil:
		return "", err
	}
	found, err := a.peek(ctx, tenant, subject)
	if fault.Is(err, fault.NotFound) || err == nil && found.state == claimed {
		return subject, nil // nothing of theirs is changed
	}
	if err == nil {
		err = found.vacant()
	}
	if err != nil {
		return "", err
	}
	return subject, a.People.Fill(ctx, tenant, subject, r)
}

// AddProvider has whoever is signed in sign in with a provider from now on too.
func (a *Accounts) AddProvider(ctx context.Context, tenant string, s session.Session, who *sso.Identity) error {
	const op = "identity.AddProvider"
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		holder, err := a.Handles.Handled(tx, who.Handle())
		if err == nil && holder == s.Subject {
			return nil
		}
		if err == nil {
			return fault.New(op, fault.Conflict, "somebody else signs in with that account")
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := a.Handles.Handle(tx, s.Subject, who.Handle()); err != nil {
			return err
		}
		return a.provider(tx, found, "account.provider-add", who.Provider)
	}))
}

// provider tells the ledger and the person that a way to sign in came or went.
func (a *Accounts) provider(tx *db.Tx, of *account, kind, id string) error {
	if err := of.tell(tx, kind, "", id); err != nil {
		return err
	}
	return a.mail(tx, of, "account-provider", eventNow(tx, "provider"), "")
}

// RemoveProvider has whoever is signed in sign in with a provider no more. Conflict if they could not sign in at all.
func (a *Accounts) RemoveProvider(ctx context.Context, tenant string, s session.Session, issuer string) error {
	const op = "identity.RemoveProvider"
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		all, err := a.Handles.Handles(tx, s.Subject)
		if err != nil {
			return err
		}
		left, gone := 0, 0
		for _, h := range all {
			if sso.IssuerOf(h) != issuer {
				left++
				continue
			}
			if err := a.Handles.DropHandle(tx, s.Subject, h); err != nil {
				return err
			}
			gone++
		}
		switch {
		case gone == 0:
			return fault.New(op, fault.NotFound, "the account has no such provider")
		case left == 0 && found.proofs.Password == "":
			return fault.New(op, fault.Conflict, "it is the only way into the account").WithHint("set a password first: have a code mailed to you")
		}
		return a.provider(tx, found, "account.provider-remove", "")
	}))
}

// Providers are the issuers that whoever is signed in can sign in with, the oldest first.
func (a *Accounts) Providers(ctx context.Context, tenant string, s session.Session) (issuers []string, err error) {
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := a.Handles.Handles(tx, s.Subject)
		issuers = nil
		for _, h := range all {
			issuers = append(issuers, sso.IssuerOf(h))
		}
		return err
	})
	return issuers, fault.Wrap("identity.Providers", err)
}

// MayLeave takes of the allowance of a place from which browsers are sent to providers.
func (a *Accounts) MayLeave(source string) error {
	if !a.guard.allow(a.Now(), ofPlace, "leave", session.Near(source)) {
		return fault.Wrap("identity.MayLeave", tooMany())
	}
	return nil
}
