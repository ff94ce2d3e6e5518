package rights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Correction is a change of one record that rectifies it, for a purpose that may write it. It is written
// once and kept nowhere else.
type Correction struct {
	Purpose, DataSet, Record string
	Fields                   vault.Fields
}

// maxCorrections bounds those of one answer.
const maxCorrections = 50

// Answer has a request carried out, and ends it. Erasure erases the person; a withdrawal and an objection
// are set for the purposes they name, a restriction for the person: the next decision goes by them.
// Rectification takes the corrections, which only it does. Access and portability give a link to a package
// of the person's data: it is returned here, once, and holds for [LinkHolds]; answered again, they give a
// new one, and the one before holds no longer. Any other answer repeated does nothing.
func (d *Desk) Answer(ctx context.Context, c vault.Caller, tenant, id string, corrections []Correction) (Request, string, error) {
	const op = "rights.Answer"
	if err := d.admit(ctx, c, "request.answer", tenant); err != nil {
		return Request{}, "", err
	}
	var r Request
	err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		found, err := d.load(tx, id)
		if err == nil {
			r = *found
			err = d.clocks(tx, &r)
		}
		return err
	})
	if err != nil {
		return Request{}, "", fault.Wrap(op, err)
	}
	if err := r.takes(corrections); err != nil {
		return Request{}, "", err
	}
	link := ""
	switch {
	case r.Right.packaged():
		if err := d.reach(ctx, tenant, &r); err != nil {
			return Request{}, "", fault.Wrap(op, err)
		}
		r, link, err = d.link(ctx, tenant, id, c.Credential.ID)
	case r.State == Answered:
	case r.Right == Rectification:
		r, err = d.rectify(ctx, c, tenant, &r, corrections)
	default:
		r, err = d.carryOut(ctx, c, tenant, id)
	}
	return r, link, fault.Wrap(op, err)
}

// takes refuses corrections where there is nothing to correct, and their lack where there is.
func (r *Request) takes(corrections []Correction) error {
	const op = "rights.Answer"
	switch {
	case r.Right != Rectification && len(corrections) > 0:
		return fault.New(op, fault.Invalid, "only a rectification corrects anything").WithField("corrections")
	case r.Right == Rectification && r.State != Answered && (len(corrections) == 0 || len(corrections) > maxCorrections):
		return fault.New(op, fault.Invalid, "a rectification is answered with 1 to %d corrections", maxCorrections).WithField("corrections").
			WithHint("where nothing is wrong, refuse it on that ground")
	}
	return nil
}

// acting is the caller with what carrying out a right takes beside the scope rights.
func acting(c vault.Caller, scopes ...string) vault.Caller {
	c.Scopes = append(append([]string{}, c.Scopes...), scopes...)
	return c
}

// mustBeReady refuses a request that cannot be answered yet.
func (r *Request) mustBeReady() error { return r.mustBe(Received, InProgress, CarryingOut) }

// rectify writes the corrections. They are in nobody's hands but the caller's, so that a crash leaves the
// request open: sent again, each is written once, by its idempotency key.
func (d *Desk) rectify(ctx context.Context, c vault.Caller, tenant string, r *Request, corrections []Correction) (Request, error) {
	const op = "rights.rectify"
	if err := r.mustBeReady(); err != nil {
		return Request{}, err
	}
	writer := acting(c, vault.ScopeData)
	for i, fix := range corrections {
		text, err := json.Marshal(fix)
		if err != nil {
			return Request{}, fault.As(op, fault.Invalid, err)
		}
		digest := sha256.Sum256(text)
		target := vault.Target{Tenant: tenant, Subject: r.Subject, DataSet: fix.DataSet, Record: fix.Record, Purpose: fix.Purpose}
		idem := vault.Idempotency{Key: r.ID + ":" + hex.EncodeToString(digest[:16]), Request: digest}
		if _, err := d.Vault.Patch(ctx, writer, target, fix.Fields, vault.Condition{}, idem); err != nil {
			return Request{}, at(i, err)
		}
	}
	if err := d.rectifyOutside(ctx, tenant, r, corrections); err != nil {
		return Request{}, err
	}
	return d.move(ctx, tenant, r.ID, func(tx *db.Tx, r *Request) error {
		if r.State == Answered {
			return nil
		}
		if err := r.mustBeReady(); err != nil {
			return err
		}
		return d.finish(tx, r, c.Credential.ID)
	})
}

