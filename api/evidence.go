package api

import "time"

// The states of a clause.
const (
	StateKept     = "kept"     // every control's newest probe saw it kept, lately
	StateAtRisk   = "at-risk"  // a probe is stale or could not see
	StateBroken   = "broken"   // a probe saw it broken
	StateAttested = "attested" // a person's signed document
	StateStated   = "stated"   // published text that promises nothing
	StateUnkept   = "unkept"   // no control, or not proven yet
)

// The outcomes of a probe.
const (
	OutcomeKept     = "kept"
	OutcomeAttested = "attested" // somebody signed that it is so: what no program can see
	OutcomeBroken   = "broken"
	OutcomeUnable   = "unable"
)

// Finding is what a probe saw.
type Finding struct {
	Clause  string    `json:"clause"`
	Control string    `json:"control"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome" enum:"kept,attested,broken,unable"`
	Summary string    `json:"summary" doc:"In plain words."`
	Facts   []string  `json:"facts,omitempty"`
}

// Findings is the outcome of a run of every probe.
type Findings struct {
	Findings []Finding `json:"findings" nullable:"false"`
}

// ClauseStatus says whether a published promise is kept.
type ClauseStatus struct {
	Clause   string     `json:"clause"`
	Section  string     `json:"section,omitempty"`
	Text     string     `json:"text"`
	State    string     `json:"state" enum:"kept,at-risk,broken,attested,stated,unkept"`
	Since    *time.Time `json:"since,omitempty" doc:"When it came into this state."`
	Proven   *time.Time `json:"proven,omitempty" doc:"When a probe last saw it kept."`
	Controls []string   `json:"controls,omitempty" doc:"What keeps it."`
	Reasons  []string   `json:"reasons,omitempty" doc:"Why it is in this state."`
}

// Evidence is the status of every clause.
type Evidence struct {
	Clauses []ClauseStatus `json:"clauses" nullable:"false"`
}
