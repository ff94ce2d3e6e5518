package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/vault"
)

// The canary tenants, which nobody but the probes uses.
const (
	canaryA = "canary-a"
	canaryB = "canary-b"
)

// leavers are canary tenants that a probe makes and off-boards: one for each that may run at a time.
func leavers() []string {
	return []string{"canary-c", "canary-d", "canary-e", "canary-f", "canary-g", "canary-h"}
}

// CanaryTenants are a tenant of the probes, which each server has, and those that can be made and erased again and
// again.
func CanaryTenants() (stays string, leave []string) { return canaryA, leavers() }

// canaryTenants are the tenants of nobody real, the one that drills concern first.
func canaryTenants() []string { return append([]string{canaryA, canaryB}, leavers()...) }

// canaries are the credentials of the probes. They are held in memory only, by their hash, and new at
// each start: there is no file from which one could be taken.
type canaries struct {
	apps   map[[32]byte]identity.Application
	agent  *canaryAgent
	canary control.Canary
	host   string // of the door for the people of the first tenant
}

func newCanaries(a *App) *canaries {
	c := &canaries{apps: map[[32]byte]identity.Application{}, agent: newCanaryAgent(), host: strings.ToLower(rand.Text()) + ".canary.invalid"}
	var purposes []string
	for _, p := range a.Policy.Purposes {
		purposes = append(purposes, p.ID)
	}
	add := func(id string, tenants, purposes []string, scopes ...string) string {
		key := "clause_canary" + rand.Text() + rand.Text()
		c.apps[sha256.Sum256([]byte(key))] = identity.Application{
			ID: id, Title: id, Tenants: tenants, Purposes: purposes, Scopes: scopes, Environment: a.Environment,
		}
		return key
	}
	tenant := func(id string) control.Tenant {
		key := add(id, []string{id}, purposes, vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights, vault.ScopeDuties, vault.ScopeGrants)
		return control.Tenant{ID: id, Region: a.Region, Environment: a.Environment, Key: key}
	}
	c.canary = control.Canary{
		A: tenant(canaryA), B: tenant(canaryB),
		Auditor:  add("canary-auditor", canaryTenants(), nil, vault.ScopeAudit),
		Reviewer: add("canary-reviewer", []string{canaryA}, nil, vault.ScopeDuties),
		Admin:    add("canary-admin", nil, nil, vault.ScopeAdmin),
		Stranger: add("canary-stranger", nil, nil),
		Agent:    c.agent.seen(),
	}
	c.canary.Elsewhere = add("canary-elsewhere", []string{canaryA}, purposes, vault.ScopeData, vault.ScopeSubjects)
	c.abroad(c.canary.Elsewhere)
	for _, id := range leavers() {
		c.canary.Leavers = append(c.canary.Leavers, tenant(id))
	}
	return c
}

// abroad has a key be of another environment than the server's.
func (c *canaries) abroad(key string) {
	hash := sha256.Sum256([]byte(key))
	app := c.apps[hash]
	app.Environment += "-not"
	c.apps[hash] = app
}

// tenants makes the canary tenants where they are missing.
func (c *canaries) tenants(ctx context.Context, v *vault.Vault, who vault.Caller) error {
	for _, t := range []control.Tenant{c.canary.A, c.canary.B} {
		_, err := v.CreateTenant(ctx, who, vault.Tenant{ID: t.ID, Title: "Canary of the probes", Region: t.Region})
		if err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// beside returns the applications with the canaries among them.
func (c *canaries) beside(apps httpapi.Applications) httpapi.Applications { return both{apps, c} }

type both struct {
	httpapi.Applications
	canaries *canaries
}

// Authenticate knows a canary by the hash of its key, which takes the same time for any key.
func (b both) Authenticate(ctx context.Context, key string, shown *x509.Certificate, now time.Time) (identity.Application, error) {
	if len(key) < 256 {
		if app, ok := b.canaries.apps[sha256.Sum256([]byte(key))]; ok {
			return app, nil
		}
	}
	return b.Applications.Authenticate(ctx, key, shown, now)
}
