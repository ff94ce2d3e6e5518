package duty

import (
	"bytes"
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// Audit is the desk at which ledgers are read, for callers with the scope audit; the organisation's own for admin
// too. Each call is admitted, and that recorded, before it reads.
type Audit struct {
	Vault  *vault.Vault
	Ledger *ledger.Log
}

func (a *Audit) admit(ctx context.Context, c vault.Caller, tenant string) error {
	if tenant == db.Organisation {
		return a.Vault.Admit(ctx, c, "ledger.read", "", vault.ScopeAudit, vault.ScopeAdmin)
	}
	return a.Vault.Admit(ctx, c, "ledger.read", tenant, vault.ScopeAudit)
}

// Search returns a page of the entries that pass a filter, the newest first.
func (a *Audit) Search(ctx context.Context, c vault.Caller, tenant string, by ledger.Filter, before int64, limit int) (ledger.Page, error) {
	if err := a.admit(ctx, c, tenant); err != nil {
		return ledger.Page{}, err
	}
	return a.Ledger.Search(ctx, tenant, by, before, limit)
}

// Proven is an entry that was checked to be in a log, and what anybody needs to check that again.
type Proven struct {
	Entry      proof.Entry
	Bytes      []byte // the entry as it is hashed
	Proof      []byte // c2sp.org/tlog-proof
	Key        string // that the checkpoint is verified by
	Checkpoint proof.Checkpoint
}

// Prove returns an entry with its proof, checked as a stranger would: by the bytes of both and the log's key.
func (a *Audit) Prove(ctx context.Context, c vault.Caller, tenant string, seq int64) (out Proven, err error) {
	const op = "duty.Prove"
	if err := a.admit(ctx, c, tenant); err != nil {
		return out, err
	}
	if out.Bytes, out.Proof, err = a.Ledger.Inclusion(ctx, tenant, seq); err != nil {
		return out, fault.Wrap(op, err)
	}
	out.Key = a.Ledger.VerifierKey(tenant)
	p, err := proof.ParseInclusion(out.Proof)
	if err != nil {
		return out, fault.As(op, fault.Other, err)
	}
	if out.Checkpoint, err = p.Verify(out.Bytes, out.Key); err != nil {
		return out, fault.As(op, fault.Other, err)
	}
	out.Entry, err = proof.Parse(bytes.TrimSpace(out.Bytes))
	return out, fault.As(op, fault.Other, err)
}

// Checkpoint returns the signed head of a log.
func (a *Audit) Checkpoint(ctx context.Context, c vault.Caller, tenant string) ([]byte, error) {
	if err := a.admit(ctx, c, tenant); err != nil {
		return nil, err
	}
	return a.Ledger.Checkpoint(ctx, tenant)
}
