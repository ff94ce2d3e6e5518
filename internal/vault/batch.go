package vault

import (
	"context"
	"fmt"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/policy"
)

// maxBatch is the most operations of one batch.
const maxBatch = 500

// errUndo carries a refusal out of a transaction that must be undone.
type errUndo struct{ error }

func (e errUndo) Unwrap() error { return e.error }

// Batch makes many changes of one tenant's records, all or none. A refusal names the operation by
// its index, from 0.
func (v *Vault) Batch(ctx context.Context, c Caller, tenant, purpose string, ops []BatchOp, idem Idempotency) ([]Stored, error) {
	const op = "vault.Batch"
	if len(ops) == 0 || len(ops) > maxBatch {
		return nil, fault.New(op, fault.Invalid, "a batch has 1 to %d operations", maxBatch).WithField("operations")
	}
	for i := range ops {
		q, err := v.batchQuestion(&c, tenant, purpose, &ops[i])
		if err == nil {
			err = v.admit(ctx, &q)
		}
		if err == nil && q.set.Storage == policy.Memory {
			err = fault.New(op, fault.Invalid, "a memory-only data set cannot be part of a batch: there is nothing durable to undo")
		}
		if err != nil {
			return nil, at(i, err)
		}
	}
	var out []Stored
	var refused *question
	err := v.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		out, refused = nil, nil
		out, err = v.batchIn(tx, &c, tenant, purpose, ops, idem, &refused)
		return err
	})
	if err == nil {
		return out, nil
	}
	if refused != nil { // the transaction that refused was undone, its entry with it: record it now
		if recorded := v.recordRefused(ctx, tenant, refused, err); recorded != nil {
			return nil, recorded
		}
	}
	if undo, ok := err.(errUndo); ok {
		err = undo.error
	}
	return nil, err
}

func (v *Vault) recordRefused(ctx context.Context, tenant string, q *question, why error) error {
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if fault.Is(why, fault.Refused) {
			return ledger.Append(tx, v.entry(q, v.Rules.Decide(&q.req)))
		}
		return v.nothing(tx, q, why)
	})
}

func (v *Vault) batchQuestion(c *Caller, tenant, purpose string, op *BatchOp) (question, error) {
	t := &Target{Tenant: tenant, Subject: op.Subject, DataSet: op.DataSet, Record: op.Record, Purpose: purpose}
	switch op.Action {
	case "put", "patch":
		return v.ask("record."+op.Action, c, decision.Write, t, names(op.Fields)), nil
	case "delete":
		return v.ask("record.delete", c, decision.Delete, t, nil), nil
	}
	return question{}, fault.New("vault.Batch", fault.Invalid, "an operation is put, patch or delete").WithField("action")
}

func (v *Vault) batchIn(tx *db.Tx, c *Caller, tenant, purpose string, ops []BatchOp, idem Idempotency, refused **question) ([]Stored, error) {
	head := question{caller: c, target: &Target{Tenant: tenant}}
	var out []Stored
	found, no, err := v.replay(tx, &head, idem, &out)
	if no != nil {
		return nil, errUndo{no}
	}
	if found || err != nil {
		for i := range out {
			out[i].Replayed = true
		}
		return out, err
	}
	for i := range ops {
		q, err := v.batchQuestion(c, tenant, purpose, &ops[i])
		if err != nil {
			return nil, err
		}
		stored, no, err := v.batchOne(tx, &q, &ops[i])
		if err != nil {
			return nil, err
		}
		if no != nil {
			*refused = &q
			return nil, errUndo{at(i, no)}
		}
		out = append(out, stored)
	}
	return out, v.remember(tx, &head, "", idem, out)
}

func (v *Vault) batchOne(tx *db.Tx, q *question, op *BatchOp) (Stored, error, error) {
	if op.Action == "delete" {
		no, err := v.deleteIn(tx, q, op.Condition)
		return Stored{Record: op.Record}, no, err
	}
	return v.writeIn(tx, q, op.Fields, op.Condition, Idempotency{})
}

// at says which operation of a batch failed.
func at(i int, err error) error {
	wrapped := fault.Wrap("vault.Batch", err).(*fault.Error)
	path := fmt.Sprintf("operations[%d]", i)
	if wrapped.Field != "" {
		path += "." + wrapped.Field
	}
	return wrapped.WithField(path)
}
