package app

import (
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/passkey"
)

// passkeys is the site that people's passkeys are made for; nil where browsers make none: people's pages have
// no address, or one that is not a name.
func (a *App) passkeys() (*passkey.Party, error) {
	if a.PeopleURL == "" {
		return nil, nil
	}
	key, err := a.Ring.Derive("passkey challenges")
	if err != nil {
		return nil, err
	}
	at, err := passkey.New(a.Policy.Organisation.Name, a.PeopleURL, key)
	if fault.Is(err, fault.Invalid) {
		return nil, nil
	}
	return at, err
}
