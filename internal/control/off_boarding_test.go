package control_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

func TestOffBoardingCheck(t *testing.T) {
	span := func(n int, unit policy.Unit) policy.Term {
		return policy.Term{Form: policy.Within, Count: n, Unit: unit}
	}
	checks(t, []check{
		{name: "days", control: &control.OffBoarding{Within: span(30, policy.Day), Certificate: true}},
		{name: "no figure", control: &control.OffBoarding{Within: policy.Term{Form: policy.Prompt}}, param: "within", finds: []string{"is no time by which"}},
		{name: "a rhythm", control: &control.OffBoarding{Within: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}}, param: "within", finds: []string{"leaves once"}},
		{name: "business days without a calendar", control: &control.OffBoarding{Within: span(30, policy.BusinessDay)}, param: "within", finds: []string{"on a calendar"}},
	})
}

func TestOffBoardingPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("off-boarding", policy.Params{"within": policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}})))
	if err != nil {
		t.Fatal(err)
	}
	if owed := plan.Duties["promise"]; len(owed) != 1 || owed[0].Kind != "off-boarding" || owed[0].Evidence != "certificate" || owed[0].Limit.Count != 30 {
		t.Errorf("planned %+v", owed)
	}
}

func offBoardingSabotages() []sabotage {
	asked := func(r *http.Request) bool {
		return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/off-boarding")
	}
	return []sabotage{
		{name: "an off-boarding is forgotten", says: "right after the off-boarding was allowed", front: pretending(asked), before: func(t *testing.T, w *world) {
			t.Cleanup(func() {
				for _, l := range w.System().Canary.Leavers {
					err := w.App.Vault.EraseTenant(context.Background(), w.App.Operator(), l.ID)
					if err != nil && !fault.Is(err, fault.NotFound) {
						t.Error(err)
					}
				}
				if err := w.App.Vault.Sweep(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}},
		{name: "what was read is served for ever", says: "right after the off-boarding was allowed", front: caching(http.StatusNotFound, http.StatusGone)},
		{name: "rows are left", says: "After the off-boarding and its sweep the store has", system: func(w *world, sys *control.System) {
			for _, l := range sys.Canary.Leavers {
				sys.Store = &leaving{RawStore: sys.Store, w: w, tenant: l.ID}
			}
		}},
		{name: "blobs are left", says: "of the customer are left", system: func(w *world, sys *control.System) {
			for _, l := range sys.Canary.Leavers {
				sys.Store = hoarding{sys.Store, filepath.Join(w.App.Data, "blobs", l.ID)}
			}
		}, before: func(t *testing.T, w *world) {
			t.Cleanup(func() {
				for _, l := range w.System().Canary.Leavers {
					os.RemoveAll(filepath.Join(w.App.Data, "blobs", l.ID))
				}
			})
		}},
		{name: "a backup brings them back", says: "of the erased person from that backup was allowed", system: reviving()},
		{name: "the certificate is doctored", says: "The certificate does not verify", front: rewritten(holding("/document"), `"subjects": 1`, `"subjects": 2`)},
		{name: "no certificate is issued", says: "No certificate was issued", front: swallowing404("/document")},
		{name: "a longer time is run by", says: "does not end when", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "off-boarding" {
						keep.Params["within"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Day}
					}
				}
			}
		}},
	}
}

// pretending answers what is meant as if it had been done.
func pretending(meant func(*http.Request) bool) func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !meant(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			w.Write([]byte(`{"tenant":"canary","certificate":{"id":"cert_1"}}`))
		})
	}
}

// hoarding is sight of a store whose sweep keeps a copy of a blob.
type hoarding struct {
	control.RawStore
	folder string
}

func (h hoarding) Settle(ctx context.Context) error {
	if err := h.RawStore.Settle(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(h.folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.folder, "copy"), []byte("x"), 0o600)
}

// swallowing404 answers that there is nothing at addresses of an ending.
func swallowing404(ending string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ending) {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
