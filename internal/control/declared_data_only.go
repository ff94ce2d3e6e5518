package control

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// DeclaredDataOnly keeps clauses that list what is collected.
type DeclaredDataOnly struct {
	Categories Categories `param:"categories" doc:"every category of data that is collected"`
}

// Check finds data of a category that is not listed, and listed categories of which there is none.
func (c *DeclaredDataOnly) Check(p *policy.Policy) error {
	var all []error
	used := map[string]bool{}
	for _, set := range p.Data {
		used[set.Category] = true
		if !slices.Contains(c.Categories, set.Category) {
			all = append(all, problem("declared-data-only", "categories", "data set %s is of category %s, which the clause does not list", set.ID, set.Category))
		}
	}
	for _, category := range c.Categories {
		if !used[category] {
			all = append(all, problem("declared-data-only", "categories", "no data set is of category %s", category))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of undeclared data name the clause.
func (c *DeclaredDataOnly) Plan(p *Plan) {
	p.ground(decision.StepDeclared)
}
