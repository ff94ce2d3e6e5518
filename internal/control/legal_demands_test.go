package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestLegalDemandsCheck(t *testing.T) {
	week := policy.Term{Form: policy.Within, Count: 1, Unit: policy.Week}
	checks(t, []check{
		{name: "both", control: &control.LegalDemands{Review: true, Notice: true, Wait: week}},
		{name: "nothing more", control: &control.LegalDemands{}},
		{name: "a wait without figure", control: &control.LegalDemands{Notice: true, Wait: policy.Term{Form: policy.Prompt}}, param: "wait", finds: []string{"no time to wait"}},
		{name: "a wait after no notice", control: &control.LegalDemands{Review: true, Wait: week}, param: "wait", finds: []string{"does not promise"}},
	})
}

// Of several times to wait the longest is kept.
func TestLegalDemandsPlan(t *testing.T) {
	within := func(n int) policy.Params {
		return policy.Params{"notice": true, "wait": policy.Term{Form: policy.Within, Count: n, Unit: policy.Day}}
	}
	plan, err := control.PlanOf(promising(keep("legal-demands", within(3)), keep("legal-demands", within(7)), keep("legal-demands", nil)))
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.Incidents.Demand; got.Wait.String() != "7 days" || len(got.Clauses) != 3 {
		t.Errorf("planned is %+v", got)
	}
}

func demandSabotages() []sabotage {
	at := func(suffix string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, suffix) }
	}
	return []sabotage{
		{name: "what nobody reviewed is released", says: "Releasing what nobody has reviewed was allowed", front: pleasing(at("/release"))},
		{name: "whoever enters a demand reviews it", says: "whoever entered the demand was allowed", front: pleasing(at("/review"))},
		losingMessages("the notice is lost", "was not told of the demand before", "demands", "/review"),
		{name: "more is granted than was", says: "no more than", front: generous()},
		{name: "a gag is overlooked", says: "though the law forbids it", front: ungagged()},
		{name: "an answer leaves in the clear", says: "leaves in the clear", front: inTheClear()},
		{name: "a gag without end", says: "Nothing has the person told", front: altering("/review", func(body []byte) []byte {
			return regexp.MustCompile(`"clocks":\[.*\]`).ReplaceAll(body, []byte(`"clocks":[]`))
		})},
	}
}

// generous grants all that was asked for.
func generous() func(*control.System, http.Handler) http.Handler {
	var asked atomic.Pointer[[]string]
	return rewriting(func(_ *control.System, r *http.Request) {
		body := bodyOf(r)
		if strings.HasSuffix(r.URL.Path, "/demands") && r.Method == "POST" {
			var in api.LegalDemand
			json.Unmarshal(body, &in)
			asked.Store(&in.Fields)
		}
		if strings.HasSuffix(r.URL.Path, "/review") {
			var in api.Review
			json.Unmarshal(body, &in)
			in.Fields = *asked.Load()
			sendInstead(r, in)
		}
	})
}

// ungagged takes a gag for none.
func ungagged() func(*control.System, http.Handler) http.Handler {
	return rewriting(func(_ *control.System, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/review") {
			var in api.Review
			json.Unmarshal(bodyOf(r), &in)
			in.Gagged = nil
			sendInstead(r, in)
		}
	})
}

// inTheClear adds what was stored to the answer.
func inTheClear() func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		var last atomic.Pointer[[]byte]
		door := altering("/release", func(body []byte) []byte { return append(body, *last.Load()...) })(sys, next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body := bodyOf(r); strings.Contains(r.URL.Path, "/data/") && r.Method == "POST" {
				last.Store(&body)
			}
			door.ServeHTTP(w, r)
		})
	}
}

func sendInstead(r *http.Request, body any) {
	text, _ := json.Marshal(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
}