// at says which correction failed.
func at(i int, err error) error {
	path := "corrections[" + strconv.Itoa(i) + "]"
	wrapped := &fault.Error{Op: "rights.rectify", Kind: fault.KindOf(err), Clause: fault.ClauseOf(err), Err: err, Field: path}
	var inner *fault.Error
	if errors.As(err, &inner) {
		wrapped.Hint = inner.Hint
		if inner.Field != "" {
			wrapped.Field += "." + inner.Field
		}
	}
	return wrapped
}

// carryOut marks the request, has the vault act, and answers it.
func (d *Desk) carryOut(ctx context.Context, c vault.Caller, tenant, id string) (Request, error) {
	r, err := d.move(ctx, tenant, id, func(tx *db.Tx, r *Request) error { return d.begin(tx, r, c.Credential.ID) })
	if err != nil || r.State == Answered {
		return r, err
	}
	return d.act(ctx, c, tenant, &r)
}

// begin marks that a request is being carried out.
func (d *Desk) begin(tx *db.Tx, r *Request, who string) error {
	if r.State == Answered || r.State == CarryingOut {
		return nil
	}
	if err := r.mustBeReady(); err != nil {
		return err
	}
	if r.Right == Erasure {
		if err := d.mayErase(tx, r); err != nil {
			return err
		}
	}
	r.State = CarryingOut
	if err := d.note(tx, r, who, "request.begun", ""); err != nil {
		return err
	}
	return update(tx, r)
}

// mayErase refuses to erase somebody who has asked that their data be kept (GDPR art. 18(1)(b), (c)), and
// learns what of them is kept by law whatever they ask.
func (d *Desk) mayErase(tx *db.Tx, r *Request) error {
	who, err := d.Vault.DataSubject(tx, r.Subject)
	if err != nil {
		return err
	}
	if who.Restricted {
		return fault.New("rights.Answer", fault.Conflict, "the person has restricted the processing of their data, and may need it kept").
			WithHint("ask them; lift the restriction, and answer again")
	}
	if d.Held == nil {
		return nil
	}
	if reason, _, held := d.Held(tx, tx.Tenant(), r.Subject); held {
		r.Reason = reason
	}
	return nil
}

// act has the vault do what was asked, which may have been done before, and answers the request. What the
// vault refuses for good leaves the request as it was.
func (d *Desk) act(ctx context.Context, c vault.Caller, tenant string, r *Request) (Request, error) {
	var err error
	if !r.Right.toldOutside() || len(r.Systems) == 0 { // else a call before this one got so far
		err = d.perform(ctx, acting(c, vault.ScopeSubjects), tenant, r)
	}
	switch fault.KindOf(err) {
	case fault.Refused, fault.Invalid, fault.Conflict, fault.Unauthenticated:
		if err != nil {
			return Request{}, errors.Join(err, d.halt(ctx, tenant, r.ID, c.Credential.ID))
		}
	}
	if err == nil {
		err = d.passOn(ctx, tenant, r, d.about(r))
	}
	if err != nil {
		return Request{}, err
	}
	return d.move(ctx, tenant, r.ID, func(tx *db.Tx, now *Request) error {
		if err := d.outside(tx, now); err != nil {
			return err
		}
		if now.State != CarryingOut || now.going { // another call was quicker; or Finish ends it
			return nil
		}
		if r.Right == Erasure { // the sweep may have taken the name from the row: it is needed once more
			now.Subject = r.Subject
		}
		return d.finish(tx, now, c.Credential.ID)
	})
}

