package access_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// world is a server with Clear's policy, one customer with one taxpayer, and keys.
type world struct {
	*testing.T
	*apptest.Server
	admin, customer, other string
	subject                string
}

const tenant = "acme"

func newWorld(t *testing.T, store db.Config) *world {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, Server: apptest.Start(t, apptest.Options{Policy: source, Store: store.URL, Migrate: store.Migrate})}
	for _, id := range []string{tenant, "globex"} {
		if _, err := w.App.Vault.CreateTenant(t.Context(), w.App.Operator(), vault.Tenant{ID: id, Title: id, Region: "mumbai"}); err != nil {
			w.Fatal(err)
		}
	}
	w.admin = w.key(nil, vault.ScopeAdmin)
	w.customer = w.key([]string{tenant}, vault.ScopeData, vault.ScopeSubjects, vault.ScopeGrants, vault.ScopeAudit)
	w.other = w.key([]string{"globex"}, vault.ScopeGrants)
	var made api.Subject
	w.must(201, "POST", "/v1/tenants/acme/subjects", w.customer, nil, &made)
	w.subject = made.ID
	w.must(0, "PUT", w.record(), w.customer, map[string]any{"fields": map[string]any{"gstin": "27AAPFU0939F1ZV", "legal_name": "Zoe", "email": "zoe@example.com"}}, nil)
	return w
}

func (w *world) key(tenants []string, scopes ...string) string {
	w.Helper()
	var purposes []string
	if len(tenants) > 0 {
		purposes = []string{"account", "filing"}
	}
	_, key, err := w.App.Applications.Create(w.Context(), "operator", identity.Application{Title: "test", Tenants: tenants, Purposes: purposes, Scopes: scopes, Environment: w.App.Environment})
	if err != nil {
		w.Fatal(err)
	}
	return key
}

func (w *world) record() string {
	return "/v1/tenants/acme/subjects/" + w.subject + "/data/taxpayer/main"
}

// do sends a request for the purpose account and returns the status and body.
func (w *world) do(method, path, key string, in, out any) (int, string) {
	w.Helper()
	var body io.Reader
	if in != nil {
		raw, _ := json.Marshal(in)
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.Context(), method, w.Door.URL+path, body)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set(api.HeaderPurpose, "account")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.System().HTTP.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	if out != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(raw, out); err != nil {
			w.Fatalf("%s: %v", raw, err)
		}
	}
	return resp.StatusCode, string(raw)
}

// must sends a request that has to have a status, any good one for 0.
func (w *world) must(status int, method, path, key string, in, out any) string {
	w.Helper()
	got, body := w.do(method, path, key, in, out)
	if got != status && (status != 0 || got >= 300) {
		w.Fatalf("%s %s: %d, not %d: %s", method, path, got, status, body)
	}
	return body
}

// enrol makes a member.
func (w *world) enrol(roles ...string) (id, key string) {
	w.Helper()
	if roles == nil {
		roles = []string{}
	}
	var out api.EnrolledMember
	until := w.Clock.Now().Add(60 * 24 * time.Hour)
	w.must(201, "POST", "/v1/staff", w.admin, api.NewMember{Roles: roles, KeyUntil: &until}, &out)
	return out.Member.ID, out.Key
}

func (w *world) ask(key string, lasts time.Duration) string {
	w.Helper()
	var g api.Grant
	w.must(201, "POST", "/v1/tenants/acme/grants", key, w.wanted(lasts), &g)
	return "/v1/tenants/acme/grants/" + g.ID
}

func (w *world) wanted(lasts time.Duration) api.NewGrant {
	return api.NewGrant{Purposes: []string{"account"}, Reason: "ticket-1", Until: w.Clock.Now().Add(lasts)}
}

// refusedBy sends a request that a clause has to refuse.
func (w *world) refusedBy(clause, method, path, key string, in any) {
	w.Helper()
	if body := w.must(403, method, path, key, in, nil); !strings.Contains(body, `"clause":"`+clause+`"`) {
		w.Errorf("%s %s: refused, but not by %s: %s", method, path, clause, body)
	}
}

