package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestOutgoingAddressesCheck(t *testing.T) {
	checks(t, []check{
		{name: "ranges and addresses", control: &control.OutgoingAddresses{Addresses: []string{"192.0.2.0/28", "198.51.100.7", "2001:db8::/48"}}},
		{name: "none", control: &control.OutgoingAddresses{}, param: "addresses", finds: []string{"lists no address"}},
		{name: "no address", control: &control.OutgoingAddresses{Addresses: []string{"example.com"}}, param: "addresses", finds: []string{"is no address"}},
		{name: "an address with a length", control: &control.OutgoingAddresses{Addresses: []string{"192.0.2.7/28"}}, param: "addresses", finds: []string{"is no range"}},
	})
}

func outgoingSabotages() []sabotage {
	const at = "/published/outgoing-addresses."
	return []sabotage{
		{name: "a range that is left out", says: at + "txt (en) is not what the policy says", front: editing(at+"txt", "198.51.100.16/28\n", "")},
		{name: "a range too many", says: at + "json (en) is not what the policy says", front: editing(at+"json", `"192.0.2.0/28"`, `"0.0.0.0/0", "192.0.2.0/28"`)},
		{name: "no list", says: at + "json is not published", front: hiding(at + "json")},
		{name: "the list of another policy", says: at + "json (en) is not what the policy says", engine: func(p *policy.Policy) {
			for i := range p.Clauses {
				for _, k := range p.Clauses[i].Keep {
					if k.Control == "outgoing-addresses" {
						k.Params["addresses"] = []string{"203.0.113.0/24"}
					}
				}
			}
		}},
	}
}
