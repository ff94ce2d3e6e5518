package control

import (
	"context"
	"strings"

	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// InteractionLog keeps clauses that say every interaction is recorded.
type InteractionLog struct{}

// Check finds nothing: the log has no parameters and holds with any policy.
func (c *InteractionLog) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the vault releases nothing that it has not recorded.
func (c *InteractionLog) Plan(*Plan) {}

// mostEntries bounds a canary tenant's log that is verified whole.
const mostEntries = 2_000_000

// Probe makes interactions that are allowed and refused, and looks for both in a ledger that has to
// verify.
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
		before, ok := c.count(ctx, t, s, p.tenant, alias)
		if !ok {
			return
		}
		allowed, refused := c.interact(ctx, t, p, records)
		after, ok := c.count(ctx, t, s, p.tenant, alias)
		if !ok {
			return
		}
		compare(t, "allowed", allowed, after.allowed-before.allowed)
		compare(t, "refused", refused, after.refused-before.refused)
	})
	return t.finding("Every canary access, allowed or refused, is in the tenant's ledger, and the whole ledger verifies.")
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

// count verifies the tenant's ledger and counts its entries: allowed reads of the person, and
// refusals. A refusal that needed no look at anybody's data names nobody.
func (c *InteractionLog) count(ctx context.Context, t *trial, s *System, tenant, alias string) (n tally, ok bool) {
	address, err := proof.LogURL(s.URL, tenant)
	if err != nil {
		t.hurdle("the ledger has no address: %v", err)
		return n, false
	}
	source := &proof.HTTP{Base: address, Credential: s.Canary.Auditor, Client: s.HTTP}
	key, err := source.Key(ctx)
	if err != nil {
		t.hurdle("the ledger's key could not be read: %v", plain(err))
		return n, false
	}
	report, err := proof.Verify(ctx, source, proof.Options{
		Key:   key,
		Bound: func(size int64) bool { return size <= mostEntries },
		Each: func(e proof.Entry) {
			switch {
			case e.Answer == proof.Allow && e.Subject == alias && strings.HasPrefix(e.Kind, "record."):
				n.allowed++
			case e.Answer == proof.Refuse && (e.Subject == alias || e.Subject == ""):
				n.refused++
			}
		},
	})
	if err != nil {
		t.hurdle("the ledger could not be read: %v", plain(err))
		return n, false
	}
	for _, found := range report.Findings {
		t.breach("The ledger does not verify: %s (entry %d).", found.What, found.Index)
	}
	if report.Verified() {
		t.good("The tenant's ledger of %s verifies against its signed checkpoint.", plural(int(report.Size), "entry"))
	}
	return n, report.Verified()
}
