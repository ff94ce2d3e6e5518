// Package network is the server's own firewall: from which addresses a listener can be reached, and from where a
// request comes that a proxy passed on.
//
// A connection from elsewhere is closed before anything is said, TLS included. Behind a proxy all connections come
// from the proxy; where its address is among those trusted, its word for the client's address counts: the right-most
// one that is not a trusted proxy's own. What stands to the left of that, the client may have written itself.
package network

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// Rules say who reaches a listener.
type Rules struct {
	Admit   []netip.Prefix // from where; none: from anywhere
	Proxies []netip.Prefix // whose word for where a request comes from counts
}

// Here is this machine, as it calls itself.
func Here() []netip.Prefix {
	return []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32), netip.PrefixFrom(netip.IPv6Loopback(), 128)}
}

// Parse reads addresses, and ranges of them.
func Parse(list []string) ([]netip.Prefix, error) {
	const op = "network.Parse"
	var all []netip.Prefix
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			all = append(all, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil || p.Addr().Is4In6() {
			return nil, fault.New(op, fault.Invalid, "%q is no address", text).WithHint("write 192.0.2.7 or 192.0.2.0/28")
		}
		if p != p.Masked() {
			return nil, fault.New(op, fault.Invalid, "%s is no range: an address of it is", text).WithHint("the range is %s", p.Masked())
		}
		all = append(all, p)
	}
	return all, nil
}

// Holds reports whether an address is in one of the ranges.
func Holds(ranges []netip.Prefix, at netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(at) })
}

// admits reports whether requests from an address are served.
func (r Rules) admits(at netip.Addr) bool { return len(r.Admit) == 0 || Holds(r.Admit, at) }

// Listen has a listener take connections from those alone who are admitted, and from trusted proxies, behind which
// those stand.
func (r Rules) Listen(at net.Listener) net.Listener {
	if len(r.Admit) == 0 {
		return at
	}
	return firewall{at, r}
}

type firewall struct {
	net.Listener
	rules Rules
}

// Accept closes what comes from elsewhere, without a word.
func (f firewall) Accept() (net.Conn, error) {
	for {
		conn, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if at := address(conn.RemoteAddr().String()); f.rules.admits(at) || Holds(f.rules.Proxies, at) {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// Handler has requests tell where they come from, by RemoteAddr, and passes on those that are admitted.
func (r Rules) Handler(next http.Handler) http.Handler {
	if len(r.Admit)+len(r.Proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		peer := address(q.RemoteAddr)
		from, ok := r.client(peer, q.Header)
		switch {
		case !ok:
			refuse(w, http.StatusBadRequest, "It cannot be said where the request comes from.")
			return
		case !r.admits(from):
			refuse(w, http.StatusForbidden, "This address is not admitted here.")
			return
		}
		if from != peer {
			q.RemoteAddr = netip.AddrPortFrom(from, 0).String()
		}
		next.ServeHTTP(w, q)
	})
}

func refuse(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// client is from where a request comes. It is false where two headers tell of two clients, or one is broken: a proxy
// that writes one of them passes the other on as the client sent it, and must not be believed for it.
func (r Rules) client(peer netip.Addr, h http.Header) (netip.Addr, bool) {
	if !Holds(r.Proxies, peer) {
		return peer, true
	}
	older, newer := h["X-Forwarded-For"], h["Forwarded"]
	said, ok := forwarded(newer)
	if !ok {
		return peer, false
	}
	by := r.rightmost(peer, said)
	if len(older) == 0 {
		return by, true
	}
	before := r.rightmost(peer, listed(older))
	return before, len(newer) == 0 || before == by
}

// rightmost is the last of a chain of addresses that is not a trusted proxy's. Where a proxy did not know who asked
// it, it is that proxy.
func (r Rules) rightmost(peer netip.Addr, chain []string) netip.Addr {
	for _, hop := range slices.Backward(chain) {
		at := address(hop)
		if !at.IsValid() {
			return peer
		}
		if peer = at; !Holds(r.Proxies, at) {
			return at
		}
	}
	return peer
}

// address reads one, with or without a port; the zero Addr if it is none.
func address(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text, _ = strings.CutSuffix(inner, "]")
	}
	at, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return at.Unmap().WithZone("")
}
