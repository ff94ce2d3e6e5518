package control

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"clause.dev/clause/internal/policy"
)

// SeparateListeners keeps clauses that say networks are segregated.
type SeparateListeners struct{}

// Check finds nothing: which listeners there are is the operator's.
func (c *SeparateListeners) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: no listener serves what is another's.
func (c *SeparateListeners) Plan(*Plan) {}

// Probe asks each listener for what those for others show, under its own name and under theirs.
func (c *SeparateListeners) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	there := map[Audience]bool{}
	for i := range s.Listeners {
		l := &s.Listeners[i]
		there[l.Audience] = true
		a, err := c.ask(ctx, l, l.Shows, "")
		switch {
		case err != nil:
			t.hurdle("%s could not be asked: %v", l.Flag, err)
		case !l.shows(a):
			t.hurdle("%s does not show what it is for: %s", l.Flag, a)
		default:
			t.good("%s shows what it is for, to %s.", l.Flag, map[Audience]string{Public: "the public", Staff: "staff", Machines: "machines"}[l.Audience])
		}
	}
	if !there[Staff] {
		t.hurdle("staff have no listener of their own (serve --console).")
	}
	if !there[Machines] {
		t.hurdle("figures have no listener of their own (serve --metrics).")
	}
	for i := range s.Listeners {
		for j := range s.Listeners {
			if s.Listeners[i].Audience != s.Listeners[j].Audience {
				c.apart(ctx, t, &s.Listeners[i], &s.Listeners[j])
			}
		}
	}
	return t.finding("What is for the public, for staff and for machines is served at listeners of their own, and at no other.")
}

// apart asks one listener for what another shows.
func (c *SeparateListeners) apart(ctx context.Context, t *trial, at, of *Listener) {
	theirs, err := url.Parse(of.URL)
	if err != nil {
		t.hurdle("%s has no address.", of.Flag)
		return
	}
	for _, host := range []string{"", theirs.Host} {
		switch a, err := c.ask(ctx, at, of.Shows, host); {
		case err != nil:
			t.hurdle("%s could not be asked: %v", at.Flag, err)
			return
		case of.shows(a):
			t.breach("What is shown at %s, for %s, is shown at %s too, which is for %s.", of.Flag, of.Audience, at.Flag, at.Audience)
			return
		}
	}
	t.good("%s does not show what is shown at %s.", at.Flag, of.Flag)
}

// ask goes over the network; where this machine is not listed, it asks as somebody who is.
func (c *SeparateListeners) ask(ctx context.Context, l *Listener, path, host string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL+path, nil)
	if err != nil {
		return answer{}, err
	}
	if host != "" {
		r.Host = host
	}
	a, err := l.ask(netip.Addr{}, r)
	if len(l.Admit) > 0 && (closed(err) || err == nil && a.status == http.StatusForbidden) {
		return l.askAs(l.Admit[0].Addr(), r), nil
	}
	return a, err
}
