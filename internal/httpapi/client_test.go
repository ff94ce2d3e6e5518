package httpapi

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
)

// Each method of the client reaches its operation with all that it was given.
func TestClient(t *testing.T) {
	s := set(t)
	s.blob = []byte("content")
	server := s.serve(t)
	ctx := t.Context()
	with := func(key string) *client.Client {
		c, err := client.New(client.Config{URL: server.URL + "/", Key: key, HTTP: server.Client()})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	data, admin, audit, nobody := with(dataKey), with(adminKey), with(auditKey), with("")
	at := client.Target{Tenant: "acme", Subject: "sub_1", DataSet: "financial", Record: "rec_1", Purpose: "health-score"}
	fields, err := client.Encode(map[string]any{"income": "1.00 AED"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		want string
		do   func() error
	}{
		{`Put app_data acme/sub_1/financial/ for health-score to "" fields [] {income="1.00 AED"} {false 0} "k"`, func() error {
			got, err := data.Create(ctx, at, map[string]any{"income": "1.00 AED"}, client.IdempotencyKey("k"))
			return same(err, got, api.Stored{Record: "rec_1", Version: 3})
		}},
		{`Put app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {n=7} {true 2} ""`, func() error {
			_, err := data.Put(ctx, at, map[string]any{"n": 7}, client.IfVersion(2))
			return err
		}},
		{`Put app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {} {true 0} ""`, func() error {
			_, err := data.Put(ctx, at, nil, client.IfAbsent())
			return err
		}},
		{`Patch app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {income=null} {false 0} ""`, func() error {
			_, err := data.Patch(ctx, at, map[string]any{"income": nil})
			return err
		}},
		{`Delete app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] {true 3}`, func() error { return data.Delete(ctx, at, client.IfVersion(3)) }},
		{`Get app_data acme/sub_1/financial/rec_1 for health-score to "bank" fields [income debts]`, func() error {
			to := at
			to.Recipient, to.Fields = "bank", []string{"income", "debts"}
			got, clauses, err := data.GetExplained(ctx, to)
			return same(err, got.ID+got.Fields.Text("income")+strings.Join(clauses, "+"), "rec_112500.00 AEDclesaro-purposes")
		}},
		{`List app_data acme/sub_1/financial/ for health-score to "" fields [] after "c" limit 2`, func() error {
			got, err := data.List(ctx, at, "c", 2)
			return same(err, len(got.Records), 2)
		}},
		{`List app_data acme/sub_1/financial/ for health-score to "" fields [] after "" limit 100|List app_data acme/sub_1/financial/ for health-score to "" fields [] after "rec_2" limit 100`, func() error {
			n := 0
			for _, err := range data.Records(ctx, at) { // the fake's cursor stands still: that must end
				if err != nil {
					return err
				}
				n++
			}
			return same(nil, n, 4)
		}},
		{`Find app_data acme//identity/ for health-score to "" fields [] where email is "zoe@example.com"`, func() error {
			got, err := data.Find(ctx, client.Target{Tenant: "acme", DataSet: "identity", Purpose: "health-score"}, "email", "zoe@example.com")
			return same(err, len(got), 1)
		}},
		{`Batch app_data acme health-score [put sub_1 financial  {income="1.00 AED"} {false 0}] "b"`, func() error {
			ops := []api.Operation{{Action: api.ActionPut, Subject: "sub_1", DataSet: "financial", Fields: fields}}
			got, err := data.Batch(ctx, "acme", "health-score", ops, client.IdempotencyKey("b"))
			return same(err, len(got), 1)
		}},
		{`Aggregate app_data acme health-score financial count "" ""`, func() error {
			got, err := data.Aggregate(ctx, "acme", "health-score", api.AggregateQuery{DataSet: "financial", Statistic: api.StatisticCount})
			return same(err, got.Suppressed, 1)
		}},
		{`PutBlob app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] scan application/octet-stream 5 bytes {false 0}`, func() error {
			_, err := data.PutBlob(ctx, at, "scan", "", strings.NewReader("12345"))
			return err
		}},
		{`GetBlob app_data acme/sub_1/financial/rec_1 for health-score to "" fields [] scan`, func() error {
			blob, err := data.GetBlob(ctx, at, "scan")
			if err != nil {
				return err
			}
			content, err := io.ReadAll(blob)
			return same(err, string(content)+blob.ContentType, "contenttext/html")
		}},
		{`CreateSubject app_data acme "s"`, func() error {
			id, err := data.CreateSubject(ctx, "acme", client.IdempotencyKey("s"))
			return same(err, id, "sub_1")
		}},
		{`EraseSubject app_data acme sub_1`, func() error { return data.EraseSubject(ctx, "acme", "sub_1") }},
		{`Standing app_data acme sub_1`, func() error {
			got, err := data.Standing(ctx, "acme", "sub_1")
			return same(err, got.Alias, "a1")
		}},
		{`SetConsent app_data acme sub_1 tips true`, func() error { return data.SetConsent(ctx, "acme", "sub_1", "tips", true) }},
		{`SetObjection app_data acme sub_1 tips false`, func() error { return data.SetObjection(ctx, "acme", "sub_1", "tips", false) }},
		{`Recipients app_data acme`, func() error { _, err := data.Recipients(ctx, "acme"); return err }},
		{`AllowRecipient app_data acme printer true`, func() error { return data.AllowRecipient(ctx, "acme", "printer", true) }},
		{`OptOut app_data acme sub_1 printer true`, func() error { return data.SetOptOut(ctx, "acme", "sub_1", "printer", true) }},
		{`SetElectronicNotice app_data acme sub_1 false`, func() error { return data.SetElectronicNotice(ctx, "acme", "sub_1", false) }},
		{`Write app_data acme sub_1 ""`, func() error { _, err := data.AskWrittenNotice(ctx, "acme", "sub_1", ""); return err }},
		{`WrittenOf app_data acme sub_1`, func() error { _, err := data.WrittenNotices(ctx, "acme", "sub_1"); return err }},
		{`SetRestriction app_data acme sub_1 true`, func() error { return data.SetRestriction(ctx, "acme", "sub_1", true) }},
		{`CreateTenant app_admin beta "Beta" uae-north production`, func() error {
			got, err := admin.CreateTenant(ctx, api.NewTenant{ID: "beta", Title: "Beta", Region: "uae-north", Environment: "production"})
			return same(err, got.State, "active")
		}},
		{`Tenants app_admin`, func() error {
			got, err := admin.Tenants(ctx)
			return same(err, len(got), 1)
		}},
		{`EraseTenant app_admin beta`, func() error { return admin.EraseTenant(ctx, "beta") }},
		{`Create app_admin "Budget" [acme] [health-score] [data] production`, func() error {
			_, key, err := admin.CreateApplication(ctx, api.NewApplication{
				Title: "Budget", Tenants: []string{"acme"}, Purposes: []string{"health-score"}, Scopes: []string{api.ScopeData}, Environment: "production", Expires: noon,
			})
			return same(err, key, newKey)
		}},
		{`Create app_admin "Budget" [] [] [audit] production`, func() error { // without an expiry, tenants and purposes
			_, _, err := admin.CreateApplication(ctx, api.NewApplication{Title: "Budget", Scopes: []string{api.ScopeAudit}, Environment: "production"})
			return err
		}},
		{`Applications`, func() error {
			got, err := admin.Applications(ctx)
			return same(err, len(got), 1)
		}},
		{`Revoke app_admin app_9`, func() error { return admin.RevokeApplication(ctx, "app_9") }},
		{`Page acme "" 0 100|Page acme "" 7 100`, func() error {
			n := 0
			for e, err := range audit.Entries(ctx, "acme") {
				if err != nil || e.Seq != 7 {
					return same(err, e.Seq, 7)
				}
				n++
			}
			return same(nil, n, 2)
		}},
		{`Serve acme checkpoint`, func() error {
			got, err := nobody.Checkpoint(ctx, "acme")
			return same(err, string(got), "log of acme")
		}},
		{`Serve acme key`, func() error { _, err := nobody.LedgerKey(ctx, "acme"); return err }},
		{`Serve acme tile/0/x001/000`, func() error { _, err := nobody.Tile(ctx, "acme", "tile/0/x001/000"); return err }},
		{`Statuses`, func() error {
			got, err := data.Evidence(ctx)
			return same(err, got.Clauses[0].State, api.StateKept)
		}},
		{`Run app_admin`, func() error {
			got, err := admin.RunProbes(ctx)
			return same(err, got.Findings[0].Outcome, api.OutcomeKept)
		}},
		{``, func() error { return nobody.Healthy(ctx) }},
		{``, func() error { _, err := nobody.OpenAPI(ctx); return err }},
	} {
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.want, err)
		}
		if got := strings.Join(s.took(), "|"); got != test.want {
			t.Errorf("the domain saw\n %s\nwant\n %s", got, test.want)
		}
	}
}

