package vault

import (
	"cmp"
	"context"
	"slices"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// The states of a tenant.
const (
	tenantActive = "active"
	tenantErased = "erased"
)

// CreateTenant makes a tenant in this server's region, with a key of its own under the newest epoch.
func (v *Vault) CreateTenant(ctx context.Context, c Caller, t Tenant) (Tenant, error) {
	const op = "vault.CreateTenant"
	if err := v.Administer(ctx, c, "tenant.create"); err != nil {
		return Tenant{}, err
	}
	if !tenantPattern.MatchString(t.ID) {
		return Tenant{}, fault.New(op, fault.Invalid, "a tenant's id is 2 to 63 lower-case letters, digits and hyphens, a letter first").WithField("id")
	}
	if len(t.Title) > 200 {
		return Tenant{}, fault.New(op, fault.TooLarge, "a title has at most 200 bytes").WithField("title")
	}
	if err := v.checkPlace(ctx, &c, &t); err != nil {
		return Tenant{}, err
	}
	t.Environment, t.State = v.Environment, tenantActive
	if err := v.clear(ctx, t.ID); err != nil {
		return Tenant{}, err
	}
	// The key is made in a transaction of the tenant's, after the organisation's one: on PostgreSQL
	// each sees its own rows only. A tenant without a key can do nothing until the call is repeated.
	if err := v.insertTenant(ctx, &c, &t); err != nil {
		if fault.Is(err, fault.Conflict) {
			if err := v.healTenant(ctx, t.ID); err != nil {
				return Tenant{}, err
			}
		}
		return Tenant{}, err
	}
	return t, v.insertTenantKey(ctx, t.ID)
}

// checkPlace refuses a tenant in a region or an environment that is not this server's, or that the
// policy's clauses do not allow: the decision says which.
func (v *Vault) checkPlace(ctx context.Context, c *Caller, t *Tenant) error {
	if t.Region == "" {
		t.Region = v.Region
	}
	who := c.Credential
	who.Tenants = []string{t.ID}
	a := v.Rules.Decide(&decision.Request{
		Op: decision.Manage, Tenant: t.ID, Owner: t.ID, Environment: cmp.Or(t.Environment, v.Environment), Credential: who,
		Standing: nobody, Home: v.Rules.Region(t.Region), Here: v.here, Now: v.Now(),
	})
	if a.Allow {
		return nil
	}
	e := proof.Entry{Kind: "tenant.create", Actor: c.Credential.ID, Answer: proof.Refuse, Reason: a.Reason.String(), Clauses: a.Clauses}
	if err := v.record(ctx, db.Organisation, e); err != nil {
		return err
	}
	return a.Err("vault.CreateTenant")
}

func (v *Vault) insertTenant(ctx context.Context, c *Caller, t *Tenant) error {
	return v.change(ctx, db.Organisation, func(tx *db.Tx) (no, err error) {
		var state, region string
		err = tx.One(`SELECT state, region FROM tenants WHERE tenant_id = $1`, []any{t.ID}, &state, &region)
		switch {
		case err == nil && state == tenantErased && slices.Contains(v.Again, t.ID):
			return v.reviveTenant(tx, c, t)
		case err == nil:
			return existingTenant(state), nil
		case !fault.Is(err, fault.NotFound):
			return nil, err
		}
		t.Created = tx.Now()
		_, err = tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			t.ID, t.Title, t.Region, t.Environment, t.State, micros(t.Created))
		if err != nil {
			return nil, err
		}
		return nil, ledger.Append(tx, madeTenant(c, t))
	})
}

func madeTenant(c *Caller, t *Tenant) proof.Entry {
	return proof.Entry{
		Kind: "tenant.create", Actor: c.Credential.ID, Answer: proof.Allow, Detail: map[string]string{"tenant": t.ID, "region": t.Region},
	}
}

// reviveTenant makes an erased tenant of the probes again. Its log goes on.
func (v *Vault) reviveTenant(tx *db.Tx, c *Caller, t *Tenant) (no, err error) {
	t.Created = tx.Now()
	n, err := tx.Exec(`UPDATE tenants SET title = $2, region = $3, environment = $4, state = $5, created_at = $6 WHERE tenant_id = $1 AND state = $7`,
		t.ID, t.Title, t.Region, t.Environment, t.State, micros(t.Created), tenantErased)
	if err != nil || n == 0 {
		return existingTenant(tenantActive), err
	}
	return nil, ledger.Append(tx, madeTenant(c, t))
}

