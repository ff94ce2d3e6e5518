package api

// Subject is a person.
type Subject struct {
	ID string `json:"id" doc:"Random; it says nothing about the person." example:"sub_4k1d9"`
}

// Consent says whether a person consents to a purpose. Withdrawing refuses the next access at once.
type Consent struct {
	Given bool `json:"given"`
}

// Objection says whether a person objects to a purpose that rests on legitimate interests
// (GDPR art. 21). An objection refuses at once; false withdraws or overrides it.
type Objection struct {
	Objected bool `json:"objected"`
}

// Restriction says whether processing of a person's data is restricted (GDPR art. 18).
type Restriction struct {
	Restricted bool `json:"restricted"`
}

// Standing is what a person has allowed, refused and restricted.
type Standing struct {
	Consents   []string `json:"consents" nullable:"false" doc:"Purposes consented to."`
	Objections []string `json:"objections" nullable:"false" doc:"Purposes objected to."`
	OptOuts    []string `json:"opt_outs,omitempty" doc:"Recipients that nothing is disclosed to."`
	Electronic bool     `json:"electronic_notice,omitempty" doc:"They consent to notice by electronic means."`
	Restricted bool     `json:"restricted"`
	Alias      string   `json:"alias" doc:"The random name by which the ledger knows the person."`
}
