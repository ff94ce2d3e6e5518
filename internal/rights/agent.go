package rights

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// OpenFor opens what somebody else asks for in a person's name: all of it or nothing, with what also does,
// in one transaction. Its receipt is confirmed at once, which tells the person who knows of it so at the
// latest. Unless unproven is zero the clocks wait for proof of the person's identity, for that long, or for as
// long as the answer may take where that is shorter: nothing is carried out before it.
func (d *Desk) OpenFor(ctx context.Context, c vault.Caller, tenant string, asks []Ask, unproven policy.Term, also func(*db.Tx, []Request) error) ([]Request, error) {
	const op = "rights.OpenFor"
	if err := d.admit(ctx, c, "request.open", tenant); err != nil {
		return nil, err
	}
	for i := range asks {
		if err := d.check(&asks[i]); err != nil {
			return nil, err
		}
	}
	var out []Request
	err := d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		out = nil
		for _, ask := range asks {
			r, err := d.openIn(tx, &c, ask)
			if err != nil {
				return err
			}
			r.State = InProgress
			if err := d.acknowledge(tx, r, c.Credential.ID); err != nil {
				return err
			}
			if unproven.Form != "" {
				if err := d.askIdentity(tx, r, c.Credential.ID, d.fitting(r, unproven)); err != nil {
					return err
				}
			}
			if err := d.clocks(tx, r); err != nil {
				return err
			}
			out = append(out, *r)
		}
		return also(tx, out)
	})
	return out, fault.Wrap(op, err)
}

// fitting is a pause, or the shortest time for an answer where that is shorter.
func (d *Desk) fitting(r *Request, pause policy.Term) policy.Term {
	for _, p := range d.Promises[r.Right] {
		longest, _ := pause.Longest()
		if within, ok := p.Answer.Limit.Longest(); ok && longest > within {
			pause = p.Answer.Limit
		}
	}
	return pause
}

// In reads a request in a transaction of its tenant, for whoever answers for having been admitted.
func (d *Desk) In(tx *db.Tx, id string) (Request, error) {
	r, err := byID(tx, id)
	if err != nil {
		return Request{}, fault.Wrap("rights.In", err)
	}
	err = d.clocks(tx, r)
	return *r, fault.Wrap("rights.In", err)
}

// Collect hands a package to whoever asked for it in the person's name, instead of the link: one of the two
// is used, once. A package that is none, was handed out or is over is NotFound.
func (d *Desk) Collect(ctx context.Context, c vault.Caller, tenant, id string) (*Package, error) {
	const op = "rights.Collect"
	if err := d.admit(ctx, c, "request.collect", tenant); err != nil {
		return nil, err
	}
	var found Request
	err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		r, err := byID(tx, id)
		if err == nil {
			found = *r
		}
		return err
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	p, err := d.handOut(ctx, tenant, &found, c.Credential.ID, func(r *Request) bool { return r.Right.packaged() })
	return p, fault.Wrap(op, err)
}
