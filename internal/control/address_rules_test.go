package control_test

import (
	"net/http"
	"net/netip"
	"strings"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func addressSabotages() []sabotage {
	believes := func(name string) func(*http.Request) string {
		return func(r *http.Request) string {
			said, _, _ := strings.Cut(r.Header.Get(name), ",")
			return strings.Trim(strings.TrimPrefix(said, "for="), `"[]`)
		}
	}
	list := func(change func(*control.Listener)) func(*world, *control.System) {
		return func(_ *world, sys *control.System) {
			for i := range sys.Listeners {
				if sys.Listeners[i].Audience != control.Public {
					change(&sys.Listeners[i])
				}
			}
		}
	}
	return []sabotage{
		{name: "a server that was promised no rules", says: "--console is reached from anywhere", engine: func(p *policy.Policy) { without(p, "address-rules") }},
		{name: "figures for everybody", says: "--metrics serves an address that is not listed (status 200)", system: instead("--metrics", from(func(*http.Request) string { return "127.0.0.1" }))},
		{name: "a console for everybody", says: "--console serves an address that is not listed (status 200)", system: instead("--console", from(func(*http.Request) string { return "127.0.0.1" }))},
		{name: "a header that is believed", says: `by "X-Forwarded-For" to be another`, system: instead("--console", from(believes("X-Forwarded-For")))},
		{name: "the standard's header, believed", says: `by "Forwarded" to be another`, system: instead("--metrics", from(believes("Forwarded")))},
		{name: "another header, believed", says: `by "X-Real-Ip" to be another`, system: instead("--metrics", from(believes("X-Real-Ip")))},
		{name: "no list", says: "is reached from anywhere", system: list(func(l *control.Listener) { l.Admit = nil })},
		{name: "a list of everybody", says: "holds every address", system: list(func(l *control.Listener) { l.Admit = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} })},
	}
}
