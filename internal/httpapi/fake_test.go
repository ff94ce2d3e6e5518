package httpapi

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// The keys that the fake register knows, and the secrets that no answer may hold.
const (
	dataKey   = "clause_app_data"
	adminKey  = "clause_app_admin"
	auditKey  = "clause_app_audit"
	stagedKey = "clause_app_staged"
	newKey    = "clause_app_new"
)

// fake stands for the domain. It notes each call with its arguments, and fails with err if that is set.
type fake struct {
	mu    sync.Mutex
	calls []string
	err   error
	crash bool
	blob  []byte
	rest  io.Reader // after blob
}

func (f *fake) call(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	if f.crash {
		panic("personal data in a panic")
	}
	return f.err
}

// Admit knows the environment, scopes and tenants, as the domain does; it is not noted as a call.
func (f *fake) Admit(_ context.Context, c vault.Caller, _, tenant string, scopes ...string) error {
	if c.Credential.Environment != "production" || !slices.ContainsFunc(scopes, c.Has) ||
		(tenant != "" && !slices.Contains(c.Credential.Tenants, tenant)) {
		return fault.New("fake.Admit", fault.Refused, "not for this credential").WithHint("it needs the scope %s", strings.Join(scopes, " or "))
	}
	return nil
}

func (f *fake) Administer(ctx context.Context, c vault.Caller, act string) error {
	return f.Admit(ctx, c, act, "", api.ScopeAdmin)
}

func (f *fake) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func told(fields vault.Fields) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, " %s=%s", name, fields[name])
	}
	return strings.TrimSpace(b.String())
}

var stored = vault.Stored{Record: "rec_1", Version: 3, Clauses: []string{"clesaro-purposes", "clesaro-contract"}}

func sampleRecord(id string) vault.Record {
	return vault.Record{
		ID: id, Subject: "sub_1", DataSet: "financial", Version: 3, Created: noon, Updated: noon.Add(time.Second),
		Fields: []byte(`{"income":"12500.00 AED"}`), Clauses: []string{"clesaro-purposes"},
	}
}

func (f *fake) CreateTenant(_ context.Context, c vault.Caller, t vault.Tenant) (vault.Tenant, error) {
	err := f.call("CreateTenant %s %s %q %s %s", c.Credential.ID, t.ID, t.Title, t.Region, t.Environment)
	t.State, t.Created = "active", noon
	return t, err
}

func (f *fake) Tenants(_ context.Context, c vault.Caller) ([]vault.Tenant, error) {
	return []vault.Tenant{{ID: "acme", Title: "Acme", State: "active", Created: noon}}, f.call("Tenants %s", c.Credential.ID)
}

func (f *fake) EraseTenant(_ context.Context, c vault.Caller, tenant string) error {
	return f.call("EraseTenant %s %s", c.Credential.ID, tenant)
}

func (f *fake) CreateSubject(_ context.Context, c vault.Caller, tenant string, idem vault.Idempotency) (string, error) {
	return "sub_1", f.call("CreateSubject %s %s %q", c.Credential.ID, tenant, idem.Key)
}

func (f *fake) EraseSubject(_ context.Context, c vault.Caller, tenant, subject string) error {
	return f.call("EraseSubject %s %s %s", c.Credential.ID, tenant, subject)
}

func (f *fake) SetConsent(_ context.Context, c vault.Caller, tenant, subject, purpose string, given bool) error {
	return f.call("SetConsent %s %s %s %s %t", c.Credential.ID, tenant, subject, purpose, given)
}

func (f *fake) SetObjection(_ context.Context, c vault.Caller, tenant, subject, purpose string, objected bool) error {
	return f.call("SetObjection %s %s %s %s %t", c.Credential.ID, tenant, subject, purpose, objected)
}

func (f *fake) SetElectronicNotice(_ context.Context, c vault.Caller, tenant, subject string, consented bool) error {
	return f.call("SetElectronicNotice %s %s %s %t", c.Credential.ID, tenant, subject, consented)
}

