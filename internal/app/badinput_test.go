package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/identity"
)

// secret is a value in bad requests, which no answer and no ledger may repeat.
const secret = "s3cr3t-value"

// stage is a server with two tenants, each with a person who has data, and applications of all kinds.
type stage struct {
	*apptest.Server
	t     testing.TB
	keys  map[string]string
	words *strings.Replacer // $names of ids in paths and bodies
}

// request is one bad request. Names with a $ stand for ids.
type request struct {
	name, key, method, path string
	header                  map[string]string
	body                    string
	status                  int
}

func newStage(t testing.TB, o apptest.Options) *stage {
	t.Helper()
	s := &stage{Server: apptest.Start(t, o), t: t, keys: map[string]string{}}
	admin := s.Client(t, s.application("admin", identity.Application{Scopes: []string{"admin"}}))
	ids := []string{}
	for _, tenant := range []string{"acme", "globex"} {
		if _, err := admin.CreateTenant(t.Context(), newTenant(tenant)); err != nil {
			t.Fatal(err)
		}
		key := s.application(tenant, identity.Application{Tenants: []string{tenant}, Scopes: []string{"data", "subjects"}})
		person, rent := s.person(s.Client(t, key), tenant)
		ids = append(ids, "$"+tenant+"-person", person, "$"+tenant+"-rent", rent)
	}
	gone, err := s.Client(t, s.keys["acme"]).CreateSubject(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Client(t, s.keys["acme"]).EraseSubject(t.Context(), "acme", gone); err != nil {
		t.Fatal(err)
	}
	s.words = strings.NewReplacer(append(ids, "$gone", gone, "$secret", secret)...)
	both := []string{"data", "subjects"}
	s.application("security alone", identity.Application{Tenants: []string{"acme"}, Scopes: both, Purposes: []string{"security"}})
	s.application("audit", identity.Application{Tenants: []string{"acme"}, Scopes: []string{"audit"}})
	s.application("test", identity.Application{Tenants: []string{"acme"}, Scopes: both, Environment: "test"})
	s.application("expired", identity.Application{Tenants: []string{"acme"}, Scopes: both, Expires: s.Clock.Now().Add(time.Hour)})
	s.application("revoked", identity.Application{Tenants: []string{"acme"}, Scopes: both})
	s.Clock.Move(2 * time.Hour)
	if err := s.System().Store.Settle(t.Context()); err != nil { // what the server would do by itself meanwhile
		t.Fatal(err)
	}
	return s
}

func (s *stage) application(name string, a identity.Application) (key string) {
	s.t.Helper()
	if a.Title = name; a.Environment == "" {
		a.Environment = "production"
	}
	if a.Purposes == nil {
		for _, p := range s.Published.Purposes {
			a.Purposes = append(a.Purposes, p.ID)
		}
	}
	made, key, err := s.App.Applications.Create(s.t.Context(), "test", a)
	if err == nil && name == "revoked" {
		err = s.App.Applications.Revoke(s.t.Context(), "test", made.ID)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.keys[name] = key
	return key
}

func (s *stage) person(c *client.Client, tenant string) (person, rent string) {
	s.t.Helper()
	person, err := c.CreateSubject(s.t.Context(), tenant)
	if err != nil {
		s.t.Fatal(err)
	}
	target := client.Target{Tenant: tenant, Subject: person, DataSet: "identity", Record: "main", Purpose: "account"}
	if _, err := c.Put(s.t.Context(), target, map[string]any{"first_name": "Amal", "email": "amal@" + tenant + ".example"}); err != nil {
		s.t.Fatal(err)
	}
	target.DataSet, target.Purpose = "transactions", "budgeting"
	stored, err := c.Create(s.t.Context(), target, map[string]any{
		"date": "2026-03-01", "amount": "4000.00 AED", "direction": "expense", "category": "housing", "merchant": "Landlord",
	}, client.IdempotencyKey("rent"))
	if err != nil {
		s.t.Fatal(err)
	}
	return person, stored.Record
}

// send sends a request over the wire and returns status, media type and body.
func (s *stage) send(r request) (int, string, string) {
	s.t.Helper()
	q, err := http.NewRequest(r.method, s.Door.URL+s.words.Replace(r.path), bytes.NewReader([]byte(s.words.Replace(r.body))))
	if err != nil {
		s.t.Fatal(err)
	}
	if r.body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	if key, ok := s.keys[r.key]; ok {
		q.Header.Set("Authorization", "Bearer "+key)
	}
	for name, value := range r.header {
		q.Header.Set(name, s.words.Replace(value))
	}
	answer, err := s.App.System(s.Door).HTTP.Do(q)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(body)
}

// rows are all rows of both tenants, and those of the organisation that requests may change; the
// ledgers are apart.
func (s *stage) rows() (data, ledgers map[string]int) {
	s.t.Helper()
	data, ledgers = map[string]int{}, map[string]int{}
	for _, tenant := range []string{"", "acme", "globex"} {
		err := s.System().Store.Rows(s.t.Context(), tenant, func(table string, columns map[string][]byte) error {
			var row strings.Builder
			row.WriteString(table)
			for _, name := range slices.Sorted(maps.Keys(columns)) {
				row.WriteString(" " + name + "=" + string(columns[name]))
			}
			switch {
			case strings.HasPrefix(table, "ledger_"):
				ledgers[row.String()]++
			case table != "evidence" && table != "meta" && !strings.Contains(row.String(), "canary-"):
				data[row.String()]++
			}
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return data, ledgers
}

// TestBadRequestsChangeNothing sends bad requests over the wire: each is told what is wrong without
// the value that was sent, and nothing but the ledger changes, which does not hold the value either.
func TestBadRequestsChangeNothing(t *testing.T) {
	engines(t, func(t *testing.T, o apptest.Options) {
		s := newStage(t, o)
		before, _ := s.rows()
		for _, r := range badRequests() {
			status, kind, body := s.send(r)
			var p api.Problem
			switch {
			case status != r.status:
				t.Errorf("%s: status %d, want %d: %s", r.name, status, r.status, body)
			case kind != api.ProblemType || json.Unmarshal([]byte(body), &p) != nil || p.Status != status || p.Title == "":
				t.Errorf("%s: no problem but %s: %s", r.name, kind, body)
			case strings.Contains(body, secret):
				t.Errorf("%s: the answer repeats what was sent: %s", r.name, body)
			}
		}
		after, ledgers := s.rows()
		for row := range before {
			if after[row] != before[row] {
				t.Errorf("a row was changed or is gone: %.200q", row)
			}
		}
		for row := range after {
			if before[row] == 0 {
				t.Errorf("a row is new: %.200q", row)
			}
		}
		for row := range ledgers {
			if strings.Contains(row, secret) {
				t.Error("a ledger holds a value that was sent")
			}
		}
		if len(before) < 12 || len(ledgers) < 4 {
			t.Errorf("only %d rows and %d of ledgers were compared", len(before), len(ledgers))
		}
	})
}
