package alert_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/notify"
)

// world is a server of Clear's policy, with two on call, whose pagers are integrations of their own.
type world struct {
	*testing.T
	*apptest.Server
	duties, admin *client.Client

	mu    sync.Mutex
	calls []string        // at the pager's service about the threat: action, key and page
	ours  map[string]bool // pages about the threat
}

var fields = regexp.MustCompile(`"routing_key":"(\w+)","event_action":"(\w+)","dedup_key":"clause-(\w+)"`)

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	got := fields.FindStringSubmatch(string(body))
	if got != nil && bytes.Contains(body, []byte("("+threat.Cause+")")) {
		w.ours[got[3]] = true
	}
	if got != nil && w.ours[got[3]] { // the organisation has clocks that call, too
		w.calls = append(w.calls, got[2]+" "+got[1][:3]+" "+got[3])
	}
	rw.WriteHeader(http.StatusAccepted)
}

func each(t *testing.T, run func(w *world)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			w := &world{T: t, ours: map[string]bool{}}
			service := httptest.NewTLSServer(w)
			t.Cleanup(service.Close)
			source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			o := apptest.Options{Policy: source, Notify: app.Notify{
				PagerKey: strings.Repeat("all", 11), PagerKeys: map[string]string{"bob": strings.Repeat("bob", 11)}, PagerURL: service.URL, HTTP: service.Client(),
				Staff: notify.Staff{"ann": {Pager: true, OnCall: 1}, "bob": {Pager: true, OnCall: 2}},
			}}
			if engine == "postgres" {
				c := dbtest.Postgres(t)
				o.Store, o.Migrate = c.URL, c.Migrate
			}
			w.Server = apptest.Start(t, o)
			w.admin = w.Client(t, w.Application(t, nil, "admin"))
			if _, err := w.admin.CreateTenant(t.Context(), api.NewTenant{ID: "acme", Title: "Acme", Region: w.App.Region, Environment: w.App.Environment}); err != nil {
				t.Fatal(err)
			}
			w.duties = w.Client(t, w.Application(t, []string{"acme"}, "duties"))
			run(w)
		})
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(what string, err error, status int) {
	w.Helper()
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != status {
		w.Errorf("%s: %v, want status %d", what, err, status)
	}
}

// pass lets time go by, and the server do what is due.
func (w *world) pass(by time.Duration) {
	w.Helper()
	w.Clock.Move(by)
	_, err := w.App.Clocks.RunDue(w.Context(), w.Clock.Now())
	w.must(err)
}

func (w *world) get(id string) api.Alert {
	w.Helper()
	a, err := w.duties.Alert(w.Context(), "acme", id)
	w.must(err)
	return a
}

