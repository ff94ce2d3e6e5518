package publish

import (
	"slices"
	"strings"
)

// outgoing are the addresses that the organisation calls from, as its clauses list them, each once.
func (r *register) outgoing() (all []string) {
	for _, b := range r.keeping("outgoing-addresses") {
		for _, a := range b.list("addresses") {
			if !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// outgoingJSON lists the addresses for programs, such as one that keeps a firewall's rules.
func outgoingJSON(r *register) ([]byte, error) {
	all := r.outgoing()
	if all == nil {
		return nil, nil
	}
	return encode(struct {
		Organisation string   `json:"organisation"`
		Version      string   `json:"policy_version"`
		Digest       string   `json:"policy_sha256"`
		Addresses    []string `json:"addresses"`
	}{r.Organisation.Name, r.Version, r.Digest, all})
}

// outgoingText lists the addresses one a line, as tools for firewalls take them.
func outgoingText(r *register) ([]byte, error) {
	all := r.outgoing()
	if all == nil {
		return nil, nil
	}
	return []byte(strings.Join(all, "\n") + "\n"), nil
}
