package control

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"

	"clause.dev/clause/internal/policy"
)

// AddressRules keeps clauses that say a firewall admits listed addresses only.
type AddressRules struct{}

// Check finds nothing: which addresses are listed is the operator's.
func (c *AddressRules) Check(*policy.Policy) error { return nil }

// Plan has listeners of staff and machines admit nobody who is not listed: without a list, this machine alone.
func (c *AddressRules) Plan(p *Plan) { p.AddressRules = true }

// Probe knocks at the listeners that are not for the public, and at others that have a list: from an address that no
// list has, over the network, and as outsiders who say that they are not.
func (c *AddressRules) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	inner := 0
	for i := range s.Listeners {
		l := &s.Listeners[i]
		switch {
		case l.Audience != Public:
			inner++
		case len(l.Admit) == 0:
			t.note("The listener %s is for the public, and is reached from anywhere.", l.Flag)
			continue
		}
		c.knock(ctx, t, l)
	}
	if inner == 0 {
		t.hurdle("no listener is for staff or machines alone (serve --console, --metrics).")
	}
	return t.finding("What is not for everybody is reached from listed addresses only.")
}

// nowhere are addresses that are kept for books (RFC 5737, RFC 3849): nobody has them.
func nowhere() []netip.Addr {
	return []netip.Addr{netip.AddrFrom4([4]byte{203, 0, 113, 77}), netip.AddrFrom4([4]byte{198, 51, 100, 77}), netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 0x77})}
}

func (c *AddressRules) knock(ctx context.Context, t *trial, l *Listener) {
	if len(l.Admit) == 0 {
		t.breach("The listener %s is reached from anywhere.", l.Flag)
		return
	}
	for _, p := range l.Admit {
		if p.Bits() == 0 {
			t.breach("The list of %s holds every address.", l.Flag)
			return
		}
	}
	insider := l.Admit[0].Addr()
	r, err := l.own(ctx)
	if err != nil {
		t.hurdle("%s cannot be asked: %v", l.Flag, err)
		return
	}
	if a := l.askAs(insider, r.Clone(ctx)); !l.shows(a) { // a door that is shut to all proves nothing
		t.hurdle("%s does not serve who is listed: %s", l.Flag, a)
		return
	}
	c.overNetwork(t, l, r)
	for _, outsider := range nowhere() {
		if within(l.Admit, outsider) || within(l.Proxies, outsider) {
			t.note("The lists of %s hold addresses that are kept for books.", l.Flag)
			continue
		}
		c.pretend(t, l, r, outsider, insider)
	}
}

// overNetwork connects from an address of this machine that no list has.
func (c *AddressRules) overNetwork(t *trial, l *Listener, r *http.Request) {
	from, ok := unlisted(l.Admit, l.Proxies)
	if !ok {
		t.note("Every address of this machine's own network is listed at %s: nothing was tried over the network.", l.Flag)
		return
	}
	switch a, err := l.ask(from, r); {
	case noSuchAddress(err):
		t.note("This machine cannot connect from another address of its own: nothing was tried over the network at %s.", l.Flag)
	case closed(err):
		t.good("A connection to %s from an address that is not listed is closed without a word.", l.Flag)
	case err != nil:
		t.hurdle("a connection to %s from an address that is not listed: %v", l.Flag, err)
	case a.status == http.StatusForbidden && !l.shows(a):
		t.good("A request at %s from an address that is not listed is refused.", l.Flag)
	default:
		t.breach("The listener %s serves an address that is not listed (%s).", l.Flag, a)
	}
}

// pretend asks as an outsider who says, in each way that proxies do, to be an insider; and through a trusted proxy.
func (c *AddressRules) pretend(t *trial, l *Listener, r *http.Request, outsider, insider netip.Addr) {
	in, out := insider.String(), outsider.String()
	type try struct {
		from       netip.Addr
		name, says string
	}
	tries := []try{{outsider, "", ""}, {outsider, "X-Forwarded-For", in}, {outsider, "Forwarded", node(insider)}, {outsider, "X-Real-Ip", in}}
	if len(l.Proxies) > 0 {
		proxy := l.Proxies[0].Addr()
		tries = append(tries, try{proxy, "X-Forwarded-For", out}, try{proxy, "X-Forwarded-For", in + ", " + out}, try{proxy, "Forwarded", node(insider) + ", " + node(outsider)})
	}
	for _, as := range tries {
		q, claim := r.Clone(r.Context()), ""
		if as.name != "" {
			q.Header.Set(as.name, as.says)
			claim = fmt.Sprintf(", and that says by %q to be another", as.name)
		}
		if a := l.askAs(as.from, q); a.status != http.StatusForbidden || l.shows(a) {
			t.breach("The listener %s serves an address that is not listed%s (%s).", l.Flag, claim, a)
			return
		}
	}
	t.good("Whoever is not listed at %s is refused, whatever they say of where they come from.", l.Flag)
}

// node is an address as Forwarded has it (RFC 7239, section 6): one of IPv6 in brackets and quotes.
func node(at netip.Addr) string {
	if at.Is6() {
		return `for="[` + at.String() + `]"`
	}
	return "for=" + at.String()
}
