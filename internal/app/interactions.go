package app

import (
	"context"
	"encoding/json"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// openDetection makes what remembers what happens at the doors, as far as clauses say so.
func (a *App) openDetection() {
	if a.Plan.Search != (detection.Search{}) {
		a.watch = detection.New(a.Plan.Search)
	}
	if in := a.Plan.Interactions; in != nil {
		a.interactions = detection.NewLog(in.Page, slices.Contains(in.Fields, "method"), slices.Contains(in.Fields, "ip_address"))
	}
}

// detectionDuties search what happens at the doors, and write what people did there.
func (a *App) detectionDuties() (duties []work.Duty) {
	if a.watch != nil {
		duties = append(duties, a.searchDuty())
	}
	if a.interactions != nil {
		lost := int64(0)
		duties = append(duties, work.Duty{Name: "record interactions", Every: 3 * a.Beat / 10, Do: func(ctx context.Context) error {
			if n := a.interactions.Lost(); n > lost {
				a.Log.Error("what people did at the gate was not recorded: more came than can be written", "interactions", n-lost)
				lost = n
			}
			return a.interactions.Flush(ctx, a.record)
		}})
	}
	return duties
}

// recordRest writes what waits, once nobody comes any more: a server that is told to end forgets nothing.
func (a *App) recordRest(ctx context.Context) {
	if a.interactions == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
	defer cancel()
	if err := a.interactions.Flush(ctx, a.record); err != nil {
		a.Log.Error("what people did at the gate was not all recorded", "kind", fault.KindOf(err).String(), "why", fault.Public(err))
	}
}

// record stores what somebody did among what is held of them, for the purpose that may: the vault refuses it of
// whoever objected.
func (a *App) record(ctx context.Context, e detection.Entry) error {
	in, values := a.Plan.Interactions, map[string]string{"page": e.Page, "at": e.Day, "method": e.Method, "ip_address": e.From.String()}
	fields := vault.Fields{}
	for _, id := range in.Fields {
		text, err := json.Marshal(values[id])
		if err != nil {
			return fault.As("app.record", fault.Other, err)
		}
		fields[id] = text
	}
	gate := vault.Caller{
		Credential: decision.Credential{ID: gateDoor, Tenants: []string{e.Tenant}, Purposes: decision.Set{}.With(a.Rules.Purpose(in.Purpose)), Environment: a.Environment},
		Scopes:     []string{vault.ScopeData},
	}
	_, err := a.Vault.Put(ctx, gate, vault.Target{Tenant: e.Tenant, Subject: e.Subject, DataSet: in.DataSet, Purpose: in.Purpose}, fields, vault.Condition{}, vault.Idempotency{})
	return err
}
