package app

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/work"
)

// The doors, as what is found at them is named.
const (
	apiDoor  = "api"
	gateDoor = "gate"
)

// observeFront has what programs do at the front door searched, if a clause says so. The probes try there what is
// not allowed: that is no attack.
func (a *App) observeFront() func(string, detection.Interaction) {
	if a.watch == nil {
		return nil
	}
	front := a.watch.Scope(db.Organisation, apiDoor, false)
	return func(credential string, i detection.Interaction) {
		if !a.canaries.are(credential) {
			front.Observe(i)
		}
	}
}

// are reports whether a credential is one of the probes'.
func (c *canaries) are(credential string) bool {
	for _, app := range c.apps {
		if app.ID == credential {
			return true
		}
	}
	return false
}

// observeGate is that of what people do at the gate of a tenant.
func (a *App) observeGate(c *gate.Config, tenant string) { a.observe(c, tenant, gateDoor, false) }

// observeCanary has a gate of the probes be a door of its own, so that nothing but what the probe does there is
// found. It returns its name.
func (a *App) observeCanary(c *gate.Config) (door string) {
	door = gateDoor + "-" + strings.ToLower(rand.Text()[:10])
	a.observe(c, canaryA, door, true)
	if a.watch == nil {
		return ""
	}
	return door
}

// observe has a gate tell of its requests those that clauses want to know: the search, and the log.
func (a *App) observe(c *gate.Config, tenant, door string, drill bool) {
	var all []func(detection.Interaction)
	if a.watch != nil {
		all = append(all, a.watch.Scope(tenant, door, drill).Observe)
	}
	if a.interactions != nil {
		all = append(all, func(i detection.Interaction) { a.interactions.Note(tenant, i) })
	}
	if len(all) > 0 {
		c.Observe = func(i detection.Interaction) {
			for _, observer := range all {
				observer(i)
			}
		}
	}
}

// seen is how many interactions of a door of this server were searched.
func (a *App) seen(door string) (n int64) {
	if a.watch == nil {
		return 0
	}
	return a.watch.Seen(door)
}

// searchEvery is how often what happened at the doors is searched.
const searchEvery = 3 * time.Second

// searchDuty raises an alert for what is found.
func (a *App) searchDuty() work.Duty {
	return work.Duty{Name: "search interactions", Every: searchEvery, Do: func(ctx context.Context) error {
		return a.watch.Run(a.Wall(), func(found detection.Alarm) error { return a.raise(ctx, found) })
	}}
}

func (a *App) raise(ctx context.Context, found detection.Alarm) error {
	severity := "warning"
	if found.Drill {
		severity = "info"
	}
	return fault.Wrap("app.raise", a.DB.Write(ctx, found.Tenant, func(tx *db.Tx) error {
		_, err := a.alerts(a.Vault).Raise(tx, alert.Alarm{Kind: found.Kind, Cause: found.Cause, Severity: severity, Drill: found.Drill, Anew: true, By: "clause"})
		return err
	}))
}
