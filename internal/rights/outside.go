package rights

import (
	"context"
	"encoding/json"
	"slices"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Outside is the systems outside the vault that hold copies of people's data. Each call concerns one request,
// whose lines say what was done there.
type Outside interface {
	// Count is Unavailable unless all that the systems hold of a person can be had.
	Count(ctx context.Context, tenant, subject, request string) (connect.Report, error)
	Export(ctx context.Context, tenant, subject, request string, to connect.Sink) (connect.Report, error)
	Rectify(ctx context.Context, tenant, subject, request string, fixes []connect.Fix) (connect.Report, error)
	// PassOn opens a walk that tells the systems; Advance goes on with it for a short time.
	PassOn(tx *db.Tx, request, subject, right string, purposes []string) error
	Advance(ctx context.Context, tenant, request string) error
	// Of tells what was done for a request, and whether that goes on.
	Of(tx *db.Tx, request string) (lines connect.Report, pending bool, err error)
}

// toldOutside reports whether systems are told of a right, beside what the vault does.
func (r Right) toldOutside() bool { return r == Restriction || r == Objection || r == Withdrawal }

// outside fills in what was done in other systems.
func (d *Desk) outside(tx *db.Tx, r *Request) (err error) {
	if d.Outside != nil {
		r.Systems, r.going, err = d.Outside.Of(tx, r.ID)
	}
	return err
}

// reach makes sure that all copies of a person's data can be had, before a link to them is given.
func (d *Desk) reach(ctx context.Context, tenant string, r *Request) error {
	if d.Outside == nil || r.State == Answered || r.Subject == "" {
		return nil
	}
	if err := r.mustBe(Received, InProgress); err != nil {
		return err
	}
	_, err := d.Outside.Count(ctx, tenant, r.Subject, r.ID)
	return err
}

// rectifyOutside writes corrections to the copies.
func (d *Desk) rectifyOutside(ctx context.Context, tenant string, r *Request, corrections []Correction) error {
	if d.Outside == nil {
		return nil
	}
	fixes := make([]connect.Fix, len(corrections))
	for i, c := range corrections {
		fixes[i] = connect.Fix{DataSet: c.DataSet, Record: c.Record, Fields: map[string]json.RawMessage{}}
		for name, value := range c.Fields {
			fixes[i].Fields[name] = json.RawMessage(value)
		}
	}
	_, err := d.Outside.Rectify(ctx, tenant, r.Subject, r.ID, fixes)
	return err
}

// passOn has the systems told of a right that the vault has carried out. What takes longer goes on by itself,
// and the request with it.
func (d *Desk) passOn(ctx context.Context, tenant string, r *Request, purposes []string) error {
	if d.Outside == nil || !r.Right.toldOutside() {
		return nil
	}
	err := d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		return d.Outside.PassOn(tx, r.ID, r.Subject, string(r.Right), slices.Clone(purposes))
	})
	if err != nil {
		return err
	}
	if err := d.Outside.Advance(ctx, tenant, r.ID); err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	return nil
}

// about are the purposes that a request concerns.
func (d *Desk) about(r *Request) []string {
	if len(r.details.Purposes) > 0 {
		return r.details.Purposes
	}
	return r.Right.Purposes(d.Policy)
}
