package control

import (
	"context"
	"errors"
	"strings"

	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// InteractionLog keeps clauses that say every interaction is recorded.
type InteractionLog struct {
	Gate DataSets `param:"gate,optional" doc:"the data set in which what people do at the gate is recorded too"`
}

// Check finds a data set that the gate cannot fill. The ledger itself holds with any policy.
func (c *InteractionLog) Check(p *policy.Policy) error {
	if len(c.Gate) == 0 {
		return nil
	}
	_, err := c.interactions(p)
	return err
}

// Plan has the gate record what people do, if the clause says so. For the rest it asks for nothing: the vault
// releases nothing that it has not recorded.
func (c *InteractionLog) Plan(p *Plan) {
	if len(c.Gate) > 0 {
		p.Interactions, _ = c.interactions(p.policy)
	}
}

// Probe makes interactions that are allowed and refused, and looks for both in a ledger that has to
// verify. Where the gate is meant too, somebody comes through it.
func (c *InteractionLog) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		alias, err := p.alias(ctx)
		if err != nil {
			t.hurdle("%v", err)
			return
		}
		records := p.fillAndShow(ctx, t, stored(s.Policy, nil))
		if records == nil {
			return
		}
		before, err := s.openLog(ctx, p.tenant)
		if err != nil {
			unverified(t, err)
			return
		}
		allowed, refused := c.interact(ctx, t, p, records)
		if n, ok := c.count(ctx, t, s, p.tenant, alias, before.head.Size); ok {
			compare(t, "allowed", allowed, n.allowed)
			compare(t, "refused", refused, n.refused)
		}
	})
	if len(c.Gate) > 0 {
		c.atGate(ctx, t, s)
	}
	return t.finding("Every canary access, allowed or refused, is in the tenant's ledger, and the ledger is what its signed checkpoint says.")
}

// interact reads each record, once for a purpose that may and once for one that does not exist.
func (c *InteractionLog) interact(ctx context.Context, t *trial, p *person, records []kept) (allowed, refused int) {
	for _, k := range records {
		for _, purpose := range readers(p.policy, k.set.ID) {
			a, err := p.read(ctx, purpose.ID, k.set.ID, k.id)
			switch {
			case err != nil:
				t.hurdle("reading %s for %s: %v", k.set.ID, purpose.ID, err)
			case a.ok():
				allowed++
			case a.refused(): // such as for lack of consent
				refused++
			}
		}
		a, err := p.read(ctx, strangers()[0], k.set.ID, k.id)
		t.mustForbid("Reading "+k.set.ID+" for an undeclared purpose", a, err)
		if err == nil && a.refused() {
			refused++
		}
	}
	return allowed, refused
}

func compare(t *trial, what string, made, logged int) {
	switch {
	case made == 0:
		t.hurdle("no interaction was %s.", what)
	case logged < made:
		t.breach("Of %s that were %s only %d are in the ledger.", plural(made, "interaction"), what, logged)
	default:
		t.good("All of %s that were %s are in the ledger.", plural(made, "interaction"), what)
	}
}

// tally counts what a ledger says of interactions.
type tally struct{ allowed, refused int }

// count checks the tenant's ledger and counts what it says since it had size entries: allowed uses of
// the person's records, and refusals. A refusal that needed no look at anybody's data names nobody.
func (c *InteractionLog) count(ctx context.Context, t *trial, s *System, tenant, alias string, size int64) (n tally, ok bool) {
	log, err := s.openLog(ctx, tenant)
	if err == nil {
		err = log.since(size, func(e proof.Entry) {
			switch {
			case e.Answer == proof.Allow && e.Subject == alias && strings.HasPrefix(e.Kind, "record."):
				n.allowed++
			case e.Answer == proof.Refuse && (e.Subject == alias || e.Subject == ""):
				n.refused++
			}
		})
	}
	if err != nil {
		unverified(t, err)
		return n, false
	}
	t.good("%s of the tenant's ledger of %d, all the newest among them, are under its signed checkpoint.", plural(int(log.read), "entry"), log.head.Size)
	return n, true
}

// unverified notes why a ledger was not verified.
func unverified(t *trial, err error) {
	var altered errAltered
	if errors.As(err, &altered) {
		t.breach("The ledger does not verify: %s.", altered.what)
		return
	}
	t.hurdle("the ledger could not be read: %v", err)
}
