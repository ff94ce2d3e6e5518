package httpapi

import (
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
)

func TestConnectedEndpoints(t *testing.T) {
	const ids, systems = subject + "/external-ids", "/v1/tenants/acme/connected"
	for _, sc := range []scenario{
		{name: "set ids", method: "PUT", path: ids, header: []string{asData, isJSONl}, body: `{"ids":{"customer":["c-1","c-2"],"email":[]}}`, status: 204,
			call: "SetIDs app_data acme sub_1 map[customer:[c-1 c-2] email:[]]"},
		{name: "ids that are a word", method: "PUT", path: ids, header: []string{asData, isJSONl}, body: `{"ids":{"customer":"c-1"}}`, status: 422, absent: []string{"c-1"}},
		{name: "no ids", method: "PUT", path: ids, header: []string{asData, isJSONl}, body: `{}`, status: 422},
		{name: "ids", method: "GET", path: ids, header: []string{asData}, status: 200, call: "IDs app_data acme sub_1", want: []string{`{"ids":{"customer":["c-1"]}}`}},
		{name: "forget ids", method: "DELETE", path: ids, header: []string{asData}, status: 204, call: "RemoveIDs app_data acme sub_1"},
		{name: "systems", method: "GET", path: systems, header: []string{asData}, status: 200, call: "Systems app_data acme",
			want: []string{`{"systems":[{"id":"shop","kind":"sql","identifier":"customer","data":["identity"],"takes":[],"checked":"2026-03-02T12:00:00Z","works":false,"remarks":[{"table":"orders","fails":true,"message":"there is no such table"}]}]}`}},
		{name: "settle", method: "POST", path: systems + "/shop/settle", header: []string{asData, isJSONl}, body: `{"about":"req_1","reason":"ticket-7"}`, status: 200,
			call: "Settle app_data acme req_1 shop ticket-7", want: []string{`{"systems":[{"system":"shop","did":"erase","rows":2,"state":"settled","why":"ticket-7"}]}`}},
		{name: "settle with words", method: "POST", path: systems + "/shop/settle", header: []string{asData, isJSONl}, body: `{"about":"req_1","reason":"Zoe said so"}`, status: 422, absent: []string{"Zoe"}},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}

func TestConnectedClient(t *testing.T) {
	s := set(t)
	server := s.serve(t)
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, test := range []struct {
		want string
		do   func() error
	}{
		{"SetIDs app_data acme sub_1 map[customer:[c-1]]", func() error {
			return c.SetExternalIDs(ctx, "acme", "sub_1", map[string][]string{"customer": {"c-1"}})
		}},
		{"IDs app_data acme sub_1", func() error {
			got, err := c.ExternalIDs(ctx, "acme", "sub_1")
			if len(got["customer"]) != 1 {
				t.Errorf("%v", got)
			}
			return err
		}},
		{"RemoveIDs app_data acme sub_1", func() error { return c.RemoveExternalIDs(ctx, "acme", "sub_1") }},
		{"Systems app_data acme", func() error {
			got, err := c.Connected(ctx, "acme")
			if len(got) != 1 || got[0].Works || len(got[0].Remarks) != 1 {
				t.Errorf("%+v", got)
			}
			return err
		}},
		{"Settle app_data acme cert_1 crm ticket-7", func() error {
			got, err := c.SettleConnected(ctx, "acme", "crm", api.Settlement{About: "cert_1", Reason: "ticket-7"})
			if len(got) != 1 || got[0].State != "settled" {
				t.Errorf("%+v", got)
			}
			return err
		}},
	} {
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.want, err)
		}
		if got := strings.Join(s.took(), "|"); got != test.want {
			t.Errorf("the domain saw %q, want %q", got, test.want)
		}
	}
}
