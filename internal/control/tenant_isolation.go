package control

import (
	"bytes"
	"context"
	"errors"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// TenantIsolation keeps clauses that say customers' data is kept apart.
type TenantIsolation struct{}

// Check finds nothing: isolation has no parameters and holds with any policy.
func (c *TenantIsolation) Check(*policy.Policy) error { return nil }

// Plan has refusals of another tenant's data name the clause.
func (c *TenantIsolation) Plan(p *Plan) {
	p.ground(decision.StepTenant)
}

// Probe reaches from one canary tenant into another: at the front door, and, in a scratch copy of
// the store, by putting one tenant's ciphertext where the other's was.
func (c *TenantIsolation) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(a *person) {
		s.with(ctx, t, s.Canary.B, func(b *person) {
			sets := dataSets(s.Policy, func(d *policy.DataSet) bool { return d.Storage != policy.Memory })
			ofA, ofB := a.fill(ctx, t, sets), b.fill(ctx, t, sets)
			if len(ofA) == 0 || len(ofA) != len(ofB) {
				t.hurdle("no canary data could be stored in both tenants.")
				return
			}
			for i := range ofA {
				c.reach(ctx, t, a, b, ofA[i], ofB[i])
			}
			c.reachPerson(ctx, t, a, b)
			c.transplant(ctx, t, s, a, b, ofA[0], ofB[0])
		})
	})
	return t.finding("A credential of one tenant reaches nothing of another's, and one tenant's stored data does not open as another's.")
}

// reach asks for a record of tenant A in each way that holds something of tenant B.
func (c *TenantIsolation) reach(ctx context.Context, t *trial, a, b *person, ofA, ofB kept) {
	all := readers(a.policy, ofA.set.ID)
	if len(all) == 0 {
		return
	}
	purpose := all[0]
	if err := errors.Join(a.ready(ctx, purpose), b.ready(ctx, purpose)); err != nil {
		t.hurdle("%v", err)
		return
	}
	own, err := a.read(ctx, purpose.ID, ofA.set.ID, ofA.id)
	if !t.mustShow("reading a tenant's own "+ofA.set.ID, own, err) {
		return
	}
	t.good("A tenant's own credential reads its %s.", ofA.set.ID)
	for _, other := range strangersTo(a, b) {
		c.reachRecord(ctx, t, other, purpose, ofA, ofB)
	}
	after, err := a.read(ctx, purpose.ID, ofA.set.ID, ofA.id)
	if t.mustShow("reading "+ofA.set.ID+" again", after, err) && after.header.Get("ETag") != own.header.Get("ETag") {
		t.breach("%s was changed from another tenant.", ofA.set.ID)
	}
}

// stranger is somebody of tenant B who goes for a person of tenant A.
type stranger struct {
	*person
	how string
}

// strangersTo are the ways in which something of B can be mixed with something of A.
func strangersTo(a, b *person) []stranger {
	key, id, path := *a, *b, *a
	key.door.key, id.id, path.tenant = b.door.key, a.id, b.tenant
	return []stranger{
		{&key, "by another tenant's credential"},
		{&id, "by a person's id within another tenant"},
		{&path, "by another tenant's path with one's own key"},
	}
}

// reachRecord tries to see and to change a record.
func (c *TenantIsolation) reachRecord(ctx context.Context, t *trial, other stranger, purpose *policy.Purpose, ofA, ofB kept) {
	for _, w := range other.ways(purpose, ofA) {
		t.mustHide(ctx, other.door, w, other.how)
	}
	writes, _ := writer(other.policy, ofA.set)
	if writes == nil {
		return
	}
	a, err := other.do(ctx, call{method: "PATCH", path: other.path("data", ofA.set.ID, ofA.id), purpose: writes.ID, body: map[string]any{"fields": ofB.values}})
	t.mustForbid("Changing "+ofA.set.ID+" "+other.how, a, err)
	batch := map[string]any{"operations": []any{map[string]any{
		"action": api.ActionPatch, "subject": other.id, "data_set": ofA.set.ID, "record": ofA.id, "fields": ofB.values,
	}}}
	a, err = other.do(ctx, call{method: "POST", path: other.home() + "/batch", purpose: writes.ID, body: batch})
	t.mustForbid("Changing "+ofA.set.ID+" in a batch "+other.how, a, err)
}

// reachPerson tries what concerns a person as a whole with another tenant's credential.
func (c *TenantIsolation) reachPerson(ctx context.Context, t *trial, a, b *person) {
	foreign := *a
	foreign.door.key = b.door.key
	got, err := foreign.alias(ctx)
	if err == nil && got != "" {
		t.breach("A person's standing was shown to another tenant's credential.")
	}
	for _, purpose := range a.policy.Purposes {
		if purpose.Basis == policy.Consent {
			if err := foreign.consent(ctx, purpose.ID, true); err == nil {
				t.breach("A person's consent was recorded by another tenant's credential.")
			}
			break
		}
	}
	gone, err := foreign.erase(ctx)
	t.mustForbid("Erasing a person by another tenant's credential", gone, err)
}

// transplant puts a record of tenant A into the row of tenant B's, in a scratch copy of the store:
// the second wall, for the case that the first were ever passed.
func (c *TenantIsolation) transplant(ctx context.Context, t *trial, s *System, a, b *person, ofA, ofB kept) {
	all := readers(a.policy, ofA.set.ID)
	if len(all) == 0 {
		return
	}
	scratch, discard, err := s.copy(ctx)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer discard()
	purpose, there := all[0].ID, b.at(scratch)
	got, err := there.read(ctx, purpose, ofB.set.ID, ofB.id)
	if !t.mustShow("reading from a scratch copy", got, err) {
		return
	}
	sealed, err := sealedRecord(ctx, scratch.Store, a, ofA)
	if err == nil {
		err = scratch.Exec(ctx, b.tenant, `UPDATE records SET sealed = $1 WHERE tenant_id = $2 AND subject_id = $3 AND data_set = $4 AND record_id = $5`,
			sealed, b.tenant, b.id, ofB.set.ID, ofB.id)
	}
	if err != nil {
		t.hurdle("a stored record could not be moved in the scratch copy: %v", err)
		return
	}
	got, err = there.read(ctx, purpose, ofB.set.ID, ofB.id)
	switch {
	case err != nil:
		t.hurdle("the scratch copy does not answer: %v", err)
	case got.ok() && got.holds(a.marks):
		t.breach("One tenant's stored data opened in another tenant's row.")
	case got.ok():
		t.hurdle("the scratch copy did not use the row that was moved.")
	default:
		t.good("One tenant's stored data does not open in another tenant's row (%s).", got)
	}
}

// sealedRecord returns a record's ciphertext as it is stored.
func sealedRecord(ctx context.Context, store RawStore, p *person, k kept) (sealed []byte, err error) {
	err = store.Rows(ctx, p.tenant, func(table string, columns map[string][]byte) error {
		if table == "records" && string(columns["subject_id"]) == p.id && string(columns["data_set"]) == k.set.ID && string(columns["record_id"]) == k.id {
			sealed = bytes.Clone(columns["sealed"])
		}
		return ctx.Err()
	})
	if err == nil && len(sealed) == 0 {
		err = errors.New("it is not in the store")
	}
	return sealed, err
}