// entries are the kinds of a log's entries that are of a grant or a member.
func (w *world) entries(log string) (kinds []string) {
	w.Helper()
	err := w.App.Ledger.Between(w.Context(), log, time.Time{}, w.Clock.Now().Add(time.Hour), func(e *proof.Entry) error {
		if e.Detail["item"] != "" || e.Detail["grant"] != "" {
			kinds = append(kinds, e.Kind+"/"+e.Answer)
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return kinds
}

// engines runs a test on both.
func engines(t *testing.T, test func(*world)) {
	t.Run("sqlite", func(t *testing.T) { test(newWorld(t, db.Config{})) })
	t.Run("postgres", func(t *testing.T) { test(newWorld(t, dbtest.Postgres(t))) })
}

// A grant from its request to its end: nothing is seen before another person with the role approved it and
// the customer allowed it, nor after it was withdrawn.
func TestGrant(t *testing.T) { engines(t, testGrant) }

func testGrant(w *world) {
	holder, staff := w.enrol()
	_, colleague := w.enrol("support")
	_, manager := w.enrol("the manager")
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)

	at := w.ask(staff, 24*time.Hour)
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)
	w.refusedBy("clear-need-to-know", "POST", at+"/approve", staff, nil)
	w.refusedBy("clear-need-to-know", "POST", at+"/approve", colleague, nil)
	w.must(403, "POST", at+"/approve", w.customer, nil, nil)
	w.must(200, "POST", at+"/approve", manager, nil, nil)
	w.must(409, "POST", at+"/approve", manager, nil, nil)
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)
	w.must(403, "POST", at+"/allow", w.other, nil, nil)
	w.must(403, "POST", at+"/allow", manager, nil, nil)

	var g api.Grant
	w.must(200, "POST", at+"/allow", w.customer, nil, &g)
	if g.State != "live" || g.Holder != holder || g.From == nil {
		w.Fatalf("%+v", g)
	}
	if body := w.must(200, "GET", w.record(), staff, nil, nil); !strings.Contains(body, "Zoe") {
		w.Errorf("a live grant shows %s", body)
	}
	w.refusedBy("clear-app-only", "GET", w.record(), manager, nil)
	w.must(200, "GET", "/v1/tenants/acme/subjects/"+w.subject+"/data/taxpayer", staff, nil, nil)
	w.must(200, "GET", at, w.customer, nil, &g)
	if g.Uses != 2 || g.Used == nil {
		w.Errorf("used twice, shown as %+v", g)
	}
	w.must(403, "GET", at, w.other, nil, nil)
	w.must(403, "DELETE", "/v1/tenants/acme/subjects/"+w.subject, staff, nil, nil)

	w.must(200, "POST", at+"/withdraw", w.customer, nil, &g)
	if g.State != "withdrawn" {
		w.Errorf("%+v", g)
	}
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)
	w.must(409, "POST", at+"/allow", w.customer, nil, nil)
	got := strings.Join(w.entries(tenant), " ")
	want := "grant.requested/ grant.approved/ grant.allowed/ grant.began/ record.read/allow record.list/allow subject.erase/refuse grant.withdrawn/"
	if got != want {
		w.Errorf("the customer's ledger has\n%s\nnot\n%s", got, want)
	}
}

// A grant is bounded, and ends by itself, which is told.
func TestGrantEnds(t *testing.T) { engines(t, testGrantEnds) }

