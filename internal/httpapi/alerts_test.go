package httpapi

import "testing"

// The routes of alerts, those of a tenant and those of the organisation: each one call into the domain.
func TestAlertEndpoints(t *testing.T) {
	const ours, all = "/v1/tenants/acme/alerts", "/v1/alerts"
	json := []string{asData, isJSONl}
	threat := `{"kind":"threat","cause":"flow-1","severity":"error","drill":true}`
	for _, sc := range []scenario{
		{name: "raise", method: "POST", path: ours, header: json, body: threat, status: 201, call: "Report app_data acme threat flow-1 error true",
			want: []string{`{"id":"alr_1","kind":"threat","cause":"flow-1","severity":"error","state":"open","drill":false,"times":1`, `"told":[{"step":1,"role":"ann"`, `"channels":[{"channel":"pager","state":"sent"}]`}},
		{name: "raise for the organisation", method: "POST", path: all, header: json, body: threat, status: 201, call: "Report app_data _org threat flow-1 error true"},
		{name: "raise what the server alone raises", method: "POST", path: ours, header: json, body: `{"kind":"clause-broken","cause":"flow-1","severity":"error"}`, status: 422},
		{name: "raise with a name", method: "POST", path: ours, header: json, body: `{"kind":"threat","cause":"Zoe Khan","severity":"error"}`, status: 422, absent: []string{"Zoe"}},
		{name: "list", method: "GET", path: ours + "?cursor=1.alr_0&limit=7", header: []string{asData}, status: 200, call: `ListAlerts app_data acme after "1.alr_0" limit 7`, want: []string{`"next":"1.alr_1"`}},
		{name: "list the organisation's", method: "GET", path: all, header: []string{asData}, status: 200, call: `ListAlerts app_data _org after "" limit 50`},
		{name: "get", method: "GET", path: ours + "/alr_1", header: []string{asData}, status: 200, call: "GetAlert app_data acme alr_1"},
		{name: "acknowledge", method: "POST", path: ours + "/alr_1/acknowledge", header: []string{asData}, status: 200, call: "AcknowledgeAlert app_data acme alr_1"},
		{name: "acknowledge the organisation's", method: "POST", path: all + "/alr_1/acknowledge", header: []string{asData}, status: 200, call: "AcknowledgeAlert app_data _org alr_1"},
		{name: "resolve", method: "POST", path: ours + "/alr_1/resolve", header: json, body: `{"reason":"blocked"}`, status: 200, call: "ResolveAlert app_data acme alr_1 blocked"},
		{name: "resolve in free words", method: "POST", path: ours + "/alr_1/resolve", header: json, body: `{"reason":"It was Zoe"}`, status: 422, absent: []string{"Zoe"}},
		{name: "remove", method: "DELETE", path: ours + "/alr_1", header: []string{asData}, status: 204, call: "RemoveAlert app_data acme alr_1"},
		{name: "nobody", method: "GET", path: all, status: 401},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}
