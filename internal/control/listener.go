package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
)

// Audience is whom a listener is for.
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

// listed reports whether requests from an address may be served.
func (l *Listener) listed(at netip.Addr) bool { return len(l.Admit) == 0 || within(l.Admit, at) }

func within(ranges []netip.Prefix, at netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(at) })
}

// ask sends a request over the network, from an address of this machine.
func (l *Listener) ask(from netip.Addr, r *http.Request) (answer, error) {
	resp, err := l.From(from).Do(r)
	if err != nil {
		return answer{}, plain(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// askAs has the listener serve a request as if it came from an address, without a network.
func (l *Listener) askAs(from netip.Addr, r *http.Request) answer {
	r.RemoteAddr, r.RequestURI = netip.AddrPortFrom(from, 4711).String(), r.URL.RequestURI()
	w := &written{header: http.Header{}}
	l.Handler.ServeHTTP(w, r)
	return answer{status: w.status, header: w.sent, body: w.body.Bytes()}
}

// own is a request for what the listener alone shows.
func (l *Listener) own(ctx context.Context) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, l.URL+l.Shows, nil)
}

// shows reports whether an answer is what a listener alone shows.
func (l *Listener) shows(a answer) bool { return bytes.Contains(a.body, []byte(l.Says)) }

// unlisted is an address of this machine's own network that nobody uses, which none of some lists has, each time
// another; false if they have them all.
func unlisted(not ...[]netip.Prefix) (netip.Addr, bool) {
	for range 20 {
		at := [4]byte{127, 83}
		rand.Read(at[2:]) // never fails: Go ends the program instead
		from := netip.AddrFrom4(at)
		if !slices.ContainsFunc(not, func(list []netip.Prefix) bool { return within(list, from) }) {
			return from, true
		}
	}
	return netip.Addr{}, false
}

// noSuchAddress reports whether a machine cannot speak from an address: not every system has all of 127.0.0.0/8.
func noSuchAddress(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }

// closed reports whether a connection was closed without a word.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