func testGrantEnds(w *world) {
	_, staff := w.enrol()
	_, manager := w.enrol("the manager")
	w.refusedBy("clear-customer-grant", "POST", "/v1/tenants/acme/grants", staff, w.wanted(8*24*time.Hour))
	w.must(400, "POST", "/v1/tenants/acme/grants", staff, w.wanted(-time.Hour), nil)
	w.must(400, "POST", "/v1/tenants/acme/grants", staff, api.NewGrant{Purposes: []string{"advertising"}, Reason: "t", Until: w.Clock.Now().Add(time.Hour)}, nil)
	at := w.ask(staff, time.Hour)
	w.must(200, "POST", at+"/approve", manager, nil, nil)
	w.must(200, "POST", at+"/allow", w.customer, nil, nil)
	w.must(200, "GET", w.record(), staff, nil, nil)
	w.Clock.Move(time.Hour)
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)
	if err := w.App.EndGrants(w.Context()); err != nil {
		w.Fatal(err)
	}
	var g api.Grant
	w.must(200, "GET", at, w.customer, nil, &g)
	if g.State != "expired" || g.Uses != 1 {
		w.Errorf("%+v", g)
	}
	w.refusedBy("clear-app-only", "GET", w.record(), staff, nil)
	if got := strings.Join(w.entries(tenant), " "); !strings.HasSuffix(got, "record.read/allow record.read/refuse grant.expired/ record.read/refuse") {
		w.Errorf("the customer's ledger has %s", got)
	}
}

// No more people than the policy says; keys that ended open nothing; other tenants cannot have staff.
func TestMembers(t *testing.T) { engines(t, testMembers) }

func testMembers(w *world) {
	id, key := w.enrol()
	for range 4 {
		w.enrol()
	}
	w.refusedBy("clear-environments", "POST", "/v1/staff", w.admin, api.NewMember{Roles: []string{}})
	var again api.EnrolledMember
	w.must(200, "POST", "/v1/staff/"+id+"/key", w.admin, api.NewMemberKey{}, &again)
	w.must(401, "GET", "/v1/tenants/acme/grants", key, nil, nil)
	w.must(200, "GET", "/v1/tenants/acme/grants", again.Key, nil, nil)
	w.must(200, "POST", "/v1/staff/"+id+"/end", w.admin, nil, nil)
	w.must(401, "GET", "/v1/tenants/acme/grants", again.Key, nil, nil)
	w.enrol() // there is room again
	w.must(403, "POST", "/v1/staff", w.customer, api.NewMember{Roles: []string{}}, nil)
	w.must(404, "POST", "/v1/tenants/acme/staff", w.customer, api.NewMember{Roles: []string{}}, nil)
	_, key = again.Member.ID, again.Key
	for _, forged := range []string{"staff_", "staff_" + id, "staff_" + id + ".", "staff_" + id + ".AAAA", "staff_std_x.y", strings.ToUpper(key)} {
		w.must(401, "GET", "/v1/tenants/acme/grants", forged, nil, nil)
	}
}

// A review covers everybody, by somebody else, and discharges the clock; who was not reviewed lapses.
func TestReview(t *testing.T) { engines(t, testReview) }

