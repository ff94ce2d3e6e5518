package control_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestBreachNoticeCheck(t *testing.T) {
	hours := policy.Term{Form: policy.Within, Count: 72, Unit: policy.Hour}
	prompt := policy.Term{Form: policy.Prompt}
	checks(t, []check{
		{name: "both", control: &control.BreachNotice{Authority: hours, People: prompt}},
		{name: "people alone", control: &control.BreachNotice{People: policy.Term{Form: policy.Instant}, PeopleAt: "any", Channels: []string{"email", "phone"}}},
		{name: "that people are told", control: &control.BreachNotice{}},
		{name: "a rhythm", control: &control.BreachNotice{Authority: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}}, param: "authority", finds: []string{"told of once"}},
		{name: "business days without a calendar", control: &control.BreachNotice{Authority: policy.Term{Form: policy.Within, Count: 3, Unit: policy.BusinessDay}}, param: "authority", finds: []string{"on a calendar"}},
	})
}

// A promise without a figure runs to one all the same, and is near after a day.
func TestBreachNoticePlan(t *testing.T) {
	hours := policy.Term{Form: policy.Within, Count: 72, Unit: policy.Hour}
	for _, row := range []struct {
		name                      string
		params                    policy.Params
		authority, people, target string
		at                        string
	}{
		{"both", policy.Params{"authority": hours, "people": policy.Term{Form: policy.Prompt}}, "72 hours", "72 hours", "24 hours", "high"},
		{"people alone", policy.Params{"people": policy.Term{Form: policy.Prompt}, "people-at": "any"}, "", "2 days", "24 hours", "none"},
		{"only that people are told", nil, "", "2 days", "24 hours", "high"},
		{"only how", policy.Params{"authority": hours, "channels": []string{"letter"}}, "72 hours", "72 hours", "24 hours", "high"},
		{"the authority alone", policy.Params{"authority": hours}, "72 hours", "", "", "high"},
		{"at once", policy.Params{"people": policy.Term{Form: policy.Instant}, "people-at": "risk"}, "", "1 day", "", "risk"},
		{"a figure of its own", policy.Params{"authority": hours, "people": policy.Term{Form: policy.Within, Count: 5, Unit: policy.Day}}, "72 hours", "5 days", "", "high"},
	} {
		plan, err := control.PlanOf(promising(keep("breach-notice", row.params)))
		if err != nil {
			t.Fatal(err)
		}
		got := plan.Incidents.Breach[0]
		if got.Clause != "promise" || got.Authority.Limit.String() != row.authority || got.People.Limit.String() != row.people ||
			got.People.Target.String() != row.target || got.PeopleAt != row.at || len(plan.Duties["promise"]) == 0 {
			t.Errorf("%s is planned as %+v", row.name, got)
		}
	}
}

// Clari promises channels that somebody serves by hand, and to tell of every breach.
func TestBreachNoticeOfClari(t *testing.T) {
	newWorld(t, sabotage{example: "clari"}).keeps(t, "breach-notice")
}

func breachSabotages() []sabotage {
	laxer := func(change func(policy.Params)) func(*policy.Policy) {
		return func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "breach-notice" {
						change(keep.Params)
					}
				}
			}
		}
	}
	return []sabotage{
		{name: "a laxer figure is run by", says: "which is not what the clause says", engine: laxer(func(p policy.Params) {
			p["authority"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Hour}
		})},
		{name: "people are not owed a notice", says: "has started no clock of breach.people", engine: laxer(func(p policy.Params) { delete(p, "people") })},
		{name: "a clock runs longer than promised", says: "does not end when", front: altering("/aware", func(body []byte) []byte {
			at := bytes.Index(body, []byte(`"due":"`)) + len(`"due":"`)
			body[at+3]++ // the last digit of the year
			return body
		})},
		{name: "people are told by fewer channels", says: "is not told by email", engine: func(p *policy.Policy) { p.Contacts.Email = "" }},
		{name: "whoever is stored is taken for read", says: "2 people are found concerned", front: resaid("/incidents", `"confidentiality"`, `"integrity"`)},
		{name: "nobody is found concerned", says: "Nobody is found concerned", front: resaid("/incidents", `"confidentiality"`, `"availability"`)},
		{name: "the form leaves out the consequences", says: "does not say the likely consequences", front: resaid("/assess", `"consequences":["loss-of-confidentiality"]`, `"consequences":[]`)},
		{name: "the form holds what people entered", says: "holds data of the people concerned", front: tellingTales()},
		losingMessages("the messages are lost", "is in the outbox", "incidents", "/people"),
		{name: "an incident is closed unrecorded", says: "there is no incident.closed", front: answeredFor("/close", `{"id":"inc_x","state":"closed","clocks":[]}`)},
	}
}

// resaid changes the body of requests to an address.
func resaid(suffix, old, with string) func(*control.System, http.Handler) http.Handler {
	return rewriting(func(_ *control.System, r *http.Request) {
		if body := bodyOf(r); strings.HasSuffix(r.URL.Path, suffix) {
			body = bytes.ReplaceAll(body, []byte(old), []byte(with))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
	})
}

// altering changes the answers of an address.
func altering(suffix string, change func([]byte) []byte) func(*control.System, http.Handler) http.Handler {
	return retelling(func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, suffix) && (r.Method != "GET" || suffix == "/notification")
	}, change)
}

// tellingTales puts what was stored last into the form.
func tellingTales() func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		var last atomic.Pointer[[]byte]
		form := altering("/notification", func(body []byte) []byte {
			return append(bytes.TrimSuffix(bytes.TrimSpace(body), []byte("}")), append([]byte(`,"sample":`), append(*last.Load(), '}')...)...)
		})(sys, next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body := bodyOf(r); strings.Contains(r.URL.Path, "/data/") && r.Method == "POST" {
				last.Store(&body)
			}
			form.ServeHTTP(w, r)
		})
	}
}

// losingMessages drops what was enqueued about a thing once a step of it is done.
func losingMessages(name, says, kind, step string) sabotage {
	var w *world
	return sabotage{
		name: name, says: says,
		before: func(_ *testing.T, mine *world) { w = mine },
		front: func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(rw, r)
				if parts := strings.Split(r.URL.Path, "/"); len(parts) > 6 && parts[4] == kind && strings.HasSuffix(r.URL.Path, step) {
					tenant := sys.Canary.A.ID
					w.exec(r.Context(), tenant, `DELETE FROM outbox WHERE tenant_id = $1 AND event = $2`, tenant, parts[5])
				}
			})
		},
	}
}

// answeredFor answers a step as done that was not.
func answeredFor(step, answer string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, step) {
				w.Write([]byte(answer))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
