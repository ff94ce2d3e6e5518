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

func TestThreatDetectionPlan(t *testing.T) { plansSearch(t, "threat-detection", true, false) }

func TestLogOutliersPlan(t *testing.T) { plansSearch(t, "log-outliers", false, true) }

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

func threatSabotages() []sabotage {
	return []sabotage{
		{name: "a server that searches nothing", says: "is not searched", engine: unkept("threat-detection")},
		{name: "an application that is reached past the gate", says: "A canary's scanning at the gate raised no alert", system: besides},
		{name: "an alert that is raised again and again", says: "raised its alert 2 times", system: alarmed("threat", "scanning")},
		{name: "an alert that visitors raise", says: "What ordinary visitors do raised an alert", system: alarmed("threat", "session-hijacking")},
		{name: "a front door that is not searched", says: "Visits to the front door are not searched", system: blind},
		{name: "a company's application past the gate", says: "Visits to the company's application are not searched", system: appShown(func(http.ResponseWriter, *http.Request) {})},
	}
}

func outlierSabotages() []sabotage {
	return []sabotage{
		{name: "a server that searches nothing", says: "is not searched", engine: unkept("log-outliers")},
		{name: "errors that are not logged", says: "A canary's server errors at the gate raised no alert", system: besides},
		{name: "an alert that visitors raise", says: "What ordinary visitors do raised an alert", system: alarmed("outlier", "latency")},
	}
}

// TestNoAlertIsLeft: what the drills raised is removed again, and the server's own probes are no threat to it.
func TestNoAlertIsLeft(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	w.keeps(t, "threat-detection")
	for path, key := range map[string]string{"/v1/tenants/" + w.System().Canary.A.ID + "/alerts": w.System().Canary.A.Key, "/v1/alerts": w.System().Canary.Admin} {
		r := httptest.NewRequest("GET", "https://clause.test"+path, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		got := httptest.NewRecorder()
		w.door.ServeHTTP(got, r)
		for _, kind := range []string{"threat", "outlier"} {
			if got.Code != http.StatusOK || strings.Contains(got.Body.String(), `"kind":"`+kind+`"`) {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	}
}
