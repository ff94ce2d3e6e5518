package connected

import (
	"context"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Count has the systems count what they hold of a person, for a request: whoever answers it knows that all of
// it can be had. Nothing was handed out.
func (d *Desk) Count(ctx context.Context, tenant, subject, request string) (connect.Report, error) {
	return d.direct(ctx, tenant, subject, request, connect.Count())
}

// Export hands what the systems hold of a person to a sink, for a request.
func (d *Desk) Export(ctx context.Context, tenant, subject, request string, to connect.Sink) (connect.Report, error) {
	return d.direct(ctx, tenant, subject, request, connect.Export(to))
}

// Rectify writes corrections to the copies, for a request. They are kept nowhere: where a system fails, whoever
// holds them asks again.
func (d *Desk) Rectify(ctx context.Context, tenant, subject, request string, fixes []connect.Fix) (connect.Report, error) {
	return d.direct(ctx, tenant, subject, request, connect.Rectify(fixes...))
}

// direct walks within the call, and keeps the lines.
func (d *Desk) direct(ctx context.Context, tenant, subject, request string, a connect.Action) (connect.Report, error) {
	const op = "connected.direct"
	if !d.holds(tenant) || len(d.Set.Lines(tenant, a)) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, directly)
	defer cancel()
	var ids map[string][]string
	err := d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		if ids, err = d.Known(tx, subject); err != nil {
			return err
		}
		w, err := read(tx, request)
		if err != nil || w != nil {
			return err
		}
		return insert(tx, &walk{id: request, about: request, action: copies, state: ended, people: 1, opened: tx.Now(), ended: tx.Now()})
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	report, err := d.Set.Walk(ctx, connect.Person{Ref: request, Tenant: tenant, IDs: ids}, a, anew{&kept{d, tenant, request}})
	if err != nil && ctx.Err() == nil {
		return nil, fault.Wrap(op, err)
	}
	if !report.Done() || err != nil {
		return report, unfinished(report)
	}
	return report, nil
}

// anew is a walk that is begun again each time: whoever took what came of it before has it no more. What staff
// have settled stays.
type anew struct{ *kept }

// Load returns what is settled.
func (a anew) Load(ctx context.Context) ([]connect.Line, error) {
	lines, err := a.kept.Load(ctx)
	return slices.DeleteFunc(lines, func(l connect.Line) bool { return l.State != connect.Settled }), err
}

// directly is how long a call may walk: less than a connection lives.
const directly = 40 * time.Second

// unfinished names the systems that are not done.
func unfinished(report connect.Report) error {
	var names []string
	for _, l := range report {
		if !l.State.Final() {
			name := l.System
			if l.Table != "" {
				name += "." + l.Table
			}
			if l.Why != "" {
				name += ": " + l.Why
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = []string{"the systems did not answer in time"}
	}
	return fault.New("connected.unfinished", fault.Unavailable, "not all copies could be reached: %s", strings.Join(names, "; ")).
		WithHint("ask again; or set the person's external ids, or settle the system with a reason")
}
