package vault

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// Hold is a legal hold on a person: while it stands, an erasure keeps those of its fields that the policy
// allows to be kept.
type Hold struct {
	ID      string
	Subject string
	Reason  string   // an id, such as case-2041
	Fields  []string // asked for, as data-set.field
	Keeps   []string // those of them that are kept, or would be
	Copy    string   // the id under which what was kept can be read; "" until the person is erased
	Placed  time.Time
	Until   time.Time // when it ends by itself
}

const holdPrefix = "hold_"

// maxHoldFields bounds a hold.
const maxHoldFields = 256

var referencePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)

// IsReference reports whether a text can be an id of the caller's, such as of a case: what the ledger may name, and
// no sentence about somebody.
func IsReference(s string) bool { return referencePattern.MatchString(s) }

// PlaceHold places a legal hold on a person, for a reason and until a time. A hold of longer than the policy
// allows, and one where it allows nothing to be kept, is refused; a person has one at a time.
func (v *Vault) PlaceHold(ctx context.Context, c Caller, tenant, subject, reason string, fields []string, until time.Time) (Hold, error) {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("hold.place", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return Hold{}, err
	}
	h := Hold{ID: newID(holdPrefix), Subject: subject, Reason: reason, Fields: fields, Keeps: v.Retained.keeps(fields), Placed: v.Now(), Until: until.UTC().Truncate(time.Microsecond)}
	if err := v.checkHold(&h); err != nil {
		return Hold{}, err
	}
	list, err := json.Marshal(h.Fields)
	if err != nil {
		return Hold{}, fault.As("vault.PlaceHold", fault.Other, err)
	}
	err = v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		s, err := v.load(tx, tenant, subject)
		if err != nil {
			return expected(err)
		}
		a := v.decide(&q, s)
		if !a.Allow {
			return v.refuseIn(tx, &q, a)
		}
		h.Placed = tx.Now()
		n, err := tx.Exec(`INSERT INTO holds (tenant_id, subject_id, hold_id, reason, fields, copy_id, placed_at, until_at)
 VALUES ($1, $2, $3, $4, $5, '', $6, $7) ON CONFLICT DO NOTHING`, tenant, subject, h.ID, h.Reason, string(list), micros(h.Placed), micros(h.Until))
		if err == nil && n == 0 {
			return fault.New("vault.PlaceHold", fault.Conflict, "a hold stands on the person already").WithHint("release it first"), nil
		}
		if err != nil {
			return nil, err
		}
		return nil, v.tell(tx, v.holdEntry(&q, a, &h))
	})
	if err != nil {
		return Hold{}, err
	}
	return h, nil
}

// holdEntry tells which hold it is, and until when.
func (v *Vault) holdEntry(q *question, a decision.Answer, h *Hold) proof.Entry {
	e := v.entry(q, a)
	e.Clauses = append(e.Clauses[:len(e.Clauses):len(e.Clauses)], v.retainedClauses()...)
	note(&e, "hold", h.ID)
	note(&e, "until", h.Until.Format(time.RFC3339))
	return e
}

// checkHold finds what is wrong with a hold before it is placed.
func (v *Vault) checkHold(h *Hold) error {
	const op = "vault.PlaceHold"
	if v.Retained.Clause == "" {
		return fault.New(op, fault.Refused, "no clause of the policy allows anything to be kept of people who are erased")
	}
	if !IsReference(h.Reason) {
		return fault.New(op, fault.Invalid, "a hold has a reason: your id of the case, and no name or text").WithField("reason")
	}
	if len(h.Fields) == 0 || len(h.Fields) > maxHoldFields {
		return fault.New(op, fault.Invalid, "a hold names 1 to %d fields, as data-set.field", maxHoldFields).WithField("fields")
	}
	for _, name := range h.Fields {
		set, field, _ := strings.Cut(name, ".")
		if err := v.holdable(set, field); err != nil {
			return err
		}
	}
	if len(h.Keeps) == 0 {
		return fault.New(op, fault.Refused, "none of the fields may be kept: the policy allows %s alone", strings.Join(v.Retained.Fields, ", ")).
			WithClause(v.Retained.Clause).WithField("fields")
	}
	now := v.Now()
	switch {
	case h.Until.IsZero() || !h.Until.After(now):
		return fault.New(op, fault.Invalid, "a hold has an end, and it lies ahead").WithField("until")
	case h.Until.After(v.Retained.Longest(now)):
		return fault.New(op, fault.Refused, "the policy allows a hold until %s at most", v.Retained.Longest(now).UTC().Format(time.DateOnly)).
			WithClause(v.Retained.Clause).WithField("until")
	}
	return nil
}

// holdable refuses a field that the policy does not declare, or that no hold can keep.
func (v *Vault) holdable(set, field string) error {
	const op = "vault.PlaceHold"
	d, ok := v.sets[set]
	at, known := 0, false
	if ok {
		at, known = d.index[field]
	}
	switch {
	case !known:
		return fault.New(op, fault.Invalid, "the policy declares no such field").WithField("fields")
	case d.Storage == policy.Memory || d.Fields[at].Type == policy.Blob:
		return fault.New(op, fault.Invalid, "%s.%s cannot be kept: it is a blob, or in memory only", set, field).WithField("fields")
	}
	return nil
}

