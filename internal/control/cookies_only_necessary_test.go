package control_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestCookiesOnlyNecessaryPlan(t *testing.T) {
	for _, row := range []struct {
		keeps []policy.Keep
		want  bool
	}{{nil, false}, {[]policy.Keep{keep("cookies-only-necessary", nil)}, true}} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil || plan.Necessary != row.want {
			t.Errorf("%v plans %v, %v", row.keeps, plan.Necessary, err)
		}
	}
	checks(t, []check{{name: "always sound", control: &control.CookiesOnlyNecessary{}}})
}

// past is a way past the gate, through which everything comes as the application sends it.
func past(change func(http.Header)) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		behind := sys.Behind
		sys.Behind = func(app http.RoundTripper) (control.Behind, error) {
			gate, err := behind(app)
			if err != nil || change != nil {
				return changed(gate, change), err
			}
			to := &url.URL{Scheme: "http", Host: "127.0.0.1"}
			return control.Behind{Host: gate.Host, Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: app}}, nil
		}
	}
}

// changed is a gate whose answers are changed on their way out.
func changed(gate control.Behind, change func(http.Header)) control.Behind {
	honest := gate.Handler
	gate.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := httptest.NewRecorder()
		honest.ServeHTTP(got, r)
		change(got.Header())
		copyOut(w, got)
	})
	return gate
}

// appShown is a company's application that people come to without a gate.
func appShown(answer http.HandlerFunc) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		app := httptest.NewTLSServer(answer)
		sys.Application, sys.HTTP = app.URL, both{sys.HTTP, app}.client()
	}
}

// both reaches the server and an application.
type both struct {
	door *http.Client
	app  *httptest.Server
}

func (b both) client() *http.Client { return &http.Client{Transport: b} }

func (b both) RoundTrip(r *http.Request) (*http.Response, error) {
	if "https://"+r.URL.Host == b.app.URL {
		return b.app.Client().Transport.RoundTrip(r)
	}
	return b.door.Transport.RoundTrip(r)
}

func cookiesSabotages() []sabotage {
	const closed = "default-src 'self'"
	return []sabotage{
		{name: "a gate that lets everything pass", says: "reaches the application", system: past(nil)},
		{name: "a gate that lets pages load everything", says: "may load what others serve", system: past(func(h http.Header) { h.Del("Content-Security-Policy") })},
		{name: "a gate that lets pages load a cousin's", says: "may load what others serve", system: past(func(h http.Header) {
			h.Set("Content-Security-Policy", "default-src 'self'; img-src https://pixel.example")
		})},
		{name: "a cookie of the gate's own", says: "is set by a canary application behind the gate: visit", system: past(func(h http.Header) { h.Add("Set-Cookie", "visit=1") })},
		{name: "a session that the application sets", says: "can set the cookie that keeps people signed in", system: past(func(h http.Header) {
			h.Add("Set-Cookie", "__Host-session=planted-by-an-application")
		})},
		{name: "a cookie of the front door", says: "is set by the front door's /", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
				next.ServeHTTP(w, r)
			})
		}},
		{name: "a gate of a laxer policy", says: "reaches the application", engine: func(p *policy.Policy) {
			p.Cookies = append(p.Cookies, policy.Cookie{ID: "ga", Name: "_ga", Kind: policy.Necessary})
		}},
		{name: "an application that tracks, past the gate", says: "is set by the company's application: _ga", system: appShown(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", closed)
			http.SetCookie(w, &http.Cookie{Name: "_ga", Value: "1"})
		})},
		{name: "an application that loads what others serve, past the gate", says: "company's application may load", system: appShown(func(http.ResponseWriter, *http.Request) {})},
	}
}

// TestTheApplicationIsVisited: one that stands behind the gate is seen, and named in the finding.
func TestTheApplicationIsVisited(t *testing.T) {
	w := newWorld(t, sabotage{})
	sys := w.System()
	appShown(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Security-Policy", "default-src 'self'")
	})(w, sys)
	for _, f := range w.probe(t, "cookies-only-necessary", sys) {
		if f.Outcome != control.Kept {
			t.Errorf("%s: %s %q", f.Outcome, f.Summary, f.Facts)
		}
	}
	sys.Application = "https://127.0.0.1:1"
	for _, f := range w.probe(t, "cookies-only-necessary", sys) {
		if f.Outcome != control.Unable {
			t.Errorf("an application that cannot be reached: %s: %s", f.Outcome, f.Summary)
		}
	}
}
