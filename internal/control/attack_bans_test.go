package control_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

func hours(n int, unit policy.Unit) policy.Term {
	return policy.Term{Form: policy.Within, Count: n, Unit: unit}
}

func TestAttackBansCheck(t *testing.T) {
	checks(t, []check{
		{name: "an hour", control: &control.AttackBans{For: hours(1, policy.Hour)}},
		{name: "nothing", control: &control.AttackBans{}, param: "for", finds: []string{"is not how long a ban lasts"}},
		{name: "at once", control: &control.AttackBans{For: policy.Term{Form: policy.Instant}}, param: "for", finds: []string{"is not how long a ban lasts"}},
		{name: "each hour", control: &control.AttackBans{For: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Hour}}, param: "for", finds: []string{"is not how long a ban lasts"}},
	})
}

func TestAttackBansPlan(t *testing.T) {
	short, long := keep("attack-bans", policy.Params{"for": hours(1, policy.Hour)}), keep("attack-bans", policy.Params{"for": hours(2, policy.Day)})
	for _, row := range []struct {
		keeps []policy.Keep
		want  time.Duration
	}{{nil, 0}, {[]policy.Keep{short}, time.Hour}, {[]policy.Keep{long, short}, 48 * time.Hour}} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil || plan.Ban != row.want {
			t.Errorf("%v plans a ban of %s, %v", row.keeps, plan.Ban, err)
		}
	}
}

// between stands before the gate of the probes.
func between(stand func(gate http.Handler) http.HandlerFunc) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		behind := sys.Behind
		sys.Behind = func(application http.RoundTripper) (control.Behind, error) {
			gate, err := behind(application)
			gate.Handler = stand(gate.Handler)
			return gate, err
		}
	}
}

func bansSabotages() []sabotage {
	return []sabotage{
		{name: "a gate that looks into nothing", says: "reaches the application", system: past(nil)},
		{name: "a gate that reads no queries to a database", says: "(SQL injection) reaches", system: func(_ *world, sys *control.System) {
			behind := sys.Behind
			sys.Behind = func(application http.RoundTripper) (control.Behind, error) {
				gate, err := behind(application)
				honest := gate.Handler
				gate.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(strings.NewReader(string(body)))
					if strings.Contains(string(body), "UNION") {
						application.RoundTrip(r)
						return
					}
					honest.ServeHTTP(w, r)
				})
				return gate, err
			}
		}},
		{name: "a gate that bans nobody", says: "is not banned", system: between(func(gate http.Handler) http.HandlerFunc {
			last := 0
			return func(w http.ResponseWriter, r *http.Request) {
				last++
				r.RemoteAddr = "198.18.7." + string(rune('0'+last%10)) + ":1" // each time another
				gate.ServeHTTP(w, r)
			}
		})},
		{name: "a gate that bans everybody", says: "others are banned", system: between(func(gate http.Handler) http.HandlerFunc {
			calls := 0
			return func(w http.ResponseWriter, r *http.Request) {
				if calls++; calls > 5 {
					r.RemoteAddr = "198.18.7.7:1"
				}
				gate.ServeHTTP(w, r)
			}
		})},
		{name: "a ban of ten minutes", says: "let in before 1h0m0s are over", engine: func(p *policy.Policy) { banFor(p, hours(10, policy.Minute)) }},
		{name: "a ban of a day", says: "banned for longer than 1h0m0s", engine: func(p *policy.Policy) { banFor(p, hours(1, policy.Day)) }},
		{name: "an application past the gate", says: "At the gate that people come through, an attack is not stopped", system: func(w *world, sys *control.System) {
			app := httptest.NewTLSServer(http.NotFoundHandler())
			sys.Application = app.URL
			sys.Listeners = append(sys.Listeners, control.Listener{Flag: "--people", Audience: control.Public, URL: app.URL, From: reaching(app)})
		}},
		{name: "a gate that stops attacks and bans nobody", says: "At the gate that people come through, the source of 5 attacks is not banned", system: func(_ *world, sys *control.System) {
			app := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					w.WriteHeader(http.StatusForbidden)
				}
			}))
			sys.Application = app.URL
			sys.Listeners = append(sys.Listeners, control.Listener{Flag: "--people", Audience: control.Public, URL: app.URL, From: reaching(app)})
		}},
	}
}

// banFor has the server ban for another time than was published.
func banFor(p *policy.Policy, term policy.Term) {
	for i := range p.Clauses {
		for j, k := range p.Clauses[i].Keep {
			if k.Control == "attack-bans" {
				p.Clauses[i].Keep[j].Params = policy.Params{"for": term}
			}
		}
	}
}

// TestAGateInTroubleProvesNothing: not that it stops attacks, nor that it bans too many.
func TestAGateInTroubleProvesNothing(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	after := func(forms, status int) func(http.Handler) http.HandlerFunc {
		return func(gate http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if forms--; forms < 0 {
					w.WriteHeader(status)
					return
				}
				gate.ServeHTTP(w, r)
			}
		}
	}
	application := func(answer http.HandlerFunc) func(*world, *control.System) {
		return func(_ *world, sys *control.System) {
			app := httptest.NewTLSServer(answer)
			t.Cleanup(app.Close)
			sys.Application = app.URL
			sys.Listeners = append(sys.Listeners, control.Listener{Flag: "--people", Audience: control.Public, URL: app.URL, From: reaching(app)})
		}
	}
	for name, s := range map[string]sabotage{
		"it is shut":                    {system: between(after(0, http.StatusForbidden))},
		"it fails":                      {system: between(after(0, http.StatusServiceUnavailable))},
		"it fails once some are banned": {system: between(after(1+4+5, http.StatusServiceUnavailable))},
		"people have to sign in first":  {says: "was not attacked over the network", system: application(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })},
		"the application is for nobody": {says: "was not attacked over the network", system: application(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })},
	} {
		sys := w.System()
		s.system(w, sys)
		for _, f := range w.probe(t, "attack-bans", sys) {
			facts := strings.Join(f.Facts, "\n")
			if s.says == "" && f.Outcome != control.Unable || s.says != "" && (f.Outcome != control.Kept || !strings.Contains(facts, s.says) || strings.Contains(facts, "are stopped")) {
				t.Errorf("%s: %s %q", name, f.Outcome, f.Facts)
			}
		}
	}
}

// TestTheRealGateIsAttacked: one that people come through, in front of an application, over the network.
func TestTheRealGateIsAttacked(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	var mu sync.Mutex
	arrived := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodGet {
			arrived++
		}
	}))
	defer upstream.Close()
	if _, err := w.App.Vault.CreateTenant(t.Context(), w.App.Operator(), vault.Tenant{ID: "clarus", Title: "Clarus"}); err != nil {
		t.Fatal(err)
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := app.SelfSigned(filepath.Join(w.Folder, "tls"), []string{"localhost", "127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.App.PeopleURL = "https://" + at.Addr().String()
	w.App.Config.Gate.Upstream, _ = url.Parse(upstream.URL)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := w.App.ServePeople(ctx, at, cert, "clarus"); err != nil {
			t.Error(err)
		}
	})
	defer serving.Wait()
	defer cancel()
	for range 3000 {
		if len(w.System().Listeners) == 4 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for _, f := range w.probe(t, "attack-bans", w.System()) {
		if f.Outcome != control.Kept || !strings.Contains(strings.Join(f.Facts, "\n"), "attacks over the network are stopped") {
			t.Errorf("%s: %s %q", f.Outcome, f.Summary, f.Facts)
		}
	}
	if arrived != 0 {
		t.Errorf("the application saw %d of the canary's forms", arrived)
	}
}
