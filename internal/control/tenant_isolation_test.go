package control_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
)

func TestTenantIsolationCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.TenantIsolation{}}})
}

func TestTenantIsolationPlan(t *testing.T) {
	refuses(t, keep("tenant-isolation", nil), func(_ *decision.Rules, q *decision.Request) { q.Owner = "b" })
}

// ownerOf puts the key of the tenant whose path it is on a request: whoever asks is taken for it.
func ownerOf(sys *control.System, r *http.Request) {
	for _, tenant := range []control.Tenant{sys.Canary.A, sys.Canary.B} {
		if strings.HasPrefix(r.URL.Path, "/v1/tenants/"+tenant.ID+"/") {
			r.Header.Set("Authorization", "Bearer "+tenant.Key)
		}
	}
}

// searchingAll looks for what a tenant lacks in the other tenant.
func searchingAll(sys *control.System, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, body := httptest.NewRecorder(), bodyOf(r)
		next.ServeHTTP(got, r)
		if got.Code == http.StatusNotFound {
			r.URL.Path = strings.Replace(r.URL.Path, "/"+sys.Canary.B.ID+"/", "/"+sys.Canary.A.ID+"/", 1)
			r.Body = io.NopCloser(bytes.NewReader(body))
			ownerOf(sys, r)
			got = httptest.NewRecorder()
			next.ServeHTTP(got, r)
		}
		copyOut(w, got)
	})
}

func isolationSabotages() []sabotage {
	return []sabotage{
		{name: "any key opens any tenant", says: "by another tenant's credential was allowed", front: rewriting(ownerOf)},
		{name: "any path leads to the person", says: "within another tenant was allowed", front: searchingAll},
		{name: "erasure by anybody", says: "Erasing a person by another tenant's credential was allowed", front: rewriting(func(sys *control.System, r *http.Request) {
			if r.Method == "DELETE" {
				ownerOf(sys, r)
			}
		})},
		{name: "ciphertext bound to nothing", says: "opened in another tenant's row", system: func(w *world, sys *control.System) {
			unbound(sys)
		}},
	}
}

// unbound makes a scratch server show, once rows were moved, what was in the row that was copied.
func unbound(sys *control.System) {
	moved := false
	restore := sys.Restore
	sys.Restore = func(ctx context.Context, r io.Reader) (*control.Scratch, error) {
		s, err := restore(ctx, r)
		if err != nil {
			return nil, err
		}
		exec, honest := s.Exec, s.HTTP.Transport
		var from []byte
		s.Exec = func(ctx context.Context, tenant, query string, args ...any) error {
			moved = true
			return exec(ctx, tenant, query, args...)
		}
		s.Store.Rows(ctx, sys.Canary.A.ID, func(table string, columns map[string][]byte) error {
			if table == "records" && from == nil && string(columns["data_set"]) == "identity" {
				from = bytes.Clone(columns["subject_id"])
			}
			return nil
		})
		s.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if moved {
				r.URL.Path = "/v1/tenants/" + sys.Canary.A.ID + "/subjects/" + string(from) + "/data/identity/main"
				ownerOf(sys, r)
			}
			return honest.RoundTrip(r)
		})}
		return s, nil
	}
}
