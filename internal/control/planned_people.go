package control

// Published will keep clauses that say what is published.
type Published struct {
	notBuilt
	What string `param:"what" doc:"what is published, such as controller and laws"`
}

// Complaints will keep clauses that say where people can complain.
type Complaints struct {
	notBuilt
	Authority string `param:"authority,optional" doc:"the authority that hears complaints"`
}

// SubProcessors will keep clauses that say who processes data on the company's behalf.
type SubProcessors struct {
	notBuilt
	Recipients Recipients `param:"recipients" doc:"every sub-processor; an empty list for none"`
}

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

// Questionnaire will keep clauses that say a marketplace's security questionnaire is answered.
type Questionnaire struct{ notBuilt }

func plannedOfPeople() []entry {
	const file = "planned_people.go"
	return []entry{
		plan[Published]("published", file, "What is promised is published from the running configuration."),
		plan[Complaints]("complaints", file, "People are told where they can complain."),
		plan[SubProcessors]("sub-processors", file, "These process data on the company's behalf, and nobody else."),
		plan[ModelProvider]("model-provider", file, "Language models of these hosts only are given data."),
		plan[ModelResidency]("model-residency", file, "What language models are given stays where the clause says."),
		plan[Questionnaire]("questionnaire", file, "The marketplace's security questionnaire is answered from the configuration."),
	}
}
