package control

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// signInAt is where the console sends who is not signed in.
const signInAt = "/console/en/sign-in"

// console goes to every page of the console, where one is served: as somebody who is not signed in, who has to be
// sent to sign in before anything else; and as a made-up member without a role, each of whose looks has to be a
// decision that the ledger holds.
func (c *RouteDecisions) console(ctx context.Context, t *trial, s *System) {
	served := false
	for i := range s.Listeners {
		if l := &s.Listeners[i]; l.Audience == Staff {
			served = true
			s.tryStaff(ctx, t, func(a *staffTrial) { (&consoleTrial{staffTrial: a, at: l}).run(ctx, s.ConsoleRoutes) })
		}
	}
	if !served {
		t.note("No console is served (serve --console): its pages were not tried.")
	}
}

// consoleTrial goes to one console.
type consoleTrial struct {
	*staffTrial
	at     *Listener
	cookie string
}

func (x *consoleTrial) run(ctx context.Context, routes []string) {
	if len(routes) == 0 {
		x.hurdle("which pages the console has is not known.")
		return
	}
	for _, route := range routes {
		a, err := x.ask(ctx, route, nil)
		switch to := a.header.Get("Location"); {
		case err != nil:
			x.hurdle("%s: %v", route, err)
		case a.ok():
			x.breach("%s of the console is served to somebody who is not signed in.", route)
		case a.status != http.StatusSeeOther || !strings.HasPrefix(to, signInAt):
			x.breach("%s of the console does not ask who comes before anything else: %s.", route, a)
		}
	}
	member, ok := x.enrol(ctx, nil)
	if !ok {
		return
	}
	if a, err := x.ask(ctx, "POST "+signInAt, url.Values{"key": {member.key}}); err != nil || a.status != http.StatusSeeOther {
		x.hurdle("a made-up member cannot sign in at the console: %v", came(a, err))
		return
	}
	decided, recorded, since := 0, 0, x.s.watch(ctx, x.trial)
	for _, route := range routes {
		if !strings.HasPrefix(route, "GET ") { // a form that is not filled in may be refused for that
			continue
		}
		a, err := x.ask(ctx, route, nil)
		switch {
		case err != nil:
			x.hurdle("%s: %v", route, err)
		case a.ok(), a.status == http.StatusForbidden:
			decided++
			before := recorded
			if recorded = since(member.ID, ""); len(x.hurdles) == 0 && recorded == before { // several of one page make up for none of another's
				x.breach("A member without a role went to %s of the console, and the ledger holds no decision of that.", route)
				return
			}
		case a.status >= http.StatusInternalServerError || a.status == http.StatusSeeOther:
			x.hurdle("%s of the console as a member: %s, which does not show whether it was decided.", route, a)
		}
	}
	x.good("%s of the console were tried; %s of a member are in the ledger.", plural(len(routes), "page"), plural(decided, "look"))
}

// ask goes to a page with a session, if there is one, from an address that may.
func (x *consoleTrial) ask(ctx context.Context, route string, form url.Values) (answer, error) {
	method, path, _ := strings.Cut(route, " ")
	r, err := http.NewRequestWithContext(ctx, method, x.at.URL+filled(path, x.s.Canary.A.ID), strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if x.cookie != "" {
		r.Header.Set("Cookie", x.cookie)
	}
	from := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if !x.at.listed(from) {
		from = x.at.Admit[0].Addr()
	}
	a := x.at.askAs(from, r)
	if set := a.header.Get("Set-Cookie"); set != "" {
		x.cookie, _, _ = strings.Cut(set, ";")
	}
	return a, nil
}

// filled is the path of a route with something in place of each name: the canary tenant, and nothing that there is.
func filled(path, tenant string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch part {
		case "{lang}":
			parts[i] = "en"
		case "{tenant}":
			parts[i] = url.PathEscape(tenant)
		case "{seq}":
			parts[i] = "0"
		case "{$}":
			parts[i] = ""
		default:
			if strings.HasPrefix(part, "{") {
				parts[i] = "none-0"
			}
		}
	}
	return strings.Join(parts, "/")
}
