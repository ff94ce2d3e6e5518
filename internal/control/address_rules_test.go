package control_test

import (
	"net/http"
	"net/netip"
	"strings"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func addressSabotages() []sabotage {
	believes := func(name string) func(*http.Request) string { // of what says it by the rules
		return func(r *http.Request) string {
			said, _, _ := strings.Cut(r.Header.Get(name), ",")
			if at, err := netip.ParseAddr(strings.TrimPrefix(said, "for=")); err == nil {
				return at.String()
			}
			return ""
		}
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	behind := func(name string) func(*world, *control.System) { // a proxy that is trusted, also for what it was told
		return func(w *world, sys *control.System) {
			instead("--console", from(func(r *http.Request) string {
				if at, _ := netip.ParseAddrPort(r.RemoteAddr); !proxies[0].Contains(at.Addr()) {
					return ""
				}
				return believes(name)(r)
			}))(w, sys)
			for i := range sys.Listeners {
				sys.Listeners[i].Proxies = proxies
			}
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
		{name: "what a proxy was told, believed", says: `by "X-Forwarded-For" to be another`, system: behind("X-Forwarded-For")},
		{name: "what a proxy was told by the standard, believed", says: `by "Forwarded" to be another`, system: behind("Forwarded")},
		{name: "no list", says: "is reached from anywhere", system: list(func(l *control.Listener) { l.Admit = nil })},
		{name: "a list of everybody", says: "holds every address", system: list(func(l *control.Listener) { l.Admit = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} })},
	}
}
