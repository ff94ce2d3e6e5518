package httpapi

import "testing"

// The routes of staff and of grants: each one call into the domain, by whoever the key is of.
func TestStaffEndpoints(t *testing.T) {
	const all, ours, grants = "/v1/staff", "/v1/tenants/acme/staff", "/v1/tenants/acme/grants"
	json, member := []string{asData, isJSONl}, "Authorization: Bearer "+memberKey
	byMember := []string{member, isJSONl}
	ask := `{"purposes":["account"],"reason":"ticket-1","until":"2030-01-01T00:00:00Z"}`
	for _, sc := range []scenario{
		{name: "enrol", method: "POST", path: all, header: json, body: `{"roles":["the manager"]}`, status: 201, call: "Enrol app_data _org [the manager]", want: []string{`"key":"staff_stf_1.k"`}},
		{name: "enrol a drill", method: "POST", path: ours, header: json, body: `{"roles":[]}`, status: 201, call: "Enrol app_data acme []"},
		{name: "list", method: "GET", path: all, header: []string{asData}, status: 200, call: "Members app_data _org", want: []string{`"id":"stf_1"`}},
		{name: "key", method: "POST", path: all + "/stf_1/key", header: json, body: `{}`, status: 200, call: "NewKey app_data _org stf_1"},
		{name: "end", method: "POST", path: all + "/stf_1/end", header: []string{asData}, status: 200, call: "End app_data _org stf_1"},
		{name: "review", method: "POST", path: all + "/stf_2/review", header: byMember, body: `{"keep":true}`, status: 200, call: "ReviewMember stf_1 _org stf_2 true"},
		{name: "what is left", method: "GET", path: all + "/review", header: []string{member}, status: 200, call: "State stf_1", want: []string{`"tenant":"acme"`}},
		{name: "close", method: "POST", path: all + "/review", header: []string{member}, status: 200, call: "CloseReview stf_1"},
		{name: "remove a drill", method: "DELETE", path: ours + "/std_1", header: []string{asData}, status: 204, call: "RemoveMember app_data acme std_1"},
		{name: "ask", method: "POST", path: grants, header: byMember, body: ask, status: 201, call: "RequestGrant stf_1 acme [account] ticket-1"},
		{name: "ask for nothing", method: "POST", path: grants, header: byMember, body: `{"purposes":[],"reason":"t","until":"2030-01-01T00:00:00Z"}`, status: 422},
		{name: "ask with a name", method: "POST", path: grants, header: byMember, body: `{"purposes":["account"],"reason":"Zoe Khan","until":"2030-01-01T00:00:00Z"}`, status: 422, absent: []string{"Zoe"}},
		{name: "grants", method: "GET", path: grants + "?limit=7", header: []string{asData}, status: 200, call: `Grants app_data acme after "" limit 7`, want: []string{`"next":"1.gra_1"`, `"uses":3`}},
		{name: "grant", method: "GET", path: grants + "/gra_1", header: []string{asData}, status: 200, call: "Grant app_data acme gra_1"},
		{name: "approve", method: "POST", path: grants + "/gra_1/approve", header: []string{member}, status: 200, call: "Approve stf_1 acme gra_1"},
		{name: "allow", method: "POST", path: grants + "/gra_1/allow", header: []string{asData}, status: 200, call: "Allow app_data acme gra_1"},
		{name: "withdraw", method: "POST", path: grants + "/gra_1/withdraw", header: []string{asData}, status: 200, call: "Withdraw app_data acme gra_1"},
		{name: "review a grant", method: "POST", path: grants + "/gra_1/review", header: byMember, body: `{"keep":false}`, status: 200, call: "ReviewGrant stf_1 acme gra_1 false"},
		{name: "remove a grant", method: "DELETE", path: grants + "/gra_1", header: []string{asData}, status: 204, call: "RemoveGrant app_data acme gra_1"},
		{name: "a member's key that is none", method: "GET", path: grants, header: []string{"Authorization: Bearer staff_stf_1.other"}, status: 401},
		{name: "a member who lapsed", method: "GET", path: grants, header: []string{"Authorization: Bearer staff_stf_2.lapsed"}, status: 403, want: []string{`"clause":"c-review"`}},
		{name: "nobody", method: "GET", path: all, status: 401},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}
