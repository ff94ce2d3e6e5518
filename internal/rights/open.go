package rights

import (
	"context"
	"encoding/json"
	"slices"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Ask is what somebody asks for.
type Ask struct {
	Subject  string
	Right    Right
	Purposes []string // that consent is withdrawn from, or that are objected to; none for all
	Language string   // in which the person is answered, "en" or "ar"; "" for the first
}

// Open opens a request of a person. The clocks of every clause that promises the right begin. A person has
// one open request of a right at a time: again it is a Conflict that names it.
func (d *Desk) Open(ctx context.Context, c vault.Caller, tenant string, ask Ask) (out Request, err error) {
	const op = "rights.Open"
	if err := d.admit(ctx, c, "request.open", tenant); err != nil {
		return Request{}, err
	}
	if err := d.check(&ask); err != nil {
		return Request{}, err
	}
	err = d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		r, err := d.openIn(tx, &c, ask)
		if err == nil {
			out = *r
		}
		return err
	})
	return out, fault.Wrap(op, err)
}

// check refuses what cannot be asked for.
func (d *Desk) check(ask *Ask) error {
	const op = "rights.Open"
	if ask.Language == "" {
		ask.Language = languages()[0]
	}
	switch {
	case !slices.Contains(All(), ask.Right):
		return fault.New(op, fault.Invalid, "there is no such right").WithField("right")
	case !slices.Contains(languages(), ask.Language):
		return fault.New(op, fault.Invalid, "people are answered in en or ar").WithField("language")
	case len(ask.Purposes) > 0 && ask.Right.bases() == nil:
		return fault.New(op, fault.Invalid, "only a withdrawal or an objection names purposes").WithField("purposes")
	}
	meant := ask.Right.Purposes(d.Policy)
	for _, id := range ask.Purposes {
		if !slices.Contains(meant, id) {
			return fault.New(op, fault.Invalid, "a purpose is not one that %s can be about", ask.Right).WithField("purposes").
				WithHint("consent is withdrawn from purposes that rest on consent; objections are lodged against legitimate interests")
		}
	}
	if ask.Right.bases() != nil && len(meant) == 0 {
		return fault.New(op, fault.Invalid, "the policy has no purpose that %s can be about", ask.Right).WithField("right")
	}
	slices.Sort(ask.Purposes)
	ask.Purposes = slices.Compact(ask.Purposes)
	return nil
}

func (d *Desk) openIn(tx *db.Tx, c *vault.Caller, ask Ask) (*Request, error) {
	const op = "rights.Open"
	who, err := d.Vault.DataSubject(tx, ask.Subject)
	if err != nil {
		return nil, err
	}
	earlier, err := openOf(tx, ask.Subject)
	if err != nil {
		return nil, err
	}
	for i := range earlier {
		some, _, err := d.shared(tx, &earlier[i], &ask)
		if err != nil {
			return nil, err
		}
		if some {
			return nil, fault.New(op, fault.Conflict, "the person has asked for this already: %s is open", earlier[i].ID).
				WithHint("answer that request; it is one and the same")
		}
	}
	r := &Request{ID: newID(tx.Now()), Subject: ask.Subject, Right: ask.Right, State: Received, Opened: tx.Now(), alias: who.Alias}
	r.details = details{Language: ask.Language, Purposes: ask.Purposes}
	plain, err := json.Marshal(r.details)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	if r.sealed, err = who.Seal(sealedAs, r.ID, plain); err != nil {
		return nil, err
	}
	for _, p := range d.Promises[ask.Right] {
		r.Clauses = append(r.Clauses, p.Answer.Clause)
		for _, duty := range []obligation.Duty{p.Acknowledge, p.Answer} {
			if duty.Kind == "" {
				continue
			}
			if _, err := d.Clocks.Open(tx, duty, r.ID); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(r.Clauses)
	r.Clauses = slices.Compact(r.Clauses)
	if err := insert(tx, r); err != nil {
		return nil, err
	}
	if err := d.note(tx, r, c.Credential.ID, "request.opened", ""); err != nil {
		return nil, err
	}
	return r, d.clocks(tx, r)
}

// shared reports whether a request is about some of what is asked, and whether about all of it: of withdrawals and
// objections, about the purposes.
func (d *Desk) shared(tx *db.Tx, r *Request, ask *Ask) (some, all bool, err error) {
	if r.Right != ask.Right || r.Right.bases() == nil {
		return r.Right == ask.Right, r.Right == ask.Right, nil
	}
	if err := d.unseal(tx, r); err != nil {
		return false, false, err
	}
	all = true
	has := d.about(r)
	for _, id := range d.about(&Request{Right: ask.Right, details: details{Purposes: ask.Purposes}}) {
		found := slices.Contains(has, id)
		some, all = some || found, all && found
	}
	return some, all, nil
}

// extension is how much longer the clause of a clock lets the request take; zero if it does not.
func (d *Desk) extension(r *Request, clause string) policy.Term {
	for _, p := range d.Promises[r.Right] {
		if p.Answer.Clause == clause {
			return p.Extend
		}
	}
	return policy.Term{}
}
