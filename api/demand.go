package api

import "time"

// LegalDemand is a demand of a court or an authority for data of people.
type LegalDemand struct {
	Kind      string   `json:"kind" enum:"court-order,search-warrant,subpoena,production-order,regulator-request,emergency-request,preservation-order"`
	Issuer    string   `json:"issuer" pattern:"^[a-z0-9][a-z0-9.-]{0,63}$" doc:"Who demands, as an id." example:"dubai-courts"`
	Reference string   `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the document. No name of a person." example:"demand-2026-7"`
	Subjects  []string `json:"subjects" nullable:"false" minItems:"1" maxItems:"1000" uniqueItems:"true"`
	Fields    []string `json:"fields" nullable:"false" minItems:"1" maxItems:"500" uniqueItems:"true" doc:"What is demanded, as data-set.field."`
	Drill     bool     `json:"drill,omitempty" doc:"The people are made up. A drill can be removed."`
}

// Review is the legal review of a demand, by another credential than the one that entered it.
type Review struct {
	Ground   string     `json:"ground" enum:"court-order,statute,treaty,vital-interests" doc:"The legal basis found."`
	Citation string     `json:"citation" pattern:"^[A-Za-z0-9][A-Za-z0-9 .,()/-]{1,119}$" doc:"The provision it rests on. No name of a person." example:"Federal Decree-Law 34 of 2021, art. 47"`
	Fields   []string   `json:"fields" nullable:"false" minItems:"1" maxItems:"500" uniqueItems:"true" doc:"The least that answers the demand, of what was demanded."`
	Gagged   *time.Time `json:"gagged_until,omitempty" doc:"Until when the law forbids to tell the people concerned; then they are told."`
}

// Denial is why a demand is refused.
type Denial struct {
	Reason string `json:"reason" enum:"no-legal-basis,not-competent,too-broad,not-authentic,withdrawn,no-such-data"`
}

// Handover says how an answer leaves.
type Handover struct {
	Recipient string `json:"recipient,omitempty" maxLength:"64" doc:"A recipient of the policy whose role is authority."`
	SealTo    string `json:"seal_to,omitempty" pattern:"^age1[a-z0-9]{20,100}$" doc:"Otherwise: the authority's public key, to which the answer is encrypted (age-encryption.org/v1)."`
}

// Demand is a legal demand and how far it has come.
type Demand struct {
	ID        string   `json:"id"`
	State     string   `json:"state" enum:"received,reviewed,released,refused"`
	Drill     bool     `json:"drill"`
	Kind      string   `json:"kind"`
	Issuer    string   `json:"issuer"`
	Reference string   `json:"reference"`
	Subjects  []string `json:"subjects" nullable:"false" doc:"Those not erased."`
	Asked     []string `json:"asked" nullable:"false"`
	Granted   []string `json:"granted" nullable:"false"`

	Received  time.Time  `json:"received"`
	EnteredBy string     `json:"entered_by"`
	Reviewed  *time.Time `json:"reviewed,omitempty"`
	Reviewer  string     `json:"reviewer,omitempty"`
	Ground    string     `json:"ground,omitempty"`
	Citation  string     `json:"citation,omitempty"`

	Gagged    *time.Time     `json:"gagged_until,omitempty"`
	Noticed   *time.Time     `json:"noticed,omitempty" doc:"When the people were sent a notice."`
	Notice    []ChannelTally `json:"notice,omitempty"`
	NotBefore *time.Time     `json:"not_before,omitempty" doc:"Before when nothing is released."`
	Releases  []Release      `json:"releases,omitempty"`
	Reason    string         `json:"reason,omitempty" doc:"Why it was refused."`
	Clocks    []Clock        `json:"clocks" nullable:"false"`
}

// Release is one handing over of an answer.
type Release struct {
	At        time.Time `json:"at"`
	By        string    `json:"by"`
	Recipient string    `json:"recipient,omitempty"`
	Sealed    bool      `json:"sealed"`
	People    int       `json:"people"`
	Records   int       `json:"records"`
}

// Demands is a page of demands, the newest first.
type Demands struct {
	Demands []Demand `json:"demands" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// DemandAnswer is the answer to a legal demand: the records, or, if it was sealed, what only the
// authority's key opens to them.
type DemandAnswer struct {
	Demand  string   `json:"demand"`
	People  int      `json:"people"`
	Records []Record `json:"records,omitempty"`
	Sealed  string   `json:"sealed,omitempty" doc:"An age file in armour, which holds {demand, people, records} as JSON."`
}