func (d *Desk) perform(ctx context.Context, c vault.Caller, tenant string, r *Request) error {
	purposes := d.about(r)
	switch r.Right {
	case Erasure:
		if r.Subject == "" { // erased and swept since
			return nil
		}
		err := d.erase(ctx, c, tenant, r)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) { // a call before this one got so far
			return nil
		}
		return err
	case Restriction:
		return d.Vault.SetRestriction(ctx, c, tenant, r.Subject, true)
	case Withdrawal:
		for _, id := range purposes {
			if err := d.Vault.SetConsent(ctx, c, tenant, r.Subject, id, false); err != nil {
				return err
			}
		}
	case Objection:
		for _, id := range purposes {
			if err := d.Vault.SetObjection(ctx, c, tenant, r.Subject, id, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Desk) erase(ctx context.Context, c vault.Caller, tenant string, r *Request) error {
	if d.Erase != nil {
		return d.Erase(ctx, c, tenant, r.Subject, r.ID)
	}
	return d.Vault.EraseSubject(ctx, c, tenant, r.Subject)
}

// halt puts a request back that could not be carried out.
func (d *Desk) halt(ctx context.Context, tenant, id, who string) error {
	_, err := d.move(ctx, tenant, id, func(tx *db.Tx, r *Request) error {
		if r.State != CarryingOut {
			return nil
		}
		r.State = InProgress
		if err := d.note(tx, r, who, "request.halted", ""); err != nil {
			return err
		}
		return update(tx, r)
	})
	return err
}

// finish answers a request that was carried out.
func (d *Desk) finish(tx *db.Tx, r *Request, who string) error {
	r.State, r.Ended = Answered, tx.Now()
	if err := d.dischargeAll(tx, r); err != nil {
		return err
	}
	if r.Right == Erasure {
		return d.finishErasure(tx, r, who)
	}
	if err := d.tell(tx, r, "answered", "outcome", "done", "until", day(r.LinkUntil, d.Clocks.Zone)); err != nil {
		return err
	}
	if err := d.note(tx, r, who, "request.answered", ""); err != nil {
		return err
	}
	return update(tx, r)
}

// finishErasure answers a request after which there is nobody left to write to: whoever asked for the
// answer tells them. What else they had asked for is void, and no request names them any more.
func (d *Desk) finishErasure(tx *db.Tx, r *Request, who string) error {
	subject := r.Subject
	if err := d.voidOthers(tx, r, who); err != nil {
		return err
	}
	r.alias = "" // it went with their key
	if err := d.note(tx, r, who, "request.answered", r.Reason); err != nil {
		return err
	}
	r.Subject, r.sealed, r.linkHash, r.details = "", nil, nil, details{}
	if err := update(tx, r); err != nil || subject == "" {
		return err
	}
	return unname(tx, subject)
}

func (d *Desk) voidOthers(tx *db.Tx, r *Request, who string) error {
	if r.Subject == "" {
		return nil
	}
	others, err := openOf(tx, r.Subject)
	if err != nil {
		return err
	}
	for i := range others {
		if others[i].ID == r.ID {
			continue
		}
		if err := d.void(tx, &others[i], who); err != nil {
			return err
		}
	}
	return nil
}

// void ends a request of somebody who was erased.
func (d *Desk) void(tx *db.Tx, r *Request, who string) error {
	r.State, r.Ended, r.Reason = Void, tx.Now(), "person-erased"
	r.Subject, r.sealed, r.linkHash, r.alias = "", nil, nil, ""
	if err := d.cancelAll(tx, r, "person-erased"); err != nil {
		return err
	}
	if err := d.note(tx, r, who, "request.void", r.Reason); err != nil {
		return err
	}
	return update(tx, r)
}

// maintenance is the actor of what the server does by itself.
const maintenance = "clause"

// Finish ends what a crash cut short in a tenant: requests that are being carried out, and requests of
// people who were erased meanwhile. It may be repeated, and two servers may do it at a time.
func (d *Desk) Finish(ctx context.Context, tenant string) (finished int, err error) {
	const op = "rights.Finish"
	var ids []string
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		ids, err = unfinished(tx)
		return err
	})
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	var failed error
	for _, id := range ids {
		if err := d.finishOne(ctx, tenant, id); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		finished++
	}
	return finished, fault.Wrap(op, failed)
}

func (d *Desk) finishOne(ctx context.Context, tenant, id string) error {
	c := vault.Caller{Credential: decision.Credential{ID: maintenance, Tenants: []string{tenant}, Environment: d.Vault.Environment}}
	var gone bool
	r, err := d.move(ctx, tenant, id, func(tx *db.Tx, r *Request) error {
		gone = r.alias == ""
		if !gone || !r.State.Open() {
			return nil
		}
		if err := d.outside(tx, r); err != nil {
			return err
		}
		if r.Right == Erasure { // somebody erased them: that is what was asked
			if r.going { // other systems have yet to
				return nil
			}
			return d.finish(tx, r, maintenance)
		}
		return d.void(tx, r, maintenance)
	})
	if err != nil || gone || r.State != CarryingOut || r.going && r.Right != Erasure {
		return err
	}
	_, err = d.act(ctx, c, tenant, &r)
	return err
}
