package vault

import (
	"context"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Whose returns the person who has a value in a field whose values are unique, such as the address somebody
// signs in with. It releases nothing but their id, and no restriction or objection stands against it: people
// must be able to come and lift them.
func (v *Vault) Whose(ctx context.Context, c Caller, tenant, dataSet, field, value string) (string, error) {
	const op = "vault.Whose"
	t := Target{Tenant: tenant}
	q := v.ask("subject.find", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return "", err
	}
	set := v.sets[dataSet]
	if set == nil || set.Storage == policy.Memory {
		return "", fault.New(op, fault.Invalid, "nobody can be found in that data set").WithField("data_set")
	}
	at, ok := set.index[field]
	if !ok || !set.Fields[at].Unique {
		return "", fault.New(op, fault.Invalid, "nobody can be found by that field").WithField("field").WithHint("the policy must say unique: true")
	}
	f := &set.Fields[at]
	sought, err := canonical(f, appendJSONText(nil, value))
	if err != nil {
		return "", err
	}
	by := q
	by.set = set
	hits, err := v.lookUp(ctx, &by, f, lookupValue(f, sought))
	if err == nil && len(hits) == 0 {
		err = errNobody()
	}
	if err != nil {
		return "", v.absent(ctx, &q, err)
	}
	a := v.decide(&q, hits[0].s)
	if !a.Allow {
		return "", v.refuse(ctx, &q, a)
	}
	return hits[0].s.id, v.record(ctx, tenant, v.entry(&q, a))
}
