package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"

	"clause.dev/clause/internal/policy"
)

// OutgoingAddresses keeps clauses that publish the addresses the company calls from.
type OutgoingAddresses struct {
	Addresses []string `param:"addresses" doc:"the addresses, or ranges of them"`
}

// Check finds what is no address, or no range that a firewall would take.
func (c *OutgoingAddresses) Check(*policy.Policy) error {
	var all []error
	if len(c.Addresses) == 0 {
		all = append(all, problem("outgoing-addresses", "addresses", "it lists no address"))
	}
	for _, a := range c.Addresses {
		if _, err := netip.ParseAddr(a); err == nil {
			continue
		}
		r, err := netip.ParsePrefix(a)
		if err != nil {
			all = append(all, problem("outgoing-addresses", "addresses", "%q is no address", cut(a, 60)).WithHint("write 192.0.2.7 or 192.0.2.0/28"))
		} else if r != r.Masked() {
			all = append(all, problem("outgoing-addresses", "addresses", "%s is no range: an address of it is", a).WithHint("the range is %s", r.Masked()))
		}
	}
	return errors.Join(all...)
}

// Plan asks for nothing: the list is published as the policy has it.
func (c *OutgoingAddresses) Plan(*Plan) {}

// Probe reads the published lists, which must be those of the policy's clauses.
func (c *OutgoingAddresses) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	configured := promisedAddresses(s.Policy)
	if body, same := s.asPublished(ctx, t, "/published/outgoing-addresses.json", "outgoing-addresses.json", "en"); same {
		var shown struct{ Addresses []string }
		if err := json.Unmarshal(body, &shown); err != nil {
			t.breach("The published list of addresses is not JSON.")
		}
		equalAddresses(t, "The list for programs", shown.Addresses, configured)
	}
	if body, same := s.asPublished(ctx, t, "/published/outgoing-addresses.txt", "outgoing-addresses.txt", "en"); same {
		var shown []string
		for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
			shown = append(shown, lines.Text())
		}
		equalAddresses(t, "The list of lines", shown, configured)
	}
	return t.finding("The published list of addresses is the one configured: " + list(configured) + ".")
}

// promisedAddresses are those of all clauses.
func promisedAddresses(p *policy.Policy) (all []string) {
	for _, clause := range p.Clauses {
		for _, k := range clause.Keep {
			if k.Control != "outgoing-addresses" {
				continue
			}
			listed, _ := k.Params["addresses"].([]string)
			all = append(all, listed...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func equalAddresses(t *trial, what string, shown, configured []string) {
	slices.Sort(shown)
	if slices.Equal(shown, configured) {
		t.good("%s holds what is configured, %s.", what, plural(len(shown), "entry"))
		return
	}
	t.breach("%s is not the one configured: %s.", what, list(shown))
}
