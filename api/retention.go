package api

import "time"

// NewHold is a legal hold to be placed: what is kept of a person if they are erased while it stands.
type NewHold struct {
	Reason string    `json:"reason" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the case. No name and no text." example:"case-2041"`
	Fields []string  `json:"fields" nullable:"false" minItems:"1" maxItems:"256" doc:"As data-set.field. Those are kept that the policy allows too." example:"[\"login.email\"]"`
	Until  time.Time `json:"until" doc:"When it ends by itself; the policy says how late that may be."`
}

// Hold is a legal hold on a person.
type Hold struct {
	ID     string    `json:"id"`
	Reason string    `json:"reason"`
	Fields []string  `json:"fields" nullable:"false" doc:"What it names."`
	Keeps  []string  `json:"keeps" nullable:"false" doc:"What of it the policy allows to be kept."`
	Copy   string    `json:"copy,omitempty" doc:"The subject under which what was kept can be read, for a purpose that rests on a legal obligation; missing until the person is erased."`
	Placed time.Time `json:"placed"`
	Until  time.Time `json:"until"`
}

// Erasure asks for the erasure of a person, and a certificate of it.
type Erasure struct {
	About string `json:"about" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the erasure, the only one that the certificate names. No name and no address." example:"request-118"`
}

// Certificate is a certificate of erasure, from when the erasure is asked for.
type Certificate struct {
	ID      string           `json:"id"`
	Kind    string           `json:"kind" enum:"person,off-boarding"`
	About   string           `json:"about,omitempty" doc:"Your id of the erasure."`
	State   string           `json:"state" enum:"open,held,swept,issued" doc:"open: unreadable, and being removed; held: all is gone but what a legal hold keeps; swept: nothing is left; issued: the document is there."`
	Opened  time.Time        `json:"opened"`
	Erased  *time.Time       `json:"erased,omitempty" doc:"When the keys were destroyed; missing until the rows are removed."`
	Issued  *time.Time       `json:"issued,omitempty"`
	Keys    []string         `json:"keys_destroyed" nullable:"false" doc:"Ids of the keys that were destroyed."`
	Removed map[string]int64 `json:"removed" doc:"How many rows went, by table; records by data set."`

	Systems []SystemLine `json:"systems,omitempty" nullable:"false" doc:"What was done in other systems that hold copies. The certificate waits for them."`
}

// Certificates is a page of certificates.
type Certificates struct {
	Certificates []Certificate `json:"certificates" nullable:"false"`
	Next         string        `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// OffBoarding is how far the leaving of a tenant has come.
type OffBoarding struct {
	Tenant      string           `json:"tenant"`
	Certificate Certificate      `json:"certificate"`
	Due         *time.Time       `json:"due,omitempty" doc:"By when nothing is to be left; missing if no clause says."`
	Sweeping    map[string]int64 `json:"sweeping,omitempty" doc:"What the sweep under way has removed so far."`
}
