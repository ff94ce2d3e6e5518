package control_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

func TestMonitoringCheck(t *testing.T) {
	minutes := policy.Term{Form: policy.Within, Count: 15, Unit: policy.Minute}
	never := policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}
	business := policy.Term{Form: policy.Within, Count: 1, Unit: policy.BusinessDay}
	checks(t, []check{
		{name: "minutes", control: &control.Monitoring{Acknowledge: minutes}},
		{name: "a rhythm", control: &control.Monitoring{Acknowledge: never}, param: "acknowledge", finds: []string{"within a time"}},
		{name: "business days without a calendar", control: &control.Pager{Acknowledge: business}, param: "acknowledge", finds: []string{"on a calendar"}},
	})
	plan, err := control.PlanOf(promising(keep("monitoring", policy.Params{"acknowledge": minutes})))
	if err != nil || len(plan.Alerts) != 1 || plan.Alerts[0].Clause != "promise" || plan.Alerts[0].Limit != minutes || len(plan.Duties) != 0 {
		t.Errorf("planned %+v, %v: an alert's clock is nobody's to open", plan.Alerts, err)
	}
}

// onCall is two people on call, and a pager's service that takes what PagerDuty does. change may spoil it.
func onCall(t *testing.T, change func(*app.Notify)) app.Notify {
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body := string(bodyOf(r)); {
		case strings.Contains(body, "refused"):
			w.WriteHeader(http.StatusBadRequest)
		case strings.Contains(body, `"event_action":"trigger"`) && strings.Contains(body, "canary"):
			t.Errorf("somebody was called for a canary: %s", body)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(service.Close)
	n := app.Notify{
		PagerKey: "0123456789abcdef0123456789abcdef", PagerURL: service.URL, HTTP: service.Client(),
		Staff: notify.Staff{"ann": {Pager: true, OnCall: 1}, "bob": {Pager: true, Webhook: true, OnCall: 2}},
	}
	if change != nil {
		change(&n)
	}
	return n
}

// laxerAlerts runs by another figure than was published.
func laxerAlerts(p *policy.Policy) {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if keep.Control == "monitoring" || keep.Control == "pager" {
				keep.Params["acknowledge"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Minute}
			}
		}
	}
}

func monitoringSabotages() []sabotage {
	return []sabotage{
		{name: "nobody is on call", says: "names nobody who is", notify: func(n *app.Notify) { n.Staff = nil }},
		{name: "one alone is on call", says: "nobody on call after the first", notify: func(n *app.Notify) { delete(n.Staff, "bob") }},
		{name: "a laxer figure is run by", says: "unacknowledged for longer than 15 minutes", engine: laxerAlerts},
		{name: "an acknowledgement is forgotten", says: "was acknowledged is open", front: answeredFor("/acknowledge", `{"id":"alr_x"}`)},
		{name: "a threat has two alerts", says: "has two alerts", front: onceMore()},
		{name: "acknowledgements are unrecorded", says: "There is no alert.acknowledged", front: pretended()},
		afterRaising("messages are lost", "Nobody on call is told", `DELETE FROM outbox WHERE tenant_id = $1 AND owner <> ''`),
		afterRaising("nobody runs the clocks", "went to nobody else", `UPDATE clocks SET wake_at = 0 WHERE tenant_id = $1 AND kind = 'alert.answer'`),
	}
}

// afterRaising does something behind the server's back to what was just raised.
func afterRaising(name, says, query string) sabotage {
	var w *world
	return sabotage{
		name: name, says: says,
		before: func(_ *testing.T, mine *world) { w = mine },
		front: func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(rw, r)
				if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/alerts") {
					w.exec(context.WithoutCancel(r.Context()), sys.Canary.A.ID, query, sys.Canary.A.ID)
				}
			})
		},
	}
}

// onceMore raises another alert where the same threat is raised again.
func onceMore() func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var n atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body := bodyOf(r); r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/alerts") && n.Add(1) == 2 {
				body = bytes.Replace(body, []byte(`"canary-`), []byte(`"again-`), 1)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
			next.ServeHTTP(w, r)
		})
	}
}

// pretended shows every alert as acknowledged, and acknowledges none.
func pretended() func(*control.System, http.Handler) http.Handler {
	told := retelling(func(r *http.Request) bool { return r.Method == "GET" && strings.Contains(r.URL.Path, "/alerts/") }, func(body []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(`"open"`), []byte(`"acknowledged"`)), []byte(`"running"`), []byte(`"done"`))
	})
	return func(sys *control.System, next http.Handler) http.Handler {
		return answeredFor("/acknowledge", `{"id":"alr_x"}`)(sys, told(sys, next))
	}
}
