package control

import (
	"net/http"
	"net/netip"
)

// Whom a listener is for.
type Audience string

// The audiences.
const (
	Public   Audience = "public"   // people, and the company's applications
	Staff    Audience = "staff"    // the company's own people
	Machines Audience = "machines" // programs that run the server: what reads its figures, a proxy that asks
)

// Listener is where the server is reached.
type Listener struct {
	Flag     string // that asks for it
	Audience Audience
	URL      string         // by which it is asked
	Shows    string         // a path that it alone answers, to anybody who gets through
	Says     string         // in the answer
	Admit    []netip.Prefix // from where it is reached; none: from anywhere
	Proxies  []netip.Prefix // whose word for where a request comes from counts
	// From reaches it over the network from an address of this machine; zero: whichever.
	From func(netip.Addr) *http.Client
	// Handler is what it serves, its address rules included.
	Handler http.Handler
}
