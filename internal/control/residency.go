package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Residency keeps clauses that say where data is kept: GDPR ch. V, PDPL art. 22.
type Residency struct {
	Regions Regions `param:"regions" doc:"the regions data is kept in"`
}

// Check finds regions that are not declared, and recipients outside without a safeguard.
func (c *Residency) Check(p *policy.Policy) error {
	var all []error
	if len(c.Regions) == 0 {
		all = append(all, problem("residency", "regions", "a clause about residency must name a region"))
	}
	for _, id := range c.Regions {
		if !slices.ContainsFunc(p.Regions, func(r policy.Region) bool { return r.ID == id }) {
			all = append(all, problem("residency", "regions", "region %s is not declared", id))
		}
	}
	for _, recipient := range p.Recipients {
		if recipient.Safeguard == "" && !slices.Contains(c.Regions, recipient.Region) {
			all = append(all, problem("residency", "regions", "recipient %s is in %s, outside the clause's regions, and no safeguard is recorded", recipient.ID, recipient.Region).
				WithHint("record the safeguard of the transfer, or take the recipient out"))
		}
	}
	return errors.Join(all...)
}

// Plan keeps data in the regions, and has refusals elsewhere name the clause.
func (c *Residency) Plan(p *Plan) {
	p.ground(decision.StepRegion)
	p.Grounds.AllowRegions(c.Regions...)
}

// elsewhere is a region that no policy declares.
const elsewhere = "elsewhere-1"

// Probe looks where tenants are, tries to make one elsewhere, and, in a scratch copy of the store,
// moves one abroad.
func (c *Residency) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	c.places(ctx, t, s)
	for _, region := range append(c.outside(s.Policy), elsewhere) {
		c.found(ctx, t, s, region)
	}
	c.abroad(ctx, t, s)
	return t.finding("Every tenant's data is in " + list(c.Regions) + "; a tenant elsewhere cannot be made, and its data would not be given.")
}

// outside returns the declared regions that the clause does not name.
func (c *Residency) outside(p *policy.Policy) (ids []string) {
	for _, r := range p.Regions {
		if !slices.Contains(c.Regions, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// places looks at the region of every tenant there is.
func (c *Residency) places(ctx context.Context, t *trial, s *System) {
	a, err := s.door(s.Canary.Admin).do(ctx, call{method: "GET", path: "/v1/tenants"})
	var all api.Tenants
	if !t.mustShow("listing the tenants", a, err) {
		return
	}
	if err := json.Unmarshal(a.body, &all); err != nil || len(all.Tenants) == 0 {
		t.hurdle("the list of tenants is empty, though the canaries are tenants.")
		return
	}
	within := 0
	for _, tenant := range all.Tenants {
		switch {
		case tenant.State == "erased":
		case slices.Contains(c.Regions, tenant.Region):
			within++
		default:
			t.breach("A tenant's data is in region %s, which the clause does not name.", tenant.Region)
		}
	}
	t.good("%s, every one in %s.", plural(within, "tenant"), list(c.Regions))
}

// found tries to make a tenant in a region outside, and removes it if that worked.
func (c *Residency) found(ctx context.Context, t *trial, s *System, region string) {
	admin, id := s.door(s.Canary.Admin), "canary-"+token()[:10]
	a, err := admin.do(ctx, call{method: "POST", path: "/v1/tenants", body: api.NewTenant{
		ID: id, Title: "Canary abroad", Region: region, Environment: s.Canary.A.Environment,
	}})
	t.mustRefuse("A tenant in region "+region, a, err)
	if err == nil && a.ok() {
		a, err = admin.do(ctx, call{method: "DELETE", path: "/v1/tenants/" + id})
		t.mustShow("removing a tenant abroad", a, err)
	}
}

// abroad moves a canary tenant to another region in a scratch copy: its data is then refused.
func (c *Residency) abroad(ctx context.Context, t *trial, s *System) {
	s.with(ctx, t, s.Canary.A, func(p *person) {
		stored := dataSets(s.Policy, func(d *policy.DataSet) bool {
			return d.Storage != policy.Memory && len(readers(s.Policy, d.ID)) > 0
		})
		records := p.fill(ctx, t, stored[:min(1, len(stored))])
		if len(records) == 0 {
			t.hurdle("no canary data could be stored.")
			return
		}
		purpose := readers(s.Policy, records[0].set.ID)[0]
		if err := p.ready(ctx, purpose); err != nil {
			t.hurdle("%v", err)
			return
		}
		scratch, discard, err := s.copy(ctx)
		if err != nil {
			t.hurdle("%v", err)
			return
		}
		defer discard()
		there := p.at(scratch)
		a, err := there.read(ctx, purpose.ID, records[0].set.ID, records[0].id)
		if !t.mustShow("reading from a scratch copy", a, err) {
			return
		}
		region := append(c.outside(s.Policy), elsewhere)[0]
		if err := scratch.Exec(ctx, "", `UPDATE tenants SET region = $1 WHERE tenant_id = $2`, region, p.tenant); err != nil {
			t.hurdle("a tenant could not be moved in the scratch copy: %v", err)
			return
		}
		a, err = there.read(ctx, purpose.ID, records[0].set.ID, records[0].id)
		t.mustForbid("Reading data of a tenant in region "+region, a, err)
	})
}
