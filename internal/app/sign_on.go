package app

import (
	"net/http"

	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/vault"
)

// signOn is the way to the identity providers of a door that people find at an address; nil if it has none.
func (a *App) signOn(door, url string, callback func(provider string) string) (*sso.Rounds, error) {
	var parties []*sso.Party
	for _, p := range a.SignIn {
		if p.Door != door || url == "" {
			continue
		}
		web, err := p.Web()
		if err != nil {
			return nil, err
		}
		parties = append(parties, a.party(p, url+callback(p.ID), web))
	}
	if parties == nil {
		return nil, nil
	}
	return a.rounds(parties...)
}

func (a *App) party(p sso.Provider, redirect string, web *http.Client) *sso.Party {
	return &sso.Party{Provider: p, Redirect: redirect, HTTP: web, Now: a.Now, Log: func(err error) {
		a.Log.Warn("an identity provider is not believed, or does not answer", "provider", p.ID, "why", rootOf(err))
	}}
}

func (a *App) rounds(parties ...*sso.Party) (*sso.Rounds, error) {
	key, err := a.Ring.Derive("sign-in at identity providers")
	return &sso.Rounds{DB: a.DB, Key: key, Parties: parties}, err
}

// handles is the vault as accounts see it that are opened by identity providers.
type handles struct{ vault *vault.Vault }

// signInHandle is the kind of such a handle.
const signInHandle = "sign-in"

// Handled returns whose a handle is.
func (h handles) Handled(tx *db.Tx, value string) (string, error) {
	return h.vault.Handled(tx, signInHandle, value)
}

// Handle gives a person one.
func (h handles) Handle(tx *db.Tx, subject, value string) error {
	return h.vault.Handle(tx, subject, signInHandle, value)
}

// Handles are those of a person.
func (h handles) Handles(tx *db.Tx, subject string) ([]string, error) {
	return h.vault.Handles(tx, subject, signInHandle)
}

// DropHandle takes one away.
func (h handles) DropHandle(tx *db.Tx, subject, value string) error {
	return h.vault.DropHandle(tx, subject, signInHandle, value)
}

// signOnCanary makes a door for the canaries' people like that of the people of this server, where they sign in with a
// provider of the probes.
func (a *App) signOnCanary(f control.Foreign) (control.Behind, error) {
	if a.Accounts == nil {
		return control.Behind{}, fault.New("app.signOnCanary", fault.Invalid, "nobody can sign in")
	}
	p := sso.Provider{ID: "canary", Title: "Canary", Issuer: f.Issuer, Client: f.Client, Secret: f.Secret, Door: sso.People, Domains: f.Domains}
	rounds, err := a.rounds(a.party(p, "https://"+canaryHost+account.Callback(p.ID), sso.Bounded(f.Transport)))
	if err != nil {
		return control.Behind{}, err
	}
	door, err := a.peopleBy(canaryA, somewhere, rounds)
	return control.Behind{Host: canaryHost, Handler: door}, err
}
