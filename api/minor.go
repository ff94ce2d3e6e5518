package api

import "time"

// MinorReport says that somebody may be younger than the policy lets people be.
type MinorReport struct {
	Subject string `json:"subject" minLength:"1" maxLength:"64" doc:"The person."`
}

// MinorFinding says whether they are, and how that is known. Nothing of what was looked at is stored.
type MinorFinding struct {
	Minor  bool   `json:"minor" doc:"Whether they are too young: all that is stored of them is erased. Needs the scope subjects too."`
	Ground string `json:"ground" enum:"document,guardian,person,data" doc:"A document that was seen, what a parent or guardian said, what the person said, or what their data shows."`
}

// Minor is a report of somebody who may be too young. Once it is closed nothing of it is stored but its clocks
// and what the ledger says.
type Minor struct {
	ID       string    `json:"id"`
	State    string    `json:"state" enum:"reported,erasing,erased,unfounded"`
	Subject  string    `json:"subject,omitempty" doc:"Missing once they are erased."`
	Reported time.Time `json:"reported"`
	By       string    `json:"by" doc:"Which credential reported it; public for the page of the people's door."`
	Clocks   []Clock   `json:"clocks" nullable:"false"`
}

// Minors is a page of reports.
type Minors struct {
	Minors []Minor `json:"minors" nullable:"false"`
	Next   string  `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}