// called waits until the pager's service was called so about the threat, by action and key, in order.
func (w *world) called(want string) {
	w.Helper()
	var got string
	for range 3000 {
		_, err := w.App.Outbox.Run(w.Context(), w.Clock.Now())
		w.must(err)
		w.mu.Lock()
		var calls []string
		for _, c := range w.calls {
			action, rest, _ := strings.Cut(c, " ")
			key, _, _ := strings.Cut(rest, " ")
			calls = append(calls, action+" "+key)
		}
		w.mu.Unlock()
		if got = strings.Join(calls, ", "); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.Errorf("called: %s\nwant:   %s", got, want)
}

var threat = api.Alarm{Kind: "threat", Cause: "flow-1", Severity: "critical"}

// Nobody answers: it goes from one on call to the next and round again, each time once, and whoever is called
// again has the call before resolved. Then somebody acknowledges, and it goes to nobody.
func TestAnAlertThatNobodyAnswers(t *testing.T) {
	each(t, func(w *world) {
		a, err := w.duties.RaiseAlert(w.Context(), "acme", threat)
		w.must(err)
		if a.State != "open" || a.Steps != 1 || len(a.Told) != 1 || a.Told[0].Role != "ann" || a.AnswerBy == nil || a.AnswerBy.Sub(a.Raised) != 15*time.Minute || len(a.Clocks) != 1 || a.Clocks[0].Clause != "clear-anomalies" {
			w.Fatalf("raised %+v", a)
		}
		again, err := w.duties.RaiseAlert(w.Context(), "acme", threat)
		w.must(err)
		if again.ID != a.ID || again.Times != 2 || again.Steps != 1 {
			w.Errorf("raised again: %+v", again)
		}
		w.called("trigger all")
		w.pass(14 * time.Minute)
		if got := w.get(a.ID); got.Steps != 1 {
			w.Errorf("after 14 minutes it is %+v", got)
		}
		w.pass(2 * time.Minute)
		w.pass(0)
		if got := w.get(a.ID); got.Steps != 2 || got.Told[1].Role != "bob" || !got.Clocks[0].Late || got.Clocks[0].State != "done" || got.Clocks[1].State != "running" {
			w.Errorf("after 16 minutes it is %+v", got)
		}
		w.called("trigger all, trigger bob")
		w.pass(3 * 24 * time.Hour) // the server was down: it goes on by one
		if got := w.get(a.ID); got.Steps != 3 || got.Told[2].Role != "ann" {
			w.Errorf("after days it is %+v", got)
		}
		for range 3000 {
			w.mu.Lock()
			n := len(w.calls)
			w.mu.Unlock()
			if n == 4 {
				break
			}
			_, err := w.App.Outbox.Run(w.Context(), w.Clock.Now())
			w.must(err)
			time.Sleep(20 * time.Millisecond)
		}
		w.mu.Lock()
		resolved, first := "", strings.Fields(w.calls[0])[2]
		for _, c := range w.calls {
			if f := strings.Fields(c); f[0] == "resolve" {
				resolved = f[2]
			}
		}
		n := len(w.calls)
		w.mu.Unlock()
		if n != 4 || resolved != first {
			w.Errorf("%d calls; resolved is %q, and %q was the first", n, resolved, first)
		}
		got, err := w.duties.AcknowledgeAlert(w.Context(), "acme", a.ID)
		w.must(err)
		if got.State != "acknowledged" || got.AcknowledgedBy == "" || got.AnswerBy != nil {
			w.Errorf("acknowledged it is %+v", got)
		}
		_, err = w.duties.AcknowledgeAlert(w.Context(), "acme", a.ID)
		w.must(err)
		w.pass(time.Hour)
		if got := w.get(a.ID); got.Steps != 3 {
			w.Errorf("it went on: %+v", got)
		}
		done, err := w.duties.ResolveAlert(w.Context(), "acme", a.ID, "blocked")
		w.must(err)
		if done.State != "resolved" || done.Reason != "blocked" {
			w.Errorf("resolved it is %+v", done)
		}
		_, err = w.duties.AcknowledgeAlert(w.Context(), "acme", a.ID)
		w.refused("acknowledging what is over", err, 409)
		_, err = w.duties.ResolveAlert(w.Context(), "acme", a.ID, "blocked")
		w.refused("resolving it again", err, 409)
		w.refused("removing what is no drill", w.duties.RemoveAlertDrill(w.Context(), "acme", a.ID), 409)
		anew, err := w.duties.RaiseAlert(w.Context(), "acme", threat)
		w.must(err)
		if anew.ID == a.ID || anew.Times != 1 {
			w.Errorf("raised after it was over: %+v", anew)
		}
		page, err := w.duties.ListAlerts(w.Context(), "acme", "", 1)
		w.must(err)
		if len(page.Alerts) != 1 || page.Alerts[0].ID != anew.ID || page.Next == "" {
			w.Errorf("listed %+v", page)
		}
	})
}

// A clause with clocks that are near, then missed, has one alert of each, which end when nothing presses.
func TestClocksRaiseAlerts(t *testing.T) {
	each(t, func(w *world) {
		ctx, desk := w.Context(), w.duties
		raise := func(kind string) (id string) {
			w.must(w.App.DB.Write(ctx, "acme", func(tx *db.Tx) (err error) {
				id, err = w.desk().Raise(tx, alert.Alarm{Kind: kind, Cause: "clear-anomalies", Severity: "error", By: "clause"})
				return err
			}))
			return id
		}
		near, missed := raise(alert.ClockNear), raise(alert.ClockMissed)
		if near == missed || raise(alert.ClockMissed) != missed {
			w.Error("one cause has two alerts, or two have one")
		}
		_, err := desk.ResolveAlert(ctx, "acme", near, "tired-of-it")
		w.refused("ending what the server raised", err, 409)
		w.Clock.Move(2 * time.Minute)
		w.must(w.desk().Run(ctx, w.Clock.Now()))
		for _, id := range []string{near, missed} {
			if got := w.get(id); got.State != "resolved" || got.Reason != "no-longer-owed" {
				w.Errorf("nothing presses, and it is %+v", got)
			}
		}
	})
}

// desk is one of the test's own, over the server's store.
func (w *world) desk() *alert.Desk {
	return &alert.Desk{Vault: w.App.Vault, Engine: w.App.Clocks, Staff: w.App.Notify.Staff, Duties: w.App.Plan.Alerts, Log: w.App.Log}
}

// Whose alerts they are: a tenant's are its own, the organisation's those of administrators.
func TestWhoseAlerts(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		drill := threat
		drill.Drill = true
		a, err := w.duties.RaiseAlert(ctx, "acme", drill)
		w.must(err)
		_, err = w.duties.Alert(ctx, "", a.ID)
		w.refused("the organisation's by a tenant's", err, 403)
		_, err = w.duties.AcknowledgeAlert(ctx, "other", a.ID)
		w.refused("another tenant's", err, 403)
		_, err = w.duties.AcknowledgeAlert(ctx, db.Organisation, a.ID)
		w.refused("the organisation's by its id", err, 403)
		_, err = w.admin.Alert(ctx, "acme", a.ID)
		w.refused("a tenant's by an administrator", err, 403)
		_, err = w.admin.Alert(ctx, "", a.ID)
		w.refused("a tenant's among the organisation's", err, 404)
		early := w.Clock.Now().Add(time.Hour)
		late := w.Clock.Now().AddDate(0, 0, -31)
		for _, at := range []time.Time{early, late} {
			other := drill
			other.Cause, other.Detected = "other", &at
			_, err = w.duties.RaiseAlert(ctx, "acme", other)
			w.refused("detected at another time", err, 400)
		}
		w.must(w.duties.RemoveAlertDrill(ctx, "acme", a.ID))
		_, err = w.duties.Alert(ctx, "acme", a.ID)
		w.refused("a drill that was removed", err, 404)
		var left int
		w.must(w.App.DB.Get(ctx, "acme", `SELECT (SELECT COUNT(*) FROM clocks WHERE tenant_id = $1) + (SELECT COUNT(*) FROM outbox WHERE tenant_id = $1)`, []any{"acme"}, &left))
		if left != 0 {
			w.Errorf("a drill leaves %d rows behind", left)
		}
	})
}
