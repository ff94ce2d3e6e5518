package control

import (
	"clause.dev/clause/internal/policy"
)

// EncryptionAtRest keeps clauses that say stored data is encrypted.
type EncryptionAtRest struct {
	Algorithm string `param:"algorithm" values:"aes-256-gcm" doc:"the cipher of everything that is stored"`
}

// Check finds a cipher that the server does not use.
func (c *EncryptionAtRest) Check(*policy.Policy) error {
	if c.Algorithm != "aes-256-gcm" {
		return problem("encryption-at-rest", "algorithm", "algorithm must be aes-256-gcm: it is the only one in use")
	}
	return nil
}

// Plan asks for nothing: the vault stores nothing in another way.
func (c *EncryptionAtRest) Plan(*Plan) {}
