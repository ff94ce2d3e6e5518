package control_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

// plansSearch looks that a clause has the doors searched for what it says, and for nothing else.
func plansSearch(t *testing.T, name string, threats, outliers bool) {
	t.Helper()
	for _, row := range []struct {
		keeps             []policy.Keep
		threats, outliers bool
	}{{nil, false, false}, {[]policy.Keep{keep(name, nil)}, threats, outliers}} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil || plan.Search.Threats != row.threats || plan.Search.Outliers != row.outliers {
			t.Errorf("%v plans %+v, %v", row.keeps, plan.Search, err)
		}
	}
	checks(t, []check{{name: "always sound", control: &control.ThreatDetection{}}, {name: "always sound", control: &control.LogOutliers{}}})
}

// unkept has the server run a policy in which no clause is kept by a control.
func unkept(name string) func(*policy.Policy) {
	return func(p *policy.Policy) { without(p, name) }
}

// besides is a way to the canary application that the gate does not see.
func besides(_ *world, sys *control.System) {
	behind := sys.Behind
	sys.Behind = func(app http.RoundTripper) (control.Behind, error) {
		gate, err := behind(app)
		seen, to := gate.Handler, &url.URL{Scheme: "http", Host: "127.0.0.1"}
		unseen := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: app}
		gate.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/account/") {
				seen.ServeHTTP(w, r)
				return
			}
			unseen.ServeHTTP(w, r)
		})
		return gate, err
	}
}

// alarmed raises an alert of a canary's gate, which nobody gave cause for.
func alarmed(kind, cause string) func(*world, *control.System) {
	return func(w *world, sys *control.System) {
		behind := sys.Behind
		sys.Behind = func(app http.RoundTripper) (control.Behind, error) {
			gate, err := behind(app)
			r := httptest.NewRequest("POST", "https://clause.test/v1/tenants/"+sys.Canary.A.ID+"/alerts",
				strings.NewReader(`{"kind":"`+kind+`","cause":"`+cause+`.`+gate.Door+`","severity":"info","drill":true}`))
			r.Header.Set("Authorization", "Bearer "+sys.Canary.A.Key)
			r.Header.Set("Content-Type", "application/json")
			w.door.ServeHTTP(httptest.NewRecorder(), r)
			return gate, err
		}
	}
}

// blind has nothing that happens at the doors be seen.
func blind(_ *world, sys *control.System) { sys.Seen = func(string) int64 { return 0 } }
