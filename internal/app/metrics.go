package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"runtime/metrics"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
)

// metricsPath is where Prometheus looks.
const metricsPath = "/metrics"

// ServeMetrics serves the figures that an operator needs, at a listener of their own, in the text format of
// Prometheus. They tell of nobody: no tenant, no person, no address.
func (a *App) ServeMetrics(ctx context.Context, at net.Listener, cert tls.Certificate) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metricsPath, func(w http.ResponseWriter, r *http.Request) {
		var f figures
		a.figures(r.Context(), &f)
		h := w.Header()
		h.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write([]byte(f.text.String()))
	})
	return a.serveDoor(ctx, at, metricsDoor, httpapi.Server(mux, a.TLSConfig(cert)))
}

// figures are written as they are gathered.
type figures struct{ text strings.Builder }

// add writes one figure: its name, kind and meaning, and a value for each label, "" for none.
func (f *figures) add(name, kind, help, label string, values map[string]float64) {
	fmt.Fprintf(&f.text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, of := range slices.Sorted(maps.Keys(values)) {
		if label == "" {
			fmt.Fprintf(&f.text, "%s %g\n", name, values[of])
			continue
		}
		fmt.Fprintf(&f.text, "%s{%s=%q} %g\n", name, label, of, values[of])
	}
}

func (f *figures) one(name, kind, help string, value float64) {
	f.add(name, kind, help, "", map[string]float64{"": value})
}

// figures gathers all. What cannot be had is left out: an alert is set on its absence.
func (a *App) figures(ctx context.Context, f *figures) {
	ready := 0.0
	if a.ready(ctx) == nil {
		ready = 1
	}
	f.one("clause_ready", "gauge", "Whether the store can be read.", ready)
	f.add("clause_policy_info", "gauge", "The policy that is kept.", "version", map[string]float64{a.Policy.Version: 1})
	a.clauseFigures(ctx, f)
	a.requestFigures(f)
	a.gateFigures(f)
	processFigures(f)
}

// clauseFigures say how clauses and clocks stand.
func (a *App) clauseFigures(ctx context.Context, f *figures) {
	now := a.Now()
	statuses, err := a.Evidence.Statuses(ctx, now)
	if err != nil {
		a.noFigure(err)
		return
	}
	states := map[string]float64{}
	for _, s := range []evidence.State{evidence.Kept, evidence.AtRisk, evidence.Broken, evidence.Attested, evidence.Stated, evidence.Unkept} {
		states[string(s)] = 0
	}
	for i := range statuses {
		states[string(statuses[i].State)]++
	}
	f.add("clause_clauses", "gauge", "Clauses of the policy, by how they stand.", "state", states)
	if at := oldest(statuses); !at.IsZero() {
		f.one("clause_probe_age_seconds", "gauge", "How old the oldest of the newest outcomes of probes is.", now.Sub(at).Seconds())
	}
	clocks, err := a.Evidence.Clocks(ctx, now)
	if err != nil {
		a.noFigure(err)
		return
	}
	stand := map[string]float64{"running": 0, "near": 0, "missed": 0}
	for _, c := range clocks {
		stand["running"] += float64(c.Running)
		stand["near"] += float64(c.Near)
		stand["missed"] += float64(c.Missed)
	}
	f.add("clause_clocks", "gauge", "Clocks of what is owed, by how they stand.", "state", stand)
}

// oldest is when that control was probed last which was not probed for longest; zero if one never was.
func oldest(all []evidence.Status) (at time.Time) {
	some := false
	for i := range all {
		for _, c := range all[i].Controls {
			if c.Runs && (!some || c.Newest.At.Before(at)) {
				some, at = true, c.Newest.At
			}
		}
	}
	return at
}

func (a *App) noFigure(err error) {
	a.Log.Warn("a figure could not be had", "kind", fault.KindOf(err).String(), "why", fault.Public(err))
}

// requestFigures say what came to each listener.
func (a *App) requestFigures(f *figures) {
	total, open := map[string]float64{}, map[string]float64{}
	for _, l := range a.listeners.now() {
		name := strings.TrimPrefix(l.flag, "--")
		total[name] += float64(l.requests.Load())
		open[name] += float64(l.open.Load())
	}
	f.add("clause_requests_total", "counter", "Requests that came, by listener.", "listener", total)
	f.add("clause_requests_open", "gauge", "Requests under way, by listener.", "listener", open)
}

// gateFigures say what the gate turned away.
func (a *App) gateFigures(f *figures) {
	g := a.gate.Load()
	if g == nil {
		return
	}
	away := map[string]float64{}
	for why, n := range g.TurnedAway() {
		away[why] = float64(n)
	}
	f.add("clause_gate_turned_away_total", "counter", "Requests that the gate did not let in, by reason.", "why", away)
	f.one("clause_gate_banned", "gauge", "Sources of attacks that are banned.", float64(g.Banned()))
}

// processFigures say what the program takes.
func processFigures(f *figures) {
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples)
	f.one("go_goroutines", "gauge", "Goroutines.", float64(samples[0].Value.Uint64()))
	f.one("go_memory_bytes", "gauge", "Memory taken of the system, in bytes.", float64(samples[1].Value.Uint64()))
}
