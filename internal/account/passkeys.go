package account

import (
	"net/http"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
)

// signInPage is the form to sign in with, and what a browser is asked for a passkey by.
type signInPage struct{ Ask string }

// signInPage makes the page anew: each has a challenge of its own.
func (v *visit) signInPage() (p signInPage, err error) {
	if v.door.Passkeys == nil {
		return p, nil
	}
	ask, err := v.door.Accounts.AskPasskey(v.door.Tenant, v.door.Passkeys)
	return signInPage{string(ask)}, err
}

func (v *visit) showSignIn(wrong error) error {
	p, err := v.signInPage()
	switch {
	case err != nil:
		return err
	case wrong != nil:
		return v.complain(wrong, "sign-in", p)
	}
	return v.show(http.StatusOK, "sign-in", p, nil)
}

func (v *visit) signInPasskey() error {
	in, err := v.door.Accounts.SignInPasskey(v.r.Context(), v.door.Tenant, v.door.Passkeys, []byte(v.field("response")), v.source(), v.device())
	if err != nil {
		return v.showSignIn(err)
	}
	v.letIn(in)
	v.goOn(v.field("to"))
	return nil
}

// passkeyPage has a browser make a passkey.
type passkeyPage struct{ Offer, Called string }

func (v *visit) offerPasskey() error {
	name := v.field("name")
	offer, err := v.door.Accounts.OfferPasskey(v.r.Context(), v.door.Tenant, v.door.Passkeys, v.who, v.field("password"), name)
	if err != nil {
		return v.again("passkey", err)
	}
	return v.show(http.StatusOK, "passkey", passkeyPage{string(offer), name}, nil)
}

func (v *visit) addPasskey() error {
	err := v.door.Accounts.AddPasskey(v.r.Context(), v.door.Tenant, v.door.Passkeys, v.who, v.field("name"), []byte(v.field("response")))
	if err != nil {
		return v.again("passkey", err)
	}
	v.redirect("security")
	return nil
}

func (v *visit) dropPasskey() error {
	err := v.door.Accounts.DropPasskey(v.r.Context(), v.door.Tenant, v.who, v.field("passkey"))
	if err != nil && !fault.Is(err, fault.NotFound) { // it was removed elsewhere in this moment
		return err
	}
	v.redirect("security")
	return nil
}

// passkeysPage is the part of the page of security about passkeys.
type passkeysPage struct {
	Offered bool // whether one can be added
	List    []identity.Passkey
	Name    string // for a new one: the browser somebody is at
}

func (v *visit) passkeysPage() (p passkeysPage, err error) {
	p.Offered, p.Name = v.door.Passkeys != nil, v.device().Browser
	p.List, err = v.door.Accounts.Passkeys(v.r.Context(), v.door.Tenant, v.who)
	return p, err
}
