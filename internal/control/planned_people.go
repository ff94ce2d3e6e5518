package control

// ModelProvider will keep clauses that say who hosts the language models.
type ModelProvider struct {
	notBuilt
	Recipients Recipients `param:"recipients" doc:"the recipients whose models may be given data, and no others"`
	Never      []string   `param:"never,optional" doc:"services that are given nothing"`
}

// ModelResidency will keep clauses that say where language models keep what they are given.
type ModelResidency struct {
	notBuilt
	Models       Models  `param:"models" doc:"the models"`
	SingleRegion Regions `param:"single-region,optional" doc:"the regions whose data does not leave them; elsewhere it stays in the geography"`
}

func plannedOfPeople() []entry {
	const file = "planned_people.go"
	return []entry{
		plan[ModelProvider]("model-provider", file, "Language models of these hosts only are given data."),
		plan[ModelResidency]("model-residency", file, "What language models are given stays where the clause says."),
	}
}