// clear removes, of an erased tenant whose id may be used again, what outlived it but its log. It is
// Conflict while the tenant is being swept.
func (v *Vault) clear(ctx context.Context, tenant string) error {
	if !slices.Contains(v.Again, tenant) {
		return nil
	}
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		var state string
		err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{tenant}, &state)
		if fault.Is(err, fault.NotFound) || err == nil && state != tenantErased {
			return nil
		}
		var sweeps, keys int64
		if err == nil {
			err = tx.One(`SELECT COUNT(*) FROM sweeps WHERE tenant_id = $1`, []any{tenant}, &sweeps)
		}
		if err == nil {
			err = tx.One(`SELECT COUNT(*) FROM tenant_keys WHERE tenant_id = $1`, []any{tenant}, &keys)
		}
		if err == nil && sweeps+keys > 0 {
			return fault.New("vault.CreateTenant", fault.Conflict, "the tenant of this id is being erased").WithField("id")
		}
		for _, t := range db.Tables() {
			if err == nil && t.PerTenant && t.Outlives != "" && t.Outlives != db.EveryRow {
				_, err = tx.Exec(`DELETE FROM `+t.Name+` WHERE tenant_id = $1`, tenant)
			}
		}
		return err
	})
}

// existingTenant is a conflict. An erased tenant's id stays taken: its ledger is under it.
func existingTenant(state string) error {
	if state == tenantErased {
		return fault.New("vault.CreateTenant", fault.Conflict, "a tenant of this id was erased; the id stays with its ledger").WithField("id")
	}
	return fault.New("vault.CreateTenant", fault.Conflict, "there is a tenant of this id already").WithField("id")
}

// healTenant makes the key of a tenant whose creation was cut short.
func (v *Vault) healTenant(ctx context.Context, tenant string) error {
	state, keys, err := v.tenantKeyIDs(ctx, tenant)
	if err != nil || state != tenantActive || len(keys) > 0 {
		return err
	}
	return v.insertTenantKey(ctx, tenant)
}

// insertTenantKey makes the tenant's key under the newest epoch, unless it has one or was erased.
func (v *Vault) insertTenantKey(ctx context.Context, tenant string) error {
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		var state string
		err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{tenant}, &state)
		if err != nil || state != tenantActive {
			return err
		}
		keys, err := v.liveKeys(tx, tenant)
		if err != nil || (len(keys) > 0 && keys[0].Epoch() == v.Ring.Epoch().Number) {
			return err
		}
		key, wrapped, err := v.Ring.NewTenantKey(tenant)
		if err != nil {
			return err
		}
		return v.storeTenantKey(tx, tenant, key, wrapped)
	})
}

func (v *Vault) storeTenantKey(tx *db.Tx, tenant string, key *keyring.TenantKey, wrapped []byte) error {
	_, err := tx.Exec(`INSERT INTO tenant_keys (tenant_id, key_id, epoch, wrapped, created_at, retired_at) VALUES ($1, $2, $3, $4, $5, 0)`,
		tenant, key.ID().String(), key.Epoch(), wrapped, micros(tx.Now()))
	v.changed(tx, tenant)
	return fault.Wrap("vault.storeTenantKey", err)
}

// Tenants lists the tenants, erased ones among them.
func (v *Vault) Tenants(ctx context.Context, c Caller) ([]Tenant, error) {
	if err := v.Administer(ctx, c, "tenant.list"); err != nil {
		return nil, err
	}
	return v.tenants(ctx)
}

func (v *Vault) tenants(ctx context.Context) ([]Tenant, error) {
	var out []Tenant
	err := v.DB.Read(ctx, "", func(tx *db.Tx) error {
		out = nil
		return tx.Each(`SELECT tenant_id, title, region, environment, state, created_at FROM tenants ORDER BY tenant_id`, nil,
			func(scan func(...any) error) error {
				var t Tenant
				var created int64
				err := scan(&t.ID, &t.Title, &t.Region, &t.Environment, &t.State, &created)
				t.Created = fromMicros(created)
				out = append(out, t)
				return err
			})
	})
	return out, err
}