func (f *fake) AllowRecipient(_ context.Context, c vault.Caller, tenant, recipient string, allowed bool) error {
	return f.call("AllowRecipient %s %s %s %t", c.Credential.ID, tenant, recipient, allowed)
}

func (f *fake) Recipients(_ context.Context, c vault.Caller, tenant string) ([]vault.Recipient, error) {
	return []vault.Recipient{{ID: "printer", Allowed: noon, Disclosures: []vault.Disclosure{{Purpose: "tips", Begins: noon}, {Purpose: "scores"}}}}, f.call("Recipients %s %s", c.Credential.ID, tenant)
}

func (f *fake) SetRestriction(_ context.Context, c vault.Caller, tenant, subject string, restricted bool) error {
	return f.call("SetRestriction %s %s %s %t", c.Credential.ID, tenant, subject, restricted)
}

func (f *fake) Standing(_ context.Context, c vault.Caller, tenant, subject string) (vault.Standing, error) {
	return vault.Standing{Consents: []string{"tips"}, Alias: "a1"}, f.call("Standing %s %s %s", c.Credential.ID, tenant, subject)
}

func where(t vault.Target) string {
	return fmt.Sprintf("%s/%s/%s/%s for %s to %q fields %v", t.Tenant, t.Subject, t.DataSet, t.Record, t.Purpose, t.Recipient, t.Fields)
}

func (f *fake) Put(_ context.Context, c vault.Caller, t vault.Target, in vault.Fields, cond vault.Condition, idem vault.Idempotency) (vault.Stored, error) {
	return stored, f.call("Put %s %s {%s} %v %q", c.Credential.ID, where(t), told(in), cond, idem.Key)
}

func (f *fake) Patch(_ context.Context, c vault.Caller, t vault.Target, in vault.Fields, cond vault.Condition, idem vault.Idempotency) (vault.Stored, error) {
	return stored, f.call("Patch %s %s {%s} %v %q", c.Credential.ID, where(t), told(in), cond, idem.Key)
}

func (f *fake) Get(_ context.Context, c vault.Caller, t vault.Target) (vault.Record, error) {
	return sampleRecord(t.Record), f.call("Get %s %s", c.Credential.ID, where(t))
}

func (f *fake) List(_ context.Context, c vault.Caller, t vault.Target, after string, limit int) ([]vault.Record, string, error) {
	return []vault.Record{sampleRecord("rec_1"), sampleRecord("rec_2")}, "rec_2", f.call("List %s %s after %q limit %d", c.Credential.ID, where(t), after, limit)
}

func (f *fake) Delete(_ context.Context, c vault.Caller, t vault.Target, cond vault.Condition) error {
	return f.call("Delete %s %s %v", c.Credential.ID, where(t), cond)
}

func (f *fake) Find(_ context.Context, c vault.Caller, t vault.Target, field, value string) ([]vault.Record, error) {
	return []vault.Record{sampleRecord("rec_1")}, f.call("Find %s %s where %s is %q", c.Credential.ID, where(t), field, value)
}

func (f *fake) Batch(_ context.Context, c vault.Caller, tenant, purpose string, ops []vault.BatchOp, idem vault.Idempotency) ([]vault.Stored, error) {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, " [%s %s %s %s {%s} %v]", o.Action, o.Subject, o.DataSet, o.Record, told(o.Fields), o.Condition)
	}
	return make([]vault.Stored, len(ops)), f.call("Batch %s %s %s%s %q", c.Credential.ID, tenant, purpose, b.String(), idem.Key)
}

func (f *fake) Aggregate(_ context.Context, c vault.Caller, tenant, purpose, dataSet, statistic, field, groupBy string) (vault.Aggregate, error) {
	a := vault.Aggregate{People: 12, Groups: []vault.Group{{Key: "paid", People: 12, Value: "3.5"}}, Suppressed: 1}
	return a, f.call("Aggregate %s %s %s %s %s %q %q", c.Credential.ID, tenant, purpose, dataSet, statistic, field, groupBy)
}

