package app

import (
	"context"
	"errors"

	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

// rights is the desk of people's rights, in the store of a vault.
func (a *App) rights(v *vault.Vault, log *ledger.Log) *rights.Desk {
	desk := &rights.Desk{
		Vault: v, Clocks: a.engine(v), Ledger: log, Policy: a.Policy, Promises: a.Plan.Rights, Tell: notify.Enqueue, Scratch: a.temporary(),
		Held: v.Held, Changed: drp.Changed, Receipt: receiptOf,
		Erase: func(ctx context.Context, c vault.Caller, tenant, subject, request string) error {
			if isCanary(tenant) { // whose certificates nobody would ever read
				return v.EraseSubject(ctx, c, tenant, subject)
			}
			_, err := a.retention(v, log).EraseSubject(ctx, c, tenant, subject, request)
			return err
		},
	}
	desk.Beside = a.stored(v, log)
	if a.walks(v) {
		desk.Outside = a.outside(v)
	}
	return desk
}

// receiptOf makes the receipt of a consent, which is kept as a template.
func receiptOf(c *vault.Consent, subject string) ([]byte, error) {
	return publish.ConsentReceipt(c.Receipt, publish.Expressed{Record: c.ID, Principal: subject, At: c.At, Given: c.Given})
}

// finishRequests ends what a crash cut short of the requests of people, in every tenant.
func (a *App) finishRequests(ctx context.Context) error {
	tenants, err := a.Clocks.Tenants(ctx)
	if err != nil {
		return err
	}
	desk := a.rights(a.Vault, a.Ledger)
	var failed error
	for _, tenant := range tenants {
		_, err := desk.Finish(ctx, tenant)
		failed = errors.Join(failed, err)
	}
	return failed
}
