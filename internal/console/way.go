package console

import (
	"context"
	"net/http"
	"time"

	"clause.dev/clause/internal/access"
)

// Ticket is what the console keeps of somebody who signed in. It is asked at each request: who they are now, with
// what they were granted in a tenant ("" for none). So a membership that ended or lapsed, a key that was replaced
// and a role that was taken away count at once. Unauthenticated ends the session, and so does Refused.
type Ticket interface {
	Present(ctx context.Context, tenant string, now time.Time) (access.Presence, error)
}

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
	Finish(w http.ResponseWriter, r *http.Request) (t Ticket, to string, err error)
}

// keyTicket is that of who signed in with a member's key.
type keyTicket struct {
	members Members
	pass    access.Pass
}

// Present implements Ticket.
func (t keyTicket) Present(ctx context.Context, tenant string, now time.Time) (access.Presence, error) {
	return t.members.Present(ctx, t.pass, tenant, now)
}

// Members knows who is a member by a key; that is the desk for access.
type Members interface {
	Present(ctx context.Context, p access.Pass, tenant string, now time.Time) (access.Presence, error)
}

var _ Members = (*access.Desk)(nil)
