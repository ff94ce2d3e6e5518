package rights

import (
	"context"
	"io"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/vault"
)

// What people do themselves, once they are known to be who they are: the door that lets them in is the caller.

// shownOwn is how many of a person's requests are shown, the newest.
const shownOwn = 100

// Own returns a person's requests, the newest first.
func (d *Desk) Own(ctx context.Context, c vault.Caller, tenant, subject string) (all []Request, err error) {
	const op = "rights.Own"
	if err := d.admit(ctx, c, "request.list", tenant); err != nil {
		return nil, err
	}
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		if all, err = where(tx, `subject_id = $2 ORDER BY request_id DESC LIMIT $3`, subject, int64(shownOwn)); err != nil {
			return err
		}
		for i := range all {
			if err := d.unseal(tx, &all[i]); err != nil {
				return err
			}
			if err := d.clocks(tx, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return all, fault.Wrap(op, err)
}

// Purposes are those that the request concerns, none for all.
func (r *Request) Purposes() []string { return r.details.Purposes }

// Ready reports whether a package waits to be taken.
func (d *Desk) Ready(r *Request) bool {
	return r.Right.packaged() && r.State == Answered && r.LinkUsed.IsZero() && d.Vault.Now().Before(r.LinkUntil)
}

// Exercise opens what a person asks. What leaves nothing to be judged is carried out at once: a copy of their
// data, a withdrawal, an erasure, and corrections that the person makes. All else waits for an answer.
// An open request about all of that is gone on with where it can be; else it is a Conflict.
func (d *Desk) Exercise(ctx context.Context, c vault.Caller, tenant string, ask Ask, corrections []Correction) (Request, error) {
	const op = "rights.Exercise"
	if err := d.valid(ctx, c, tenant, corrections); err != nil {
		return Request{}, fault.Wrap(op, err)
	}
	atOnce := ask.Right.packaged() || ask.Right == Withdrawal || ask.Right == Erasure || ask.Right == Rectification && len(corrections) > 0
	r, err := d.Open(ctx, c, tenant, ask)
	opened := err == nil
	if fault.Is(err, fault.Conflict) && atOnce {
		r, err = d.earlier(ctx, tenant, ask, err)
	}
	if err != nil || !atOnce {
		return r, err
	}
	done, _, err := d.Answer(ctx, c, tenant, r.ID, corrections)
	if err != nil && opened && ask.Right == Rectification { // nobody else has the corrections
		if _, err := d.Withdraw(ctx, c, tenant, r.ID); err != nil {
			return Request{}, fault.Wrap(op, err)
		}
	}
	return done, err
}

// earlier is the open request about all that is asked; without one, conflict stands.
func (d *Desk) earlier(ctx context.Context, tenant string, ask Ask, conflict error) (out Request, err error) {
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		open, err := openOf(tx, ask.Subject)
		if err != nil {
			return err
		}
		for i := range open {
			_, all, err := d.shared(tx, &open[i], &ask)
			if err != nil {
				return err
			}
			if all {
				out = open[i]
				return nil
			}
		}
		return conflict
	})
	return out, err
}

// valid refuses corrections that could not be stored, before a request is opened for them.
func (d *Desk) valid(ctx context.Context, c vault.Caller, tenant string, corrections []Correction) error {
	if len(corrections) == 0 {
		return nil
	}
	if err := d.admit(ctx, c, "request.check", tenant); err != nil {
		return err
	}
	for i := range corrections {
		if err := d.Vault.Valid(corrections[i].DataSet, corrections[i].Fields); err != nil {
			return err
		}
	}
	return nil
}

// Consent records that a person consents to a purpose or withdraws, and what they were shown. Systems that
// hold copies are told of a withdrawal; said again while they are being told, it adds nothing.
func (d *Desk) Consent(ctx context.Context, c vault.Caller, tenant, subject string, e vault.Expression) (vault.Consent, error) {
	said, err := d.Vault.Consent(ctx, c, tenant, subject, e)
	if err != nil || e.Given || d.Outside == nil {
		return said, err
	}
	_, err = d.Exercise(ctx, c, tenant, Ask{Subject: subject, Right: Withdrawal, Purposes: []string{e.Purpose}, Language: e.Language}, nil)
	return said, err
}

// TakeBack ends a person's own request.
func (d *Desk) TakeBack(ctx context.Context, c vault.Caller, tenant, subject, id string) (Request, error) {
	if err := d.owned(ctx, c, tenant, subject, id); err != nil {
		return Request{}, err
	}
	return d.Withdraw(ctx, c, tenant, id)
}

// Take hands a person the package of their own request, once.
func (d *Desk) Take(ctx context.Context, c vault.Caller, tenant, subject, id string) (*Package, error) {
	if err := d.owned(ctx, c, tenant, subject, id); err != nil {
		return nil, err
	}
	return d.Collect(ctx, c, tenant, id)
}

// owned refuses a request of anybody else as one that is not there.
func (d *Desk) owned(ctx context.Context, c vault.Caller, tenant, subject, id string) error {
	if err := d.admit(ctx, c, "request.read", tenant); err != nil {
		return err
	}
	return d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		r, err := byID(tx, id)
		if err == nil && (subject == "" || r.Subject != subject) {
			err = errNoRequest()
		}
		return err
	})
}

// Trail returns the ledger's entries about a person, the newest first: who did what with their data. It goes
// on below an index, from the newest for 0.
func (d *Desk) Trail(ctx context.Context, c vault.Caller, tenant, subject string, before int64, limit int) (ledger.Page, error) {
	alias, err := d.traced(ctx, c, tenant, subject)
	if err != nil {
		return ledger.Page{}, err
	}
	return d.Ledger.Page(ctx, tenant, alias, before, limit)
}

// Proof writes a person's part of the ledger, each entry with the proof that it is in it.
func (d *Desk) Proof(ctx context.Context, c vault.Caller, tenant, subject string, to io.Writer) error {
	alias, err := d.traced(ctx, c, tenant, subject)
	if err != nil {
		return err
	}
	return d.Ledger.Excerpt(ctx, tenant, alias, to)
}

// traced admits whoever reads what is told of a person, and returns the name it is told under.
func (d *Desk) traced(ctx context.Context, c vault.Caller, tenant, subject string) (alias string, err error) {
	if err := d.admit(ctx, c, "trail.read", tenant); err != nil {
		return "", err
	}
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		who, err := d.Vault.DataSubject(tx, subject)
		if err == nil {
			alias = who.Alias
		}
		return err
	})
	return alias, fault.Wrap("rights.traced", err)
}
