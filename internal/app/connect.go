package app

import (
	"context"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// openConnected makes the systems outside the vault reachable. Nothing is connected to before it is needed:
// one that is down keeps no server from starting, one that is set up wrongly does.
func (a *App) openConnected() (err error) {
	if a.Connect == nil {
		return nil
	}
	a.Connected, err = connect.New(a.Connect, a.Now)
	return err
}

func (a *App) closeConnected() error {
	if a.Connected == nil {
		return nil
	}
	return a.Connected.Close()
}

// connectDuty watches the systems outside: a table that was renamed must not be found out on the day that
// somebody asks for erasure.
func (a *App) connectDuty() work.Duty {
	return work.Duty{Name: "check connectors", Every: 6 * time.Hour, Now: true, Do: func(ctx context.Context) error {
		found := a.Connected.Check(ctx)
		if ctx.Err() == nil {
			a.checks.Note(a.Now(), found)
		}
		for _, r := range found {
			if r.Fails && ctx.Err() == nil {
				a.Log.Warn("a connector cannot do its work", "system", r.System, "table", r.Table, "why", r.Msg)
			}
		}
		return nil
	}}
}

// walks reports whether there are systems outside that hold copies of what is in a store. A store that a probe
// makes beside the server has none.
func (a *App) walks(v *vault.Vault) bool { return a.Connected != nil && v == a.Vault }

// outside is the desk of the systems outside. No such system knows a canary.
func (a *App) outside(v *vault.Vault) *connected.Desk {
	desk := &connected.Desk{Vault: v, Except: isCanary, Checks: &a.checks}
	if a.walks(v) {
		desk.Set = a.Connected
	}
	return desk
}

// walkDuty goes on with the walks through the systems outside that are due.
func (a *App) walkDuty() work.Duty {
	return work.Duty{Name: "walk connected systems", Every: a.Beat, Now: true, Do: func(ctx context.Context) error {
		return a.outside(a.Vault).Run(ctx)
	}}
}

// guarded is the vault as applications see it: where systems outside hold copies, an erasure that is asked for
// in the plainest way reaches them too.
func (a *App) guarded(v *vault.Vault, log *ledger.Log) httpapi.Vault {
	if !a.walks(v) {
		return v
	}
	return widened{v, a.retention(v, log)}
}

type widened struct {
	*vault.Vault
	desk *retention.Desk
}

// plainly is what an erasure is about that no request and no case of the caller's is behind.
const plainly = "erasure"

// EraseSubject erases a person in the vault and outside.
func (w widened) EraseSubject(ctx context.Context, c vault.Caller, tenant, subject string) error {
	if isCanary(tenant) {
		return w.Vault.EraseSubject(ctx, c, tenant, subject)
	}
	_, err := w.desk.EraseSubject(ctx, c, tenant, subject, plainly)
	return err
}

// EraseTenant off-boards a tenant.
func (w widened) EraseTenant(ctx context.Context, c vault.Caller, tenant string) error {
	if isCanary(tenant) {
		return w.Vault.EraseTenant(ctx, c, tenant)
	}
	_, err := w.desk.OffBoard(ctx, c, tenant)
	return err
}
