package httpapi

import "testing"

// The routes of breaches and legal demands: each one call into the domain, and nothing that does not fit
// its schema gets that far.
func TestIncidentEndpoints(t *testing.T) {
	const incidents, demands, minors = "/v1/tenants/acme/incidents", "/v1/tenants/acme/demands", "/v1/tenants/acme/minors"
	exposure := `"exposure":{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"}`
	json := []string{asData, isJSONl}
	for _, sc := range []scenario{
		{name: "suspect", method: "POST", path: incidents, header: json, body: `{"nature":["confidentiality"],"cause":"insider",` + exposure + `,"drill":["sub_1"]}`, status: 201,
			call: "Suspect app_data acme [confidentiality] insider [sub_1]", want: []string{`{"id":"inc_1","state":"suspected","drill":false`}},
		{name: "suspect in free words", method: "POST", path: incidents, header: json, body: `{"nature":["Zoe's laptop"],"cause":"insider",` + exposure + `}`, status: 422, absent: []string{"Zoe"}},
		{name: "suspect with a name for a reference", method: "POST", path: incidents, header: json, body: `{"nature":["integrity"],"cause":"insider","reference":"Zoe Khan",` + exposure + `}`, status: 422, absent: []string{"Zoe"}},
		{name: "list", method: "GET", path: incidents + "?cursor=1.inc_0&limit=7", header: []string{asData}, status: 200, call: `ListIncidents app_data acme after "1.inc_0" limit 7`, want: []string{`"next":"1.inc_1"`}},
		{name: "get", method: "GET", path: incidents + "/inc_1", header: []string{asData}, status: 200, call: "GetIncident app_data acme inc_1"},
		{name: "aware", method: "POST", path: incidents + "/inc_1/aware", header: json, body: `{"at":"2026-03-02T00:00:00Z"}`, status: 200, call: "Aware app_data acme inc_1 true"},
		{name: "aware now", method: "POST", path: incidents + "/inc_1/aware", header: json, body: `{}`, status: 200, call: "Aware app_data acme inc_1 false"},
		{name: "assess", method: "POST", path: incidents + "/inc_1/assess", header: json, body: `{"risk":"high","reasons":["financial-data"],"consequences":["fraud"],"measures":["access-revoked"]}`, status: 200,
			call: "Assess app_data acme inc_1 high [financial-data]"},
		{name: "assess without reasons", method: "POST", path: incidents + "/inc_1/assess", header: json, body: `{"risk":"none","reasons":[],"consequences":[],"measures":[]}`, status: 422},
		{name: "authority", method: "POST", path: incidents + "/inc_1/authority", header: json, body: `{"receipt":"dpa-1"}`, status: 200, call: `TellAuthority app_data acme inc_1 dpa-1 ""`},
		{name: "people", method: "POST", path: incidents + "/inc_1/people", header: json, body: `{}`, status: 200, call: `TellPeople app_data acme inc_1 "" []`},
		{name: "people called", method: "POST", path: incidents + "/inc_1/people", header: json, body: `{"called":["sub_1"]}`, status: 200, call: `TellPeople app_data acme inc_1 "" [sub_1]`},
		{name: "calls", method: "GET", path: incidents + "/inc_1/calls", header: []string{asData}, status: 200, call: "Calls app_data acme inc_1", want: []string{`{"subjects":["sub_1"]}`}},
		{name: "unreached", method: "GET", path: incidents + "/inc_1/unreached?cursor=sub_0&limit=7", header: []string{asData}, status: 200, call: `Unreached app_data acme inc_1 after "sub_0" limit 7`,
			want: []string{`{"people":[{"subject":"sub_1","ways":[{"channel":"email","state":"failed","reason":"bounced-5.1.1"}]}],"next":"sub_1"}`}},
		{name: "close", method: "POST", path: incidents + "/inc_1/close", header: json, body: `{"lessons":["task-1"]}`, status: 200, call: "CloseIncident app_data acme inc_1 [task-1]"},
		{name: "remove", method: "DELETE", path: incidents + "/inc_1", header: []string{asData}, status: 204, call: "RemoveDrill app_data acme inc_1"},
		{name: "form", method: "GET", path: incidents + "/inc_1/notification", header: []string{asData}, status: 200, call: "Notification app_data acme inc_1", headers: []string{"Content-Type: application/json"}},
		{name: "form to print", method: "GET", path: incidents + "/inc_1/notification?lang=ar", header: []string{asData}, status: 200, call: `Page app_data acme inc_1 "ar"`,
			headers: []string{"Content-Type: text/html; charset=utf-8", "Content-Security-Policy: default-src 'none'; style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='; frame-ancestors 'none'; sandbox"}},
		{name: "nobody's form", method: "GET", path: incidents + "/inc_1/notification", status: 401},

		{name: "demand", method: "POST", path: demands, header: json, body: `{"kind":"court-order","issuer":"dubai-courts","reference":"d-1","subjects":["sub_1"],"fields":["financial.income"]}`, status: 201,
			call: "Demand app_data acme court-order dubai-courts [sub_1] [financial.income]"},
		{name: "demand without anybody", method: "POST", path: demands, header: json, body: `{"kind":"court-order","issuer":"dubai-courts","reference":"d-1","subjects":[],"fields":["financial.income"]}`, status: 422},
		{name: "demands", method: "GET", path: demands, header: []string{asData}, status: 200, call: `ListDemands app_data acme after "" limit 50`, absent: []string{"next"}},
		{name: "one demand", method: "GET", path: demands + "/dem_1", header: []string{asData}, status: 200, call: "GetDemand app_data acme dem_1"},
		{name: "review", method: "POST", path: demands + "/dem_1/review", header: json, body: `{"ground":"statute","citation":"Law 34 of 2021, art. 47","fields":["financial.income"]}`, status: 200,
			call: "Review app_data acme dem_1 statute [financial.income]"},
		{name: "review without a ground", method: "POST", path: demands + "/dem_1/review", header: json, body: `{"ground":"a friend asked","citation":"none","fields":["financial.income"]}`, status: 422},
		{name: "refuse", method: "POST", path: demands + "/dem_1/refuse", header: json, body: `{"reason":"too-broad"}`, status: 200, call: "Deny app_data acme dem_1 too-broad"},
		{name: "release", method: "POST", path: demands + "/dem_1/release", header: json, body: `{"recipient":"police"}`, status: 200, call: `Release app_data acme dem_1 "police" ""`, want: []string{`"sealed":"age"`}},
		{name: "remove a demand's drill", method: "DELETE", path: demands + "/dem_1", header: []string{asData}, status: 204, call: "RemoveDemandDrill app_data acme dem_1"},

		{name: "minor", method: "POST", path: minors, header: json, body: `{"subject":"sub_1"}`, status: 201, call: "ReportMinor app_data acme sub_1", want: []string{`"state":"reported"`}},
		{name: "minor of no name", method: "POST", path: minors, header: json, body: `{"subject":""}`, status: 422},
		{name: "nobody's minor", method: "POST", path: minors, header: json[1:], body: `{"subject":"sub_1"}`, status: 401},
		{name: "minors", method: "GET", path: minors, header: []string{asData}, status: 200, call: `ListMinors app_data acme after "" limit 50`},
		{name: "one minor", method: "GET", path: minors + "/min_1", header: []string{asData}, status: 200, call: "GetMinor app_data acme min_1"},
		{name: "finding", method: "POST", path: minors + "/min_1/finding", header: json, body: `{"minor":true,"ground":"document"}`, status: 200, call: "FindMinor app_data acme min_1 true document"},
		{name: "finding by nothing", method: "POST", path: minors + "/min_1/finding", header: json, body: `{"minor":true,"ground":"a hunch"}`, status: 422},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}
