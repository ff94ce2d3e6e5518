package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The routes of tests, findings, exercises and reports: each one call into the domain, and nothing that does
// not fit its schema gets that far.
func TestAssuranceEndpoints(t *testing.T) {
	const org = "/v1/tenants/_org"
	json := []string{asData, isJSONl}
	digest := strings.Repeat("a", 64)
	for _, sc := range []scenario{
		{name: "plan", method: "POST", path: org + "/tests", header: json, body: `{"application":"filing","tester":"tester-1","begins":"2026-03-02T00:00:00Z"}`, status: 201,
			call: `PlanTest app_data _org filing tester-1 ""`, want: []string{`{"id":"tst_1","state":"planned","drill":false,"application":"filing"`}},
		{name: "plan with a name", method: "POST", path: org + "/tests", header: json, body: `{"application":"filing","tester":"Zoe Khan","begins":"2026-03-02T00:00:00Z"}`, status: 422, absent: []string{"Zoe"}},
		{name: "tests", method: "GET", path: org + "/tests?cursor=1.tst_0&limit=7", header: []string{asData}, status: 200, call: `Tests app_data _org after "1.tst_0" limit 7`, want: []string{`"next":"1.tst_1"`}},
		{name: "test", method: "GET", path: org + "/tests/tst_1", header: []string{asData}, status: 200, call: "Test app_data _org tst_1"},
		{name: "report a test", method: "POST", path: org + "/tests/tst_1/report", header: json, body: `{"reference":"r-1","digest":"` + digest + `","areas":["injection"]}`, status: 200, call: "ReportTest app_data _org tst_1 r-1 [injection]"},
		{name: "report without a digest", method: "POST", path: org + "/tests/tst_1/report", header: json, body: `{"reference":"r-1","digest":"none","areas":[]}`, status: 422},
		{name: "remove a test", method: "DELETE", path: "/v1/tenants/acme/tests/tst_1", header: []string{asData}, status: 204, call: "RemoveTest app_data acme tst_1"},

		{name: "open a finding", method: "POST", path: org + "/findings", header: json, body: `{"test":"tst_1","severity":"high","reference":"sec-1"}`, status: 201, call: `OpenFinding app_data _org "tst_1" high sec-1`},
		{name: "open a finding of no severity", method: "POST", path: org + "/findings", header: json, body: `{"test":"tst_1","severity":"awful","reference":"sec-1"}`, status: 422},
		{name: "findings", method: "GET", path: org + "/findings", header: []string{asData}, status: 200, call: `Findings app_data _org after "" limit 50`, absent: []string{"next"}},
		{name: "finding", method: "GET", path: org + "/findings/fnd_1", header: []string{asData}, status: 200, call: "Finding app_data _org fnd_1"},
		{name: "fixed", method: "POST", path: org + "/findings/fnd_1/fixed", header: json, body: `{"change":"release-1"}`, status: 200, call: "FixFinding app_data _org fnd_1 release-1"},
		{name: "retest", method: "POST", path: org + "/findings/fnd_1/retest", header: json, body: `{"report":"r-2","by":"tester-1","passed":true}`, status: 200, call: "RetestFinding app_data _org fnd_1 r-2 tester-1 true"},
		{name: "dismiss", method: "POST", path: org + "/findings/fnd_1/dismiss", header: json, body: `{"reason":"duplicate"}`, status: 200, call: "DismissFinding app_data _org fnd_1 duplicate"},
		{name: "dismiss for lack of time", method: "POST", path: org + "/findings/fnd_1/dismiss", header: json, body: `{"reason":"no-time"}`, status: 422},
		{name: "remove a finding", method: "DELETE", path: "/v1/tenants/acme/findings/fnd_1", header: []string{asData}, status: 204, call: "RemoveFinding app_data acme fnd_1"},

		{name: "hold", method: "POST", path: org + "/exercises", header: json, body: `{"scenario":"zone-lost","held":"2026-03-01T00:00:00Z","teams":["IT"],"minutes":"m-1","digest":"` + digest + `","items":[{"reference":"ops-1","owner":"it","within":"10 days"}]}`, status: 201,
			call: "HoldExercise app_data _org zone-lost [IT] m-1 1"},
		{name: "exercises", method: "GET", path: org + "/exercises", header: []string{asData}, status: 200, call: `Exercises app_data _org after "" limit 50`},
		{name: "exercise", method: "GET", path: org + "/exercises/exe_1", header: []string{asData}, status: 200, call: "Exercise app_data _org exe_1"},
		{name: "an item", method: "POST", path: org + "/exercises/exe_1/items/2/done", header: json, body: `{"evidence":"change-1"}`, status: 200, call: "FinishItem app_data _org exe_1 2 change-1"},
		{name: "no item", method: "POST", path: org + "/exercises/exe_1/items/two/done", header: json, body: `{"evidence":"change-1"}`, status: 404},
		{name: "begin a switch-over", method: "POST", path: org + "/switch-overs", header: json, body: `{"reference":"so-1"}`, status: 201, call: "BeginSwitchOver app_data _org so-1"},
		{name: "finish a switch-over", method: "POST", path: org + "/switch-overs/swi_1/finish", header: json, body: `{"acknowledged":9,"lost":0,"pause":12}`, status: 200, call: "FinishSwitchOver app_data _org swi_1 9 0 12"},
		{name: "a switch-over without load", method: "POST", path: org + "/switch-overs/swi_1/finish", header: json, body: `{"acknowledged":0,"lost":0,"pause":12}`, status: 422},
		{name: "switch-overs", method: "GET", path: org + "/switch-overs", header: []string{asData}, status: 200, call: `SwitchOvers app_data _org after "" limit 50`},
		{name: "a switch-over", method: "GET", path: org + "/switch-overs/swi_1", header: []string{asData}, status: 200, call: "SwitchOver app_data _org swi_1"},
		{name: "remove a switch-over", method: "DELETE", path: "/v1/tenants/acme/switch-overs/swi_1", header: []string{asData}, status: 204, call: "RemoveSwitchOver app_data acme swi_1"},
		{name: "remove an exercise", method: "DELETE", path: "/v1/tenants/acme/exercises/exe_1", header: []string{asData}, status: 204, call: "RemoveExercise app_data acme exe_1"},

		{name: "enter a report", method: "POST", path: org + "/reports", header: json, body: `{"summary":"s","text":"t"}`, status: 201, call: `EnterReport app_data _org "s"`, want: []string{`"link":"/security/report/_org.rep_1.secret"`}},
		{name: "reports", method: "GET", path: org + "/reports", header: []string{asData}, status: 200, call: `Reports app_data _org after "" limit 50`},
		{name: "read a report", method: "GET", path: org + "/reports/rep_1", header: []string{asData}, status: 200, call: "ReadReport app_data _org rep_1", headers: []string{"Content-Type: application/json"}},
		{name: "assess", method: "POST", path: org + "/reports/rep_1/assess", header: json, body: `{"verdict":"valid","severity":"high","application":"filing","reference":"sec-1"}`, status: 200, call: `AssessReport app_data _org rep_1 valid "high"`},
		{name: "reward", method: "POST", path: org + "/reports/rep_1/reward", header: json, body: `{"reference":"payment-1"}`, status: 200, call: "RewardReport app_data _org rep_1 payment-1"},
		{name: "remove a report", method: "DELETE", path: "/v1/tenants/acme/reports/rep_1", header: []string{asData}, status: 204, call: "RemoveReport app_data acme rep_1"},

		{name: "a stranger reports", method: "POST", path: "/security/report", header: []string{isJSONl}, body: `{"summary":"s","text":"t","contact":"zoe@example.com"}`, status: 201,
			call: `Report "s" "t" "zoe@example.com"`, want: []string{`"link":"/security/report/_org.rep_1.secret"`}, absent: []string{"zoe@"}},
		{name: "a stranger's drill", method: "POST", path: "/security/report", header: []string{isJSONl}, body: `{"summary":"s","text":"t","drill":"acme"}`, status: 401},
		{name: "a drill", method: "POST", path: "/security/report", header: json, body: `{"summary":"s","text":"t","drill":"acme"}`, status: 201, call: `EnterReport app_data acme "s"`},
		{name: "a drill of the organisation", method: "POST", path: "/security/report", header: json, body: `{"summary":"s","text":"t","drill":"_org"}`, status: 400},
		{name: "an empty report", method: "POST", path: "/security/report", header: []string{isJSONl}, body: `{}`, status: 422},
		{name: "the form", method: "GET", path: "/security/report", status: 200, want: []string{`<form method="post" action="/security/report">`}, headers: []string{"Content-Type: text/html; charset=utf-8"}},
		{name: "by the form", method: "POST", path: "/security/report", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "summary=a+b&text=one%0D%0Atwo&contact=&drill=acme", status: 201,
			call: `Report "a b" "one\ntwo" ""`, want: []string{`<a href="/security/report/_org.rep_1.secret">`}, headers: []string{"Content-Type: text/html; charset=utf-8"}},
		{name: "a broken form", method: "POST", path: "/security/report", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "summary=%zz", status: 400},
		{name: "a huge form", method: "POST", path: "/security/report", header: []string{"Content-Type: application/x-www-form-urlencoded"}, body: "text=" + strings.Repeat("a", 300<<10), status: 413},
		{name: "follow", method: "GET", path: "/security/report/_org.rep_1.secret", status: 200, call: "Follow _org.rep_1.secret", want: []string{`{"id":"rep_1","state":"received","fixed":false,"received":"2026-03-02T12:00:00Z","due":"2026-03-09T12:00:00Z"}`}},
		{name: "follow in a browser", method: "GET", path: "/security/report/_org.rep_1.secret", header: []string{"Accept: text/html"}, status: 200, call: "Follow _org.rep_1.secret", want: []string{"It waits to be assessed, by 9 March 2026"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}

// One address may report five times at once; another is not kept from it.
func TestReportsAreBounded(t *testing.T) {
	s := set(t)
	report := func(from string) int {
		r := httptest.NewRequest("POST", "/security/report", strings.NewReader(`{"summary":"s","text":"t"}`))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = from + ":1234"
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	for i := range 5 {
		if got := report("192.0.2.1"); got != http.StatusCreated {
			t.Fatalf("report %d: %d", i+1, got)
		}
	}
	if got := report("192.0.2.1"); got != http.StatusTooManyRequests {
		t.Errorf("the sixth report: %d", got)
	}
	if got := report("192.0.2.2"); got != http.StatusCreated {
		t.Errorf("another address: %d", got)
	}
}
