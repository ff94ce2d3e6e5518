package app

import (
	"context"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy/calendar"
	"clause.dev/clause/internal/vault"
)

func (a *App) openClocks() (err error) {
	days, zone := control.CalendarOf(a.Policy)
	if len(a.Calendar) > 0 {
		if days, err = days.With(a.Calendar); err != nil {
			return fault.Wrap("app.openClocks", err)
		}
	}
	a.Clocks = &obligation.Engine{DB: a.DB, Calendar: days, Zone: zone, Tell: a.tell}
	return nil
}

// foresight is how long before a calendar's end its reader is warned.
const foresight = 100 * 24 * time.Hour

// watchCalendar warns in the server's log where the calendar soon knows no more feasts: terms would
// then end too early rather than too late, but end wrongly.
func (a *App) watchCalendar(context.Context) error {
	days := a.Clocks.Calendar
	if days.Country != "" && !days.Knows(calendar.DateOf(a.Now().Add(foresight))) {
		a.Log.Warn("the calendar ends soon", "country", days.Country, "through", days.Through, "hint", "add the coming year's holidays with --calendar: docs/calendars.md")
	}
	return nil
}

// engine is the engine of clocks, in the store of a vault.
func (a *App) engine(v *vault.Vault) *obligation.Engine {
	engine := *a.Clocks
	engine.DB = v.DB
	return &engine
}

// desk is where clocks are opened and discharged, in the store of a vault.
func (a *App) desk(v *vault.Vault) *duty.Desk {
	return &duty.Desk{Vault: v, Engine: a.engine(v), Duties: a.Plan.Duties, Elsewhere: elsewhere}
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
		if isCanary(tenant) {
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
