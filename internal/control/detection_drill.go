package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
)

// detectionDrill does at a gate of its own what has to be found, and looks for the alerts, which it removes again.
type detectionDrill struct {
	t    *trial
	s    *System
	kind string // of the alerts
	gate Behind
	door door
}

// begin puts a canary application behind a gate; false if nothing can be tried.
func (d *detectionDrill) begin(ctx context.Context) bool {
	if d.s.Behind == nil || d.s.HTTP == nil || d.s.Seen == nil {
		d.t.hurdle("the gate, or the front door, cannot be seen.")
		return false
	}
	d.door = d.s.door(d.s.Canary.A.Key)
	if _, ok := d.alerts(ctx); !ok { // a server in trouble proves nothing
		return false
	}
	var err error
	switch d.gate, err = d.s.Behind(canned{}); {
	case err != nil:
		d.t.hurdle("no gate could be made: %v", err)
		return false
	case d.gate.Door == "":
		d.t.breach("What happens at the gate is not searched.")
		return false
	}
	return d.many(ctx, 1, http.StatusOK, func() string { return "/" })
}

// canned is a canary application: it has one page, one that fails, and nothing else.
type canned struct{}

// RoundTrip answers.
func (canned) RoundTrip(r *http.Request) (*http.Response, error) {
	status := http.StatusNotFound
	switch r.URL.Path {
	case "/":
		status = http.StatusOK
	case "/fails":
		status = http.StatusInternalServerError
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/plain"}}, Request: r,
		Body: io.NopCloser(strings.NewReader("canary")), ContentLength: int64(len("canary")),
	}, nil
}

// place is where a canary comes from: an address that is nobody's (RFC 3849), another each time.
func place() netip.Addr {
	at := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1}
	rand.Read(at[4:8]) // never fails: Go ends the program instead
	return netip.AddrFrom16(at)
}

// ask asks the gate, without a network, as if from a place.
func (d *detectionDrill) ask(ctx context.Context, from netip.Addr, method, path string, form url.Values) (answer, error) {
	at := url.URL{Scheme: "https", Host: d.gate.Host, Path: path}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		return answer{}, err
	}
	r.RemoteAddr = netip.AddrPortFrom(from, 1).String()
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := &written{header: http.Header{}}
	d.gate.ServeHTTP(w, r)
	return answer{status: w.status, header: w.sent, body: w.body.Bytes()}, nil
}

// many asks for pages from one place, each of which has to be answered with a status.
func (d *detectionDrill) many(ctx context.Context, n, status int, page func() string) bool {
	from := place()
	for range n {
		a, err := d.ask(ctx, from, http.MethodGet, page(), nil)
		if err != nil || a.status != status {
			d.t.hurdle("the canary application behind the gate: %v", came(a, err))
			return false
		}
	}
	return true
}

// alerts are those of this drill's gate, by their causes.
func (d *detectionDrill) alerts(ctx context.Context) (mine []api.Alert, ok bool) {
	a, err := d.door.do(ctx, call{method: "GET", path: "/v1/tenants/" + d.s.Canary.A.ID + "/alerts"})
	if !d.t.mustShow("reading alerts", a, err) {
		return nil, false
	}
	var list api.Alerts
	if err := json.Unmarshal(a.body, &list); err != nil {
		d.t.hurdle("reading alerts: the answer is no list.")
		return nil, false
	}
	for i := range list.Alerts {
		if one := &list.Alerts[i]; d.gate.Door != "" && strings.HasSuffix(one.Cause, "."+d.gate.Door) {
			mine = append(mine, *one)
		}
	}
	return mine, true
}

// How many beats a probe waits for an alert, and for one that must not come. Doors are searched thrice in each.
const (
	foundWithin = 3
	searchedBy  = 1
)