func same[T comparable](err error, got, want T) error {
	if err == nil && got != want {
		err = fault.New("test", fault.Other, "got %v, want %v", got, want)
	}
	return err
}

func TestClientProblems(t *testing.T) {
	s := set(t)
	server := s.serve(t)
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	at := client.Target{Tenant: "acme", Subject: "sub_1", DataSet: "financial", Record: "rec_1", Purpose: "health-score"}
	s.err = fault.New("vault.Get", fault.Refused, "the subject has not consented").WithClause("clesaro-consent")
	_, err = c.Get(t.Context(), at)
	if client.Status(err) != 403 || client.Clause(err) != "clesaro-consent" || !strings.Contains(err.Error(), "has not consented") {
		t.Errorf("%v", err)
	}
	s.err = fault.New("vault.Get", fault.Unavailable, "busy")
	if _, err = c.Get(t.Context(), at); client.Status(err) != 503 {
		t.Errorf("%v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = c.Get(cancelled, at); err == nil || client.Status(err) != 0 {
		t.Errorf("%v", err)
	}
}

// A hundred calls of one client share a connection.
func TestClientKeepsItsConnection(t *testing.T) {
	s := set(t)
	server := httptest.NewUnstartedServer(s.handler)
	conns := 0
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { conns++; return ctx }
	server.Start()
	defer server.Close()
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 100 {
		if _, err := c.Evidence(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if conns != 1 {
		t.Errorf("%d connections", conns)
	}
}