// Hold returns the hold on a person, who may have been erased under it.
func (v *Vault) Hold(ctx context.Context, c Caller, tenant, subject string) (Hold, error) {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("hold.read", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return Hold{}, err
	}
	var h Hold
	err := v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		if h, err = holdIn(tx, tenant, subject); err != nil {
			return expected(err)
		}
		return nil, v.tell(tx, v.holdEntry(&q, decision.Answer{Allow: true}, &h))
	})
	if err != nil {
		return Hold{}, err
	}
	h.Keeps = v.Retained.keeps(h.Fields)
	return h, nil
}

// ReleaseHold ends a hold. If the person was erased under it, what was kept is erased now.
func (v *Vault) ReleaseHold(ctx context.Context, c Caller, tenant, subject string) error {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("hold.release", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	h, err := v.holdRow(ctx, tenant, subject)
	if err != nil {
		return v.absent(ctx, &q, err)
	}
	return v.release1(ctx, &h, tenant, func(tx *db.Tx) error { return v.tell(tx, v.holdEntry(&q, decision.Answer{Allow: true}, &h)) })
}

// release1 destroys the key of what was kept, then forgets the hold and the copy. It may be repeated.
func (v *Vault) release1(ctx context.Context, h *Hold, tenant string, tell func(*db.Tx) error) error {
	keys, err := v.destroyCopy(ctx, tenant, h.Copy)
	if err != nil {
		return fault.Wrap("vault.release", err)
	}
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM holds WHERE tenant_id = $1 AND subject_id = $2 AND hold_id = $3 AND copy_id = $4`, tenant, h.Subject, h.ID, h.Copy)
		if err != nil {
			return fault.Wrap("vault.release", err)
		}
		if n == 0 {
			return fault.New("vault.release", fault.Conflict, "the person is being erased, or the hold was released, just now").WithHint("try again")
		}
		if err := v.dropCopy(tx, tenant, h.Copy, keys); err != nil {
			return err
		}
		return tell(tx)
	})
}

// EndHolds releases the holds whose time is over.
func (v *Vault) EndHolds(ctx context.Context) error {
	const op = "vault.EndHolds"
	tenants, err := v.tenants(ctx)
	if err != nil {
		return fault.Wrap(op, err)
	}
	var failed error
	for _, t := range tenants {
		ended, err := v.holdsWhere(ctx, t.ID, `until_at <= $2 ORDER BY until_at LIMIT 1000`, micros(v.Now()))
		failed = errors.Join(failed, err)
		for i := range ended {
			h := &ended[i]
			err := v.release1(ctx, h, t.ID, func(tx *db.Tx) error {
				return ledger.Append(tx, proof.Entry{Kind: "hold.end", Actor: maintenance, Clauses: v.retainedClauses(), Detail: map[string]string{"hold": h.ID}})
			})
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fault.Wrap(op, failed)
}

// holdsStand counts the holds of a tenant that have not ended.
func (v *Vault) holdsStand(tx *db.Tx) (n int64, err error) {
	err = tx.One(`SELECT COUNT(*) FROM holds WHERE tenant_id = $1 AND until_at > $2`, []any{tx.Tenant(), micros(v.Now())}, &n)
	return n, err
}

const holdColumns = `subject_id, hold_id, reason, fields, copy_id, placed_at, until_at`

func (v *Vault) holdRow(ctx context.Context, tenant, subject string) (h Hold, err error) {
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		h, err = holdIn(tx, tenant, subject)
		return err
	})
	return h, err
}

// HoldOn is the hold on a person of the transaction's tenant, also one whose time is over; NotFound if there is none.
// It decides nothing, as DataSubject.
func (v *Vault) HoldOn(tx *db.Tx, subject string) (Hold, error) {
	h, err := holdIn(tx, tx.Tenant(), subject)
	return h, fault.Wrap("vault.HoldOn", err)
}

// holdIn reads the hold on a person; NotFound if there is none.
func holdIn(tx *db.Tx, tenant, subject string) (Hold, error) {
	none := fault.New("vault.hold", fault.NotFound, "no hold stands on such a subject")
	if !isID(subjectPrefix, subject) {
		return Hold{}, none
	}
	var h holdScan
	err := tx.One(`SELECT `+holdColumns+` FROM holds WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, subject}, h.dest()...)
	if fault.Is(err, fault.NotFound) {
		return Hold{}, none
	}
	if err != nil {
		return Hold{}, err
	}
	return h.hold()
}

func (v *Vault) holdsWhere(ctx context.Context, tenant, where string, arg any) (all []Hold, err error) {
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT `+holdColumns+` FROM holds WHERE tenant_id = $1 AND `+where, []any{tenant, arg}, func(scan func(...any) error) error {
			var r holdScan
			if err := scan(r.dest()...); err != nil {
				return err
			}
			h, err := r.hold()
			all = append(all, h)
			return err
		})
	})
	return all, err
}

// holdScan is a row of holds.
type holdScan struct {
	h             Hold
	fields        string
	placed, until int64
}

func (r *holdScan) dest() []any {
	return []any{&r.h.Subject, &r.h.ID, &r.h.Reason, &r.fields, &r.h.Copy, &r.placed, &r.until}
}

func (r *holdScan) hold() (Hold, error) {
	r.h.Placed, r.h.Until = fromMicros(r.placed), fromMicros(r.until)
	return r.h, fault.As("vault.hold", fault.Other, json.Unmarshal([]byte(r.fields), &r.h.Fields))
}
