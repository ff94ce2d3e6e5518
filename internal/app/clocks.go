package app

import (
	"context"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

func (a *App) openClocks() {
	calendar, zone := control.CalendarOf(a.Policy)
	a.Clocks = &obligation.Engine{DB: a.DB, Calendar: calendar, Zone: zone, Tell: a.tell}
}

// tell says in the server's log, which the operator watches, what is near or overdue.
func (a *App) tell(tx *db.Tx, e obligation.Event) error {
	a.Log.Warn("a clock", "what", string(e.What), "duty", e.Clock.Duty.Kind, "clause", e.Clock.Duty.Clause, "tenant", tx.Tenant(), "clock", e.Clock.ID, "owner", e.Owner)
	return nil
}

// desk is where clocks are opened and discharged, in the store of a vault.
func (a *App) desk(v *vault.Vault) *duty.Desk {
	engine := *a.Clocks
	engine.DB = v.DB
	return &duty.Desk{Vault: v, Engine: &engine, Duties: a.Plan.Duties}
}

// lookBack is how long what was discharged late is told of.
const lookBack = 90 * 24 * time.Hour

// standings says how the clocks of each clause stand, over all tenants but the canaries.
func (a *App) standings(ctx context.Context, now time.Time) (map[string]obligation.Standing, error) {
	tenants, err := a.Clocks.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]obligation.Standing{}
	for _, tenant := range tenants {
		if tenant == canaryA || tenant == canaryB {
			continue
		}
		one, err := a.Clocks.Standings(ctx, tenant, now, now.Add(-lookBack))
		if err != nil {
			return nil, err
		}
		for clause, s := range one {
			sum := all[clause]
			sum.Add(s)
			all[clause] = sum
		}
	}
	return all, nil
}
