package httpapi

import (
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
)

func TestRetentionEndpoints(t *testing.T) {
	const hold, certs, leave = subject + "/hold", "/v1/tenants/acme/certificates", "/v1/tenants/acme/off-boarding"
	for _, sc := range []scenario{
		{name: "place hold", method: "POST", path: hold, header: []string{asData, isJSONl}, body: `{"reason":"case-1","fields":["login.email","login.phone"],"until":"2026-04-02T00:00:00Z"}`, status: 201,
			call: "PlaceHold app_data acme sub_1 case-1 [login.email login.phone] 2026-04-02",
			want: []string{`{"id":"hold_1","reason":"case-1","fields":["login.email","login.phone"],"keeps":["login.email"],"placed":"2026-03-02T12:00:00Z","until":"2026-04-02T12:00:00Z"}`}},
		{name: "a hold without end", method: "POST", path: hold, header: []string{asData, isJSONl}, body: `{"reason":"case-1","fields":["login.email"]}`, status: 422},
		{name: "a hold with a name", method: "POST", path: hold, header: []string{asData, isJSONl}, body: `{"reason":"Zoe Smith","fields":["login.email"],"until":"2026-04-02T00:00:00Z"}`, status: 422, absent: []string{"Zoe"}},
		{name: "a hold on nothing", method: "POST", path: hold, header: []string{asData, isJSONl}, body: `{"reason":"case-1","fields":[],"until":"2026-04-02T00:00:00Z"}`, status: 422},
		{name: "hold", method: "GET", path: hold, header: []string{asData}, status: 200, call: "Hold app_data acme sub_1", want: []string{`"copy":"sub_9"`}},
		{name: "release hold", method: "DELETE", path: hold, header: []string{asData}, status: 204, call: "ReleaseHold app_data acme sub_1"},
		{name: "certified erasure", method: "POST", path: subject + "/erasure", header: []string{asData, isJSONl}, body: `{"about":"request-1"}`, status: 202,
			call: "CertifyErasure app_data acme sub_1 request-1", want: []string{`"state":"open"`, `"keys_destroyed":[]`, `"removed":{}`}, absent: []string{"sub_1"}},
		{name: "certified erasure about a name", method: "POST", path: subject + "/erasure", header: []string{asData, isJSONl}, body: `{"about":"zoe@example.com"}`, status: 422, absent: []string{"zoe"}},
		{name: "off-board", method: "POST", path: leave, header: []string{asAdmin}, status: 202, call: "OffBoard app_admin acme",
			want: []string{`{"tenant":"acme","certificate":{"id":"cert_1","kind":"off-boarding","state":"open"`, `"due":"2026-04-01T12:00:00Z","sweeping":{"records.calls":7}}`}},
		{name: "off-boarding", method: "GET", path: leave, header: []string{asAdmin}, status: 200, call: "OffBoarding app_admin acme"},
		{name: "certificates", method: "GET", path: certs + "?cursor=cert_0&limit=2", header: []string{asData}, status: 200, call: `Certificates app_data acme after "cert_0" limit 2`,
			want: []string{`{"certificates":[{"id":"cert_1","kind":"person","about":"request-1","state":"issued"`, `"next":"cert_1"}`}},
		{name: "certificate", method: "GET", path: certs + "/cert_1", header: []string{asData}, status: 200, call: "Certificate app_data acme cert_1",
			want: []string{`"keys_destroyed":["00ff"],"removed":{"records.income":2}`, `"erased":"2026-03-02T12:00:01Z"`}},
		{name: "document", method: "GET", path: certs + "/cert_1/document", header: []string{asData}, status: 200, call: "Certificate app_data acme cert_1", want: []string{"{\n  \"clause_certificate\": 1,\n"}},
		{name: "document before it is issued", method: "GET", path: certs + "/cert_open/document", header: []string{asData}, status: 404, call: "Certificate app_data acme cert_open"},
		{name: "page", method: "GET", path: certs + "/cert_1/page", header: []string{asData}, status: 200, call: "Certificate app_data acme cert_1",
			want:   []string{"&lt;b&gt;Clesaro", "records of income", "<code>00ff</code>", "all data of one person"},
			absent: []string{"<b>Clesaro"}, headers: []string{"Content-Type: text/html; charset=utf-8"}},
		{name: "page before it is issued", method: "GET", path: certs + "/cert_open/page", header: []string{asData}, status: 404, call: "Certificate app_data acme cert_open"},
		{name: "no certificate", method: "GET", path: certs + "/cert_none", header: []string{asData}, status: 404, call: "Certificate app_data acme cert_none"},
	} {
		t.Run(sc.name, func(t *testing.T) { sc.run(t, set(t)) })
	}
}

func TestRetentionClient(t *testing.T) {
	s := set(t)
	server := s.serve(t)
	as := func(key string) *client.Client {
		c, err := client.New(client.Config{URL: server.URL, Key: key, HTTP: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	data, admin, ctx := as(dataKey), as(adminKey), t.Context()
	for _, test := range []struct {
		want string
		do   func() error
	}{
		{"PlaceHold app_data acme sub_1 case-1 [login.email] 2026-03-02", func() error {
			got, err := data.PlaceHold(ctx, "acme", "sub_1", api.NewHold{Reason: "case-1", Fields: []string{"login.email"}, Until: noon})
			return same(err, got.ID, "hold_1")
		}},
		{"Hold app_data acme sub_1", func() error {
			got, err := data.Hold(ctx, "acme", "sub_1")
			return same(err, got.Copy, "sub_9")
		}},
		{"ReleaseHold app_data acme sub_1", func() error { return data.ReleaseHold(ctx, "acme", "sub_1") }},
		{"CertifyErasure app_data acme sub_1 request-1", func() error {
			got, err := data.CertifyErasure(ctx, "acme", "sub_1", "request-1")
			return same(err, got.State, "open")
		}},
		{"OffBoard app_admin acme", func() error {
			got, err := admin.OffBoard(ctx, "acme")
			return same(err, got.Sweeping["records.calls"], 7)
		}},
		{"OffBoarding app_admin acme", func() error { _, err := admin.OffBoarding(ctx, "acme"); return err }},
		{`Certificates app_data acme after "cert_0" limit 3`, func() error {
			got, err := data.Certificates(ctx, "acme", "cert_0", 3)
			return same(err, len(got.Certificates), 2)
		}},
		{"Certificate app_data acme cert_1", func() error {
			got, err := data.Certificate(ctx, "acme", "cert_1")
			return same(err, got.State, "issued")
		}},
		{"Certificate app_data acme cert_1", func() error {
			got, err := data.CertificateDocument(ctx, "acme", "cert_1")
			return same(err, strings.Contains(string(got), "clause_certificate"), true)
		}},
	} {
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.want, err)
		}
		if got := strings.Join(s.took(), "|"); got != test.want {
			t.Errorf("the domain saw\n %s\nwant\n %s", got, test.want)
		}
	}
}
