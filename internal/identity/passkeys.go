package identity

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/passkey"
	"clause.dev/clause/internal/identity/session"
)

// maxPasskeys is how many somebody can have.
const maxPasskeys = 10

// Passkey is one as its owner sees it.
type Passkey struct {
	ID     string    `json:"-"`
	Name   string    `json:"name"`
	Added  time.Time `json:"added"`
	Used   time.Time `json:"used,omitzero"` // zero for one that never was
	Synced bool      `json:"synced"`        // the person may have it on several devices
	Copied bool      `json:"copied"`        // it is not taken any more: somebody may have a copy of it
}

// Passkeys lists the passkeys of whoever is signed in, the oldest first.
func (a *Accounts) Passkeys(ctx context.Context, tenant string, s session.Session) (list []Passkey, err error) {
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		list, err = a.PasskeysOf(tx, s.Subject)
		return err
	})
	return list, fault.Wrap("identity.Passkeys", err)
}

// OfferPasskey returns what a browser is asked to make a passkey by, for whoever is signed in and knows the
// password. It counts once AddPasskey saw it.
func (a *Accounts) OfferPasskey(ctx context.Context, tenant string, at *passkey.Party, s session.Session, secret, name string) (options []byte, err error) {
	const op = "identity.OfferPasskey"
	if name, err = passkeyName(name); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := a.proves(ctx, tenant, s, secret); err != nil {
		return nil, fault.Wrap(op, err)
	}
	var has []passkey.Key
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		all, err := passkeysOf(tx, found)
		has = make([]passkey.Key, len(all))
		for i := range all {
			has[i] = all[i].Key
		}
		return err
	})
	if err == nil && len(has) >= maxPasskeys {
		err = tooManyPasskeys()
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	options, err = at.Offer(passkey.Maker{Tenant: tenant, Subject: s.Subject, Session: s.ID, Name: name}, has, a.Now())
	return options, fault.Wrap(op, err)
}

func tooManyPasskeys() error {
	return fault.New("identity.passkeys", fault.Conflict, "there are %d passkeys already", maxPasskeys).WithHint("remove one first")
}

// passkeyName is the name of a passkey, without what cannot be seen.
func passkeyName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	unseen := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || len(name) > passkey.MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unseen) {
		return "", fault.New("identity.passkeys", fault.Invalid, "the name has 1 to %d bytes and nothing that cannot be seen", passkey.MaxName).WithField("name")
	}
	return name, nil
}

// AddPasskey takes a passkey that a browser made at an offer, and says so by mail.
func (a *Accounts) AddPasskey(ctx context.Context, tenant string, at *passkey.Party, s session.Session, name string, answer []byte) error {
	const op = "identity.AddPasskey"
	name, err := passkeyName(name)
	if err != nil {
		return fault.Wrap(op, err)
	}
	made, once, err := at.Made(passkey.Maker{Tenant: tenant, Subject: s.Subject, Session: s.ID, Name: name}, answer, a.Now())
	if fault.Is(err, fault.Unauthenticated) {
		err = fault.New(op, fault.Refused, "the passkey was not taken").WithHint("begin again")
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		all, err := passkeysOf(tx, found)
		if err != nil {
			return err
		}
		if len(all) >= maxPasskeys {
			return tooManyPasskeys()
		}
		if first, err := spend(tx, once); err != nil || !first {
			return cmp.Or[error](err, fault.New(op, fault.Conflict, "this passkey is here already"))
		}
		if err := a.addPasskey(tx, found, made); err != nil {
			return err
		}
		return a.tellPasskey(tx, found, "added", "account-passkey")
	}))
}

func (a *Accounts) tellPasskey(tx *db.Tx, of *account, what, template string) error {
	if err := of.tell(tx, "account.passkey", "", what); err != nil {
		return err
	}
	return a.mail(tx, of, template, eventNow(tx, "passkey"), "")
}