func (f *fake) PutBlob(_ context.Context, c vault.Caller, t vault.Target, field, kind string, body io.Reader, cond vault.Condition) (vault.Stored, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return vault.Stored{}, fault.As("vault.PutBlob", fault.Other, err)
	}
	return stored, f.call("PutBlob %s %s %s %s %d bytes %v", c.Credential.ID, where(t), field, kind, len(content), cond)
}

func (f *fake) GetBlob(_ context.Context, c vault.Caller, t vault.Target, field string) (vault.BlobInfo, io.ReadCloser, error) {
	rest := f.rest
	if rest == nil {
		rest = strings.NewReader("")
	}
	body := io.MultiReader(strings.NewReader(string(f.blob)), rest)
	return vault.BlobInfo{ContentType: "text/html", Size: int64(len(f.blob))}, io.NopCloser(body), f.call("GetBlob %s %s %s", c.Credential.ID, where(t), field)
}

// register knows four applications.
type register struct{ *fake }

func (r register) Authenticate(_ context.Context, key string, _ *x509.Certificate, now time.Time) (identity.Application, error) {
	app := identity.Application{Tenants: []string{"acme"}, Purposes: []string{"health-score"}, Environment: "production", Expires: noon.Add(time.Hour)}
	switch key {
	case dataKey:
		app.ID, app.Scopes = "app_data", []string{"data", "subjects"}
	case adminKey:
		app.ID, app.Scopes = "app_admin", []string{"admin"}
	case auditKey:
		app.ID, app.Scopes = "app_audit", []string{"audit"}
	case stagedKey:
		app.ID, app.Scopes, app.Environment = "app_staged", []string{"audit", "admin"}, "staging"
	default:
		return identity.Application{}, fault.New("identity.Authenticate", fault.Unauthenticated, "no valid key")
	}
	if !now.Before(app.Expires) {
		return identity.Application{}, fault.New("identity.Authenticate", fault.Unauthenticated, "no valid key")
	}
	return app, nil
}

func (r register) Create(_ context.Context, actor string, a identity.Application) (identity.Application, string, error) {
	a.ID, a.Created = "app_9", noon
	return a, newKey, r.call("Create %s %q %v %v %v %s", actor, a.Title, a.Tenants, a.Purposes, a.Scopes, a.Environment)
}

func (r register) Grant(_ context.Context, id, key string, scopes []string, _ *x509.Certificate, _ time.Time) (identity.Token, error) {
	if id != "app_data" || key != dataKey {
		return identity.Token{}, fault.New("fake.Grant", fault.Unauthenticated, "no")
	}
	if slices.Contains(scopes, api.ScopeAdmin) {
		return identity.Token{}, fault.New("fake.Grant", fault.Invalid, "no")
	}
	return identity.Token{Text: "a.b.c", Scopes: []string{"data"}, Life: 10 * time.Minute}, r.call("Grant %s %v", id, scopes)
}

func (r register) Rotate(_ context.Context, actor, id string, k identity.Rotation) (identity.Key, string, error) {
	return identity.Key{ID: "key_2", Created: noon}, newKey, r.call("Rotate %s %s old until %s", actor, id, k.OldEnd.Format(time.RFC3339))
}

func (r register) Keys(_ context.Context, id string) ([]identity.Key, error) {
	return []identity.Key{{ID: id, Created: noon, Expires: noon.Add(time.Hour)}, {ID: "key_2", Created: noon}}, r.call("Keys %s", id)
}

func (r register) EndKey(_ context.Context, actor, id, key string) error {
	return r.call("EndKey %s %s %s", actor, id, key)
}

func (r register) Revoke(_ context.Context, actor, id string) error {
	return r.call("Revoke %s %s", actor, id)
}

