package control

import (
	"crypto/tls"

	"clause.dev/clause/internal/policy"
)

// TLS keeps clauses that say the way to the server is encrypted.
type TLS struct {
	Minimum string `param:"minimum" values:"1.2|1.3" doc:"the lowest version of TLS that is spoken"`
}

// Check finds a version that is not fit to be promised.
func (c *TLS) Check(*policy.Policy) error {
	if c.Minimum != "1.2" && c.Minimum != "1.3" {
		return problem("tls", "minimum", "minimum must be 1.2 or 1.3: older versions are broken (RFC 8996)")
	}
	return nil
}

// Plan has the listener refuse older versions.
func (c *TLS) Plan(p *Plan) {
	if c.Minimum == "1.3" {
		p.TLSMin = max(p.TLSMin, tls.VersionTLS13)
	}
}
