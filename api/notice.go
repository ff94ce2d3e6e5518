package api

import "time"

// Recipients are those of the policy, and where they stand with a tenant.
type Recipients struct {
	Recipients []Recipient `json:"recipients" nullable:"false"`
}

// Recipient is somebody data can be disclosed to.
type Recipient struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Allowed     bool         `json:"allowed" doc:"The tenant allows it. Where no clause makes it wait for that, it needs no leave."`
	Since       *time.Time   `json:"since,omitempty" doc:"Since when the tenant allows it."`
	Disclosures []Disclosure `json:"disclosures" nullable:"false"`
}

// Disclosure is what a purpose discloses to a recipient.
type Disclosure struct {
	Purpose string     `json:"purpose"`
	Begins  *time.Time `json:"begins,omitempty" doc:"From when data may go there; missing while people are still to be told of it."`
}

// Allowance says whether a tenant allows a recipient.
type Allowance struct {
	Allowed bool `json:"allowed"`
}

// OptOut says whether a person wants nothing disclosed to a recipient.
type OptOut struct {
	OptedOut bool `json:"opted_out"`
}

// ElectronicNotice says whether a person consents to notice by electronic means.
type ElectronicNotice struct {
	Consented bool `json:"consented"`
}

// NewWrittenNotice asks for a notice on paper.
type NewWrittenNotice struct {
	About string `json:"about,omitempty" maxLength:"128" doc:"What the notice is about, as messages name it; the newest one where it is left out."`
}

// WrittenNotice is a notice that a person asked for on paper.
type WrittenNotice struct {
	ID     string     `json:"id"`
	About  string     `json:"about"`
	Asked  time.Time  `json:"asked"`
	Posted *time.Time `json:"posted,omitempty"`
	Clocks []Clock    `json:"clocks" nullable:"false"`
}

// WrittenNotices are a person's.
type WrittenNotices struct {
	Notices []WrittenNotice `json:"notices" nullable:"false"`
}
