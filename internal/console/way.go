package console

import (
	"net/http"

	"clause.dev/clause/internal/access"
)

// Way is a way to sign in beside a member's key, such as an OpenID provider. It stands on the page for signing in
// as a link to <Prefix><language>/sign-in/<ID>, and comes back to <Callback><ID>, which needs no language.
// What it has to remember between the two, bound to the browser and good for once, it keeps itself.
type Way interface {
	// ID stands in addresses: lower-case letters, digits and -.
	ID() string
	// Name is what staff call it.
	Name() string
	// Begin returns where the browser goes. to is the address of this host that somebody wanted, and comes
	// back from Finish. It may set cookies of its own.
	Begin(w http.ResponseWriter, r *http.Request, to string) (at string, err error)
	// Finish takes what the provider sent back. Whatever is wrong with it is Unauthenticated; somebody whom the
	// provider knows and who is no member is Refused.
	Finish(w http.ResponseWriter, r *http.Request) (pass access.Pass, to string, err error)
}
