package control_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestRetentionCheck(t *testing.T) {
	checks(t, []check{
		{name: "all that is stored", control: &control.Retention{}},
		{name: "one", control: &control.Retention{Data: control.DataSets{"profile"}}},
		{name: "a time of its own", control: &control.Retention{Data: control.DataSets{"profile"}}, param: "data", finds: []string{"time of its own"},
			change: func(p *policy.Policy) { p.Data[0].Keep = 90 * day }},
		{name: "in memory", control: &control.Retention{Data: control.DataSets{"session"}}, param: "data", finds: []string{"cannot be retained"}},
	})
}

func TestRetentionPlan(t *testing.T) {
	refuses(t, keep("retention", nil), func(_ *decision.Rules, q *decision.Request) { q.Standing.Erased = true })
}

// leaving is sight of a store whose sweep puts back the rows of records that were seen: the server sweeps by itself
// too, maybe before anybody asks it to.
type leaving struct {
	control.RawStore
	w      *world
	tenant string
	seen   []map[string][]byte
}

func (l *leaving) Rows(ctx context.Context, tenant string, row func(table string, columns map[string][]byte) error) error {
	return l.RawStore.Rows(ctx, tenant, func(table string, columns map[string][]byte) error {
		if table == "records" && tenant == l.tenant {
			l.seen = append(l.seen, columns)
		}
		return row(table, columns)
	})
}

func (l *leaving) Settle(ctx context.Context) error {
	if err := l.RawStore.Settle(ctx); err != nil {
		return err
	}
	for _, r := range l.seen {
		err := l.w.exec(ctx, l.tenant, `INSERT INTO records (tenant_id, subject_id, data_set, record_id, version, sealed, created_at, updated_at)
 VALUES ($1, $2, $3, $4, 1, $5, 1, 1) ON CONFLICT DO NOTHING`, l.tenant, string(r["subject_id"]), string(r["data_set"]), string(r["record_id"]), r["sealed"])
		if err != nil {
			return err
		}
	}
	return nil
}

func leave(w *world, sys *control.System) {
	sys.Store = &leaving{RawStore: sys.Store, w: w, tenant: sys.Canary.A.ID}
}

// aged has a record in the store that is older than what was published lets it be, and that the server, which
// runs by another policy, leaves alone.
func aged() sabotage {
	return sabotage{
		name: "a record outlives its time", says: "that ought to have gone after",
		before: func(t *testing.T, w *world) {
			w.sql(t, "canary-b", `INSERT INTO records (tenant_id, subject_id, data_set, record_id, version, sealed, created_at, updated_at)
 VALUES ('canary-b', 'sub_old', $1, 'main', 1, $2, 1, $3)`, w.Published.Data[0].ID, []byte{0}, w.Clock.Now().Add(-91*day).UnixMicro())
			t.Cleanup(func() { w.exec(context.Background(), "canary-b", `DELETE FROM records WHERE tenant_id = 'canary-b'`) })
		},
		system: func(_ *world, sys *control.System) {
			published := *sys.Policy
			published.Data = slices.Clone(published.Data)
			published.Data[0].Keep = 90 * day
			sys.Policy = &published
		},
	}
}

func retentionSabotages() []sabotage {
	return []sabotage{
		{name: "what was read is served for ever", says: "right after the erasure was allowed", front: caching(http.StatusNotFound, http.StatusGone)},
		{name: "an erasure is forgotten", says: "right after the erasure was allowed", front: swallowing(func(r *http.Request, _ []byte) bool {
			return r.Method == "DELETE" && !strings.Contains(r.URL.Path, "/data/")
		})},
		aged(),
		{name: "rows are left", says: "After the erasure and its sweep the store has", system: leave},
	}
}