// DropPasskey removes a passkey of whoever is signed in, and ends the other sessions: who lost a device is
// rid of what it was signed in to. NotFound if there is no such passkey.
func (a *Accounts) DropPasskey(ctx context.Context, tenant string, s session.Session, id string) error {
	const op = "identity.DropPasskey"
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		n, err := tx.Exec(`DELETE FROM passkeys WHERE tenant_id = $1 AND passkey_id = $2 AND subject_id = $3`, tenant, id, s.Subject)
		if err == nil && n == 0 {
			err = fault.New(op, fault.NotFound, "there is no such passkey")
		}
		if err != nil {
			return err
		}
		if _, err := a.Sessions.EndOthers(tx, s.Subject, s.ID); err != nil {
			return err
		}
		return a.tellPasskey(tx, found, "removed", "account-passkey")
	}))
}

// AskPasskey returns what a browser is asked to sign in by. It stores nothing and knows nobody.
func (a *Accounts) AskPasskey(tenant string, at *passkey.Party) ([]byte, error) {
	return at.Ask(tenant, a.Now())
}

func wrongPasskey() error {
	return fault.New("identity.SignInPasskey", fault.Unauthenticated, "the passkey is not right").WithHint("sign in with your password")
}

// SignInPasskey begins a session for whoever has a passkey and was recognised by the device that keeps it:
// both factors are proven, and no other is asked for. Whatever is wrong is one fault, Unauthenticated.
func (a *Accounts) SignInPasskey(ctx context.Context, tenant string, at *passkey.Party, answered []byte, source string, on session.Device) (in SignedIn, err error) {
	const op = "identity.SignInPasskey"
	began := a.Now()
	if !a.guard.allow(began, ofPlace, "place", session.Near(source)) {
		return in, fault.Wrap(op, tooMany())
	}
	defer func() {
		if err != nil {
			a.level(ctx, began)
		}
	}()
	answer, err := passkey.Read(answered)
	if err != nil {
		return in, fault.Wrap(op, wrongPasskey())
	}
	found, key, err := a.keyOf(ctx, tenant, answer)
	if err != nil || key == nil {
		return in, fault.Wrap(op, cmp.Or[error](err, wrongPasskey()))
	}
	once, err := at.Verify(tenant, answer, key.Key, began)
	if err != nil {
		return in, fault.Wrap(op, cmp.Or[error](a.noted(ctx, tenant, found, "wrong passkey"), err))
	}
	refused := ""
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		var now *account
		if now, refused, err = a.takes(tx, answer, key.id, once); err != nil || now == nil {
			return err
		}
		in, err = a.letBy(tx, now, session.Second, on, "passkey")
		return err
	})
	if err == nil && refused != "" {
		err = cmp.Or[error](a.noted(ctx, tenant, found, refused), wrongPasskey())
	}
	return in, fault.Wrap(op, err)
}

// keyOf returns the passkey of an answer and whose it is, nil if it is nobody's who can sign in.
func (a *Accounts) keyOf(ctx context.Context, tenant string, answer *passkey.Answer) (found *account, key *keptPasskey, err error) {
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		found, key, err = a.find(tx, answer)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
		err = nil
	}
	return found, key, err
}

func (a *Accounts) find(tx *db.Tx, answer *passkey.Answer) (*account, *keptPasskey, error) {
	found, err := a.account(tx, answer.Subject)
	if err != nil || found.state != active {
		return nil, nil, err
	}
	all, err := passkeysOf(tx, found)
	i := slices.IndexFunc(all, func(k keptPasskey) bool { return bytes.Equal(k.ID, answer.ID) })
	if err != nil || i < 0 {
		return nil, nil, err
	}
	return found, &all[i], nil
}

// takes takes an answer that was verified, once, and returns whose it is; nil with the reason if it does not. A
// copied key is noted for good, so the transaction must commit.
func (a *Accounts) takes(tx *db.Tx, answer *passkey.Answer, id string, once passkey.Once) (of *account, refused string, err error) {
	found, key, err := a.find(tx, answer)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
		err = nil
	}
	if err != nil {
		return nil, "", err
	}
	if key == nil || key.id != id {
		return nil, "the passkey was removed", nil
	}
	first, err := spend(tx, once)
	if err != nil || !first {
		return nil, "replayed passkey", err
	}
	known := key.Copied
	good := key.Advance(answer, tx.Now())
	if err := savePasskey(tx, found, *key); err != nil {
		return nil, "", err
	}
	if good {
		return found, "", nil
	}
	if !known {
		err = a.mail(tx, found, "account-passkey-copied", eventNow(tx, "copied"), "")
	}
	return nil, "copied passkey", err
}
