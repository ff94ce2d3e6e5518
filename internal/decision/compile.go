package decision

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Compile makes the rules of a policy and of the clauses its steps rest on. Its errors are
// fault.Invalid, with the place in the policy as Field: more than 255 purposes, 64 fields a data
// set, a clause or name that is not declared, no region that all promises allow, a condition that
// is not CEL or may cost too much.
func Compile(p *policy.Policy, g *Grounds) (*Rules, error) {
	if p == nil {
		return nil, invalid("policy", "there is no policy")
	}
	if g == nil {
		g = &Grounds{}
	}
	c := &compiler{policy: p, grounds: g, rules: &Rules{environments: slices.Clone(p.Environments)}}
	for _, part := range []func() error{c.regions, c.recipients, c.dataSets, c.purposes, c.conditions, c.table} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return c.rules, nil
}

type compiler struct {
	policy  *policy.Policy
	grounds *Grounds
	rules   *Rules
}

func invalid(field, format string, args ...any) *fault.Error {
	return fault.New("decision.Compile", fault.Invalid, format, args...).WithField(field)
}

// number gives each name the next id from 1; one named twice is an error.
func number[ID ~uint16](names []string, limit int, what string) (map[string]ID, error) {
	if len(names) > limit {
		return nil, invalid(what, "%d are declared, at most %d can be", len(names), limit)
	}
	ids := make(map[string]ID, len(names))
	for i, name := range names {
		if _, twice := ids[name]; twice || name == "" {
			return nil, invalid(what, "the id %q is empty or declared twice", name)
		}
		ids[name] = ID(i + 1)
	}
	return ids, nil
}

func idsOf[T any](all []T, id func(*T) string) []string {
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = id(&all[i])
	}
	return ids
}

func (c *compiler) regions() (err error) {
	r := c.rules
	names := idsOf(c.policy.Regions, func(x *policy.Region) string { return x.ID })
	if r.regionIDs, err = number[RegionID](names, maxIDs, "regions"); err != nil {
		return err
	}
	r.regions = []region{{}}
	for _, name := range names {
		r.regions = append(r.regions, region{name, true})
	}
	for _, promise := range c.grounds.regions {
		for _, name := range promise {
			if r.regionIDs[name] == 0 {
				return invalid("regions", "a residency clause allows region %q, which is not declared", name)
			}
		}
		for i := range r.regions {
			r.regions[i].allowed = r.regions[i].allowed && slices.Contains(promise, r.regions[i].id)
		}
	}
	if len(c.grounds.regions) > 0 && !slices.ContainsFunc(r.regions, func(x region) bool { return x.allowed }) {
		return invalid("regions", "no region is allowed by every residency clause")
	}
	return nil
}

func (c *compiler) recipients() (err error) {
	r := c.rules
	names := idsOf(c.policy.Recipients, func(x *policy.Recipient) string { return x.ID })
	if r.recipientIDs, err = number[RecipientID](names, maxIDs, "recipients"); err != nil {
		return err
	}
	r.recipients = []recipient{{}}
	for _, to := range c.policy.Recipients {
		inside := r.regions[r.regionIDs[to.Region]].allowed
		r.recipients = append(r.recipients, recipient{to.ID, inside || to.Safeguard != ""})
	}
	return nil
}

func (c *compiler) dataSets() (err error) {
	r := c.rules
	names := idsOf(c.policy.Data, func(x *policy.DataSet) string { return x.ID })
	if r.dataSetIDs, err = number[DataSetID](names, maxIDs, "data"); err != nil {
		return err
	}
	r.sets = []dataSet{{}}
	for i := range c.policy.Data {
		d := &c.policy.Data[i]
		fields := idsOf(d.Fields, func(f *policy.Field) string { return f.ID })
		ids, err := number[uint16](fields, maxFields, "data."+d.ID+".fields")
		if err != nil {
			return err
		}
		index := make(map[string]int, len(ids))
		for name, id := range ids {
			index[name] = int(id) - 1
		}
		r.sets = append(r.sets, dataSet{d.ID, fields, index})
	}
	return nil
}

func (c *compiler) purposes() (err error) {
	r := c.rules
	names := idsOf(c.policy.Purposes, func(x *policy.Purpose) string { return x.ID })
	if r.purposeIDs, err = number[PurposeID](names, maxPurposes, "purposes"); err != nil {
		return err
	}
	r.purposes = []purpose{{}}
	for i := range c.policy.Purposes {
		p, err := c.purpose(&c.policy.Purposes[i])
		if err != nil {
			return err
		}
		r.purposes = append(r.purposes, p)
	}
	return c.forbidden()
}

func (c *compiler) purpose(from *policy.Purpose) (purpose, error) {
	at := "purposes." + from.ID
	p := purpose{id: from.ID, declared: true, underRestriction: from.UnderRestriction}
	switch from.Basis {
	case policy.Contract:
		p.basis = basisContract
	case policy.Consent:
		p.basis = basisConsent
	case policy.LegitimateInterests, policy.PublicTask:
		p.basis = basisInterests
	case policy.LegalObligation, policy.VitalInterests:
		p.basis = basisOther
	default:
		return p, invalid(at+".basis", "%q is no legal basis", from.Basis)
	}
	for _, may := range from.May {
		bit, ok := action(may)
		if !ok {
			return p, invalid(at+".may", "%q is no action", may)
		}
		p.may |= bit
	}
	p.recipients = make([]uint64, len(c.rules.recipients)/64+1)
	for _, to := range from.Recipients {
		id := c.rules.recipientIDs[to]
		if id == 0 {
			return p, invalid(at+".recipients", "recipient %q is not declared", to)
		}
		p.recipients[id>>6] |= 1 << (id & 63)
	}
	return p, nil
}

// forbidden gives ids to purposes that clauses name only to refuse them.
func (c *compiler) forbidden() error {
	r := c.rules
	for _, g := range c.grounds.rests {
		for _, name := range g.scope.Purposes {
			if r.purposeIDs[name] != 0 {
				continue
			}
			if g.step != StepPurpose && g.step != StepRecipient || name == "" {
				return invalid("clauses."+g.clause, "purpose %q is not declared", name)
			}
			if len(r.purposes) >= maxIDs {
				return invalid("clauses."+g.clause, "too many purposes are named")
			}
			r.purposeIDs[name] = PurposeID(len(r.purposes))
			r.purposes = append(r.purposes, purpose{id: name})
		}
	}
	return nil
}

func (c *compiler) conditions() error {
	var language *conditions
	for i, from := range c.policy.Purposes {
		if from.When == "" {
			continue
		}
		if language == nil {
			var err error
			if language, err = newConditions(); err != nil {
				return err
			}
		}
		when, err := language.compile(from.When)
		if err != nil {
			return invalid(fmt.Sprintf("purposes.%s.when", from.ID), "%s", fault.Public(err))
		}
		c.rules.purposes[i+1].when = when
	}
	return nil
}
