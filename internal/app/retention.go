package app

import (
	"context"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

// retention is the desk at which data ends, in the store of a vault.
func (a *App) retention(v *vault.Vault, log *ledger.Log) *retention.Desk {
	desk := &retention.Desk{
		Vault: v, Engine: a.engine(v), Ledger: log, Duties: a.leaving(), Issuer: a.Policy.Organisation.Name, Operator: a.Operator(),
	}
	if a.walks(v) {
		desk.Outside = a.outside(v)
	}
	return desk
}

// leaving is what clauses owe when a tenant leaves.
func (a *App) leaving() (all []obligation.Duty) {
	for _, clause := range a.Policy.Clauses {
		for _, owed := range a.Plan.Duties[clause.ID] {
			if owed.Kind == db.OffBoarding {
				all = append(all, owed)
			}
		}
	}
	return all
}

// retained is what the policy's clauses allow to be kept of people who are erased.
func (a *App) retained() vault.Retained {
	plan := a.Plan.Retained
	if plan == nil {
		return vault.Retained{}
	}
	calendar, zone := control.CalendarOf(a.Policy)
	return vault.Retained{Clause: plan.Clause, Fields: plan.Fields, Longest: func(from time.Time) time.Time {
		end, _ := calendar.Due(from.In(zone), plan.Longest)
		return end
	}}
}

// aged counts the records of a data set that were last changed before a time, over all tenants.
func (a *App) aged(ctx context.Context, dataSet string, before time.Time) (int64, error) {
	tenants, err := a.Clocks.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	return vault.Aged(ctx, a.DB, tenants, dataSet, before)
}