func testReview(w *world) {
	one, first := w.enrol()
	two, second := w.enrol("the manager")
	at := w.ask(first, 24*time.Hour)
	w.must(200, "POST", at+"/approve", second, nil, nil)
	w.must(200, "POST", at+"/allow", w.customer, nil, nil)
	keep := api.AccessReview{Keep: true}
	var left api.ReviewState
	w.must(200, "GET", "/v1/staff/review", w.admin, nil, &left)
	if len(left.Members) != 2 || len(left.Grants) != 1 || len(left.Clocks) != 1 || left.Grants[0].Tenant != tenant {
		w.Fatalf("left is %+v", left)
	}
	w.must(409, "POST", "/v1/staff/review", first, nil, nil)
	w.refusedBy("clear-access-review", "POST", "/v1/staff/"+one+"/review", first, keep)
	w.refusedBy("clear-access-review", "POST", at+"/review", first, keep)
	w.must(403, "POST", "/v1/staff/"+one+"/review", w.admin, keep, nil)
	w.must(200, "POST", "/v1/staff/"+one+"/review", second, keep, nil)
	w.must(200, "POST", "/v1/staff/"+two+"/review", first, keep, nil)
	w.must(200, "POST", at+"/review", second, api.AccessReview{Keep: false}, nil)
	w.refusedBy("clear-app-only", "GET", w.record(), first, nil)
	w.must(200, "POST", "/v1/staff/review", first, nil, &left)
	if len(left.Clocks) != 1 || left.Clocks[0].State != "running" {
		w.Errorf("after the review the next is owed as %+v", left.Clocks)
	}
	done := 0
	err := w.App.DB.Read(w.Context(), db.Organisation, func(tx *db.Tx) error {
		return tx.One(`SELECT COUNT(*) FROM clocks WHERE tenant_id = $1 AND kind = 'access.review' AND state = 'done'`, []any{db.Organisation}, &done)
	})
	if err != nil || done != 1 {
		w.Errorf("%d clocks were discharged, %v", done, err)
	}
	w.Clock.Move(50 * 24 * time.Hour)
	w.must(200, "GET", "/v1/tenants/acme/grants", first, nil, nil)
	until := w.Clock.Now().Add(80 * 24 * time.Hour)
	var again api.EnrolledMember
	w.must(200, "POST", "/v1/staff/"+one+"/key", w.admin, api.NewMemberKey{KeyUntil: &until}, &again)
	w.Clock.Move(50 * 24 * time.Hour)
	w.refusedBy("clear-access-review", "GET", "/v1/tenants/acme/grants", again.Key, nil)
}

// The client's calls are those of the door.
func TestClient(t *testing.T) {
	w := newWorld(t, db.Config{})
	ctx, admin, customer := t.Context(), w.Client(t, w.admin), w.Client(t, w.customer)
	one, err := admin.EnrolMember(ctx, api.NewMember{Roles: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	two, err := admin.EnrolMember(ctx, api.NewMember{Roles: []string{"the manager"}})
	if err != nil {
		t.Fatal(err)
	}
	if one, err = admin.NewMemberKey(ctx, one.Member.ID, api.NewMemberKey{}); err != nil {
		t.Fatal(err)
	}
	holder, manager := w.Client(t, one.Key), w.Client(t, two.Key)
	g, err := holder.RequestGrant(ctx, tenant, w.wanted(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		do    func() (api.Grant, error)
		state string
	}{
		{func() (api.Grant, error) { return manager.ApproveGrant(ctx, tenant, g.ID) }, "requested"},
		{func() (api.Grant, error) { return customer.AllowGrant(ctx, tenant, g.ID) }, "live"},
		{func() (api.Grant, error) { return manager.ReviewGrant(ctx, tenant, g.ID, true) }, "live"},
		{func() (api.Grant, error) { return customer.Grant(ctx, tenant, g.ID) }, "live"},
		{func() (api.Grant, error) { return customer.WithdrawGrant(ctx, tenant, g.ID) }, "withdrawn"},
	} {
		if got, err := step.do(); err != nil || got.State != step.state {
			t.Fatalf("%+v, %v, not %s", got, err, step.state)
		}
	}
	for got, err := range customer.Grants(ctx, tenant) {
		if err != nil || got.ID != g.ID {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := manager.ReviewMember(ctx, one.Member.ID, true); err != nil {
		t.Error(err)
	}
	if left, err := admin.ReviewState(ctx); err != nil || len(left.Members) != 1 {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := holder.ReviewMember(ctx, two.Member.ID, true); err != nil {
		t.Error(err)
	}
	if done, err := manager.CloseReview(ctx); err != nil || len(done.Clocks) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if m, err := admin.EndMember(ctx, one.Member.ID); err != nil || m.State != "ended" {
		t.Errorf("%+v, %v", m, err)
	}
	if all, err := admin.Members(ctx); err != nil || len(all) != 2 {
		t.Errorf("%+v, %v", all, err)
	}
}