// raises waits for an alert of each cause.
func (d *detectionDrill) raises(ctx context.Context, causes ...string) bool {
	for waited := time.Duration(0); ; waited += glance {
		found, ok := d.alerts(ctx)
		if !ok {
			return false
		}
		missing := slices.DeleteFunc(slices.Clone(causes), func(what string) bool { return d.about(found, what) != nil })
		if len(missing) == 0 {
			for _, what := range causes {
				d.t.good("A canary's %s raised an alert.", spelt(what))
			}
			return true
		}
		if waited >= d.s.beats(foundWithin) {
			d.t.breach("A canary's %s at the gate raised no alert.", spelt(missing[0]))
			return false
		}
		if pause(ctx, glance) != nil {
			d.t.hurdle("the probe was cut short.")
			return false
		}
	}
}

// about is the alert of a cause, nil if there is none.
func (d *detectionDrill) about(all []api.Alert, what string) *api.Alert {
	i := slices.IndexFunc(all, func(a api.Alert) bool { return a.Kind == d.kind && a.Cause == what+"."+d.gate.Door })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// spelt is a cause in words.
func spelt(what string) string { return strings.ReplaceAll(what, "-", " ") }

// once waits for two more searches, and looks that what goes on raised no second alert, and nothing else any.
func (d *detectionDrill) once(ctx context.Context, causes ...string) {
	if pause(ctx, d.s.beats(searchedBy)) != nil {
		d.t.hurdle("the probe was cut short.")
		return
	}
	found, ok := d.alerts(ctx)
	if !ok {
		return
	}
	for i := range found {
		what := strings.TrimSuffix(found[i].Cause, "."+d.gate.Door)
		switch {
		case !slices.Contains(causes, what) || found[i].Kind != d.kind:
			d.t.breach("What ordinary visitors do raised an alert (%s).", spelt(what))
		case found[i].Times > 1:
			d.t.breach("A canary's %s that goes on raised its alert %d times.", spelt(what), found[i].Times)
		}
	}
	if len(found) > len(causes) {
		d.t.breach("%d alerts were raised of %s.", len(found), plural(len(causes), "cause"))
		return
	}
	d.t.good("While it went on it raised no other alert, and ordinary visits raised none.")
}

// tidy removes the alerts, whatever became of the probe.
func (d *detectionDrill) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	found, _ := d.alerts(ctx)
	for i := range found {
		got, err := d.door.do(ctx, call{method: "DELETE", path: "/v1/tenants/" + d.s.Canary.A.ID + "/alerts/" + found[i].ID})
		if err := done("an alert of a canary could not be removed again", got, err); err != nil && !got.refused() {
			d.t.hurdle("%v", err)
		}
	}
}

// doors looks that what happens at the server's own doors is searched.
func (d *detectionDrill) doors(ctx context.Context) {
	d.reaches(ctx, "api", "the front door", d.s.URL, "/healthz")
	if d.s.Application == "" {
		d.t.note("No application stands behind the gate (serve --upstream): what happens at one that stands elsewhere is not searched.")
		return
	}
	d.reaches(ctx, "gate", "the company's application", d.s.Application, "/")
}

// visits are made to see that they are counted.
const visits = 3

// reaches visits a door as anybody would: by the listener of this server, since the address may lead to another of
// several, and not by the way of the probes, which is not searched.
func (d *detectionDrill) reaches(ctx context.Context, name, where, address, path string) {
	before, visitor := d.s.Seen(name), door{http: d.s.HTTP, url: address}
	for i := range d.s.Listeners {
		if l := &d.s.Listeners[i]; l.URL == address {
			visitor.http = l.From(netip.Addr{})
		}
	}
	for range visits {
		if _, err := visitor.do(ctx, call{method: "GET", path: path}); err != nil {
			d.t.hurdle("visiting %s: %v", where, err)
			return
		}
	}
	for waited := time.Duration(0); d.s.Seen(name) < before+visits; waited += glance {
		if waited >= 4*glance {
			d.t.breach("Visits to %s are not searched.", where)
			return
		}
		if pause(ctx, glance) != nil {
			d.t.hurdle("the probe was cut short.")
			return
		}
	}
	d.t.good("Visits to %s are searched.", where)
}