func (r register) List(context.Context) ([]identity.Application, error) {
	return []identity.Application{{ID: "app_9", Title: "Budget", Created: noon, Revoked: noon}}, r.call("Applications")
}

// logs has one log.
type logs struct{ *fake }

func (l logs) Serve(_ context.Context, tenant, path string) (ledger.Resource, error) {
	return ledger.Resource{Body: []byte("log of " + tenant), ContentType: "text/plain"}, l.call("Serve %s %s", tenant, path)
}

func (l logs) Page(_ context.Context, tenant, alias string, before int64, limit int) (ledger.Page, error) {
	e := proof.Entry{Seq: 7, Time: noon, Kind: "record.get", Actor: "app_data", Answer: "allow", Clauses: []string{"clesaro-purposes"}}
	return ledger.Page{Entries: []proof.Entry{e}, Before: 7}, l.call("Page %s %q %d %d", tenant, alias, before, limit)
}

// prober has one finding.
type prober struct{ *fake }

func (p prober) Run(_ context.Context, actor string) ([]api.Finding, error) {
	return []api.Finding{{Clause: "clesaro-tls", Control: "tls", At: noon, Outcome: "kept", Summary: "TLS 1.1 was refused"}}, p.call("Run %s", actor)
}

func (p prober) Statuses(context.Context) ([]api.ClauseStatus, error) {
	return []api.ClauseStatus{{Clause: "clesaro-tls", Text: "HTTPS only", State: "kept"}}, p.call("Statuses")
}

// setting is a handler over fakes.
type setting struct {
	*fake
	config  Config
	handler http.Handler
}

func samplePolicy() *policy.Policy {
	return &policy.Policy{
		Version: "2026-02-01", Environments: []string{"production", "staging"}, Regions: []policy.Region{{ID: "uae-north"}},
		Data: []policy.DataSet{{ID: "financial", Storage: policy.Stored, Fields: []policy.Field{{ID: "income", Type: policy.Money}, {ID: "scan", Type: policy.Blob, Max: 1000}}}},
		Purposes: []policy.Purpose{{
			ID: "health-score", Basis: policy.Contract, May: []policy.Action{policy.Read, policy.Write},
			Sees: []policy.Sight{{DataSet: "financial", Fields: []string{"income"}}},
		}},
	}
}

func set(t testing.TB, change ...func(*Config)) *setting {
	t.Helper()
	p := samplePolicy()
	rules, err := decision.Compile(p, &decision.Grounds{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	c := Config{
		Vault: f, Applications: register{f}, Ledger: logs{f}, Probes: prober{f}, Duties: clerk{f}, Incidents: office{f}, Assurance: watch{f}, Demands: office{f}, Minors: office{f}, Alerts: watchman{f}, Staff: porter{f}, Messages: postman{f}, Notices: herald{f}, Retention: undertaker{f}, Connected: liaison{f}, Rights: ombudsman{f}, Agents: agency{f}, Registry: agency{f}, Rules: rules, Policy: p,
		Issuer: "https://clause.example", Environment: "production", Title: "Clesaro", Now: func() time.Time { return noon }, Wall: time.Now,
		Trust: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "trust "+r.URL.Path) }),
	}
	for _, ch := range change {
		ch(&c)
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return &setting{fake: f, config: c, handler: h}
}

// send makes one request; header lines are "Name: value".
func (s *setting) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	if u, err := url.ParseRequestURI(path); err == nil {
		r.URL = u
	}
	r.RequestURI = path
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// problem decodes an answer that must be one.
func problem(t testing.TB, w *httptest.ResponseRecorder) api.Problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != api.ProblemType {
		t.Fatalf("content type %q with status %d, want a problem; body %s", got, w.Code, w.Body)
	}
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code || p.Title == "" || p.Type == "" {
		t.Errorf("incomplete problem with status %d: %+v", w.Code, p)
	}
	return p
}
