package main

import (
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

// schemaCmd prints the JSON Schema of the policy language.
type schemaCmd struct{}

// Run prints the schema.
func (c *schemaCmd) Run(e *env) error {
	schema, err := policy.Schema(control.Catalogue())
	if err != nil {
		return err
	}
	e.printf("%s", schema)
	return nil
}
