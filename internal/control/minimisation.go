package control

import (
	"errors"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Minimisation keeps clauses that say what people need not give: GDPR art. 5(1)(c).
type Minimisation struct {
	Optional DataSets `param:"optional" doc:"the data sets that nobody has to fill in"`
}

// Check finds fields that are required although the clause says giving them is optional.
func (c *Minimisation) Check(p *policy.Policy) error {
	var all []error
	for _, id := range c.Optional {
		set, ok := p.DataSet(id)
		if !ok || set.Many {
			continue // having no record at all of several is the option
		}
		for _, field := range set.Fields {
			if !field.Optional {
				all = append(all, problem("minimisation", "optional", "field %s of data set %s is required, the clause says it is optional", field.ID, id).
					WithHint("give the field optional: true"))
			}
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of fields a purpose does not see name the clause.
func (c *Minimisation) Plan(p *Plan) {
	p.ground(decision.StepFields)
}
