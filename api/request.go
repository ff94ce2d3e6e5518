package api

import "time"

// NewRequest is what a person asks for by one of their rights.
type NewRequest struct {
	Subject  string   `json:"subject" minLength:"1" maxLength:"128"`
	Right    string   `json:"right" enum:"access,rectification,erasure,portability,withdrawal,objection,restriction"`
	Purposes []string `json:"purposes,omitempty" nullable:"false" maxItems:"255" doc:"Of a withdrawal or an objection: the purposes it is about; without them all it can be about."`
	Language string   `json:"language,omitempty" enum:"en,ar" doc:"In which the person is answered; English without it."`
}

// Request is one request of a person. Once the person is erased it names nobody any more, and proves that
// the right was asked for and answered, and when.
type Request struct {
	ID      string   `json:"id"`
	Subject string   `json:"subject,omitempty" doc:"Missing once the person was erased."`
	Right   string   `json:"right" enum:"access,rectification,erasure,portability,withdrawal,objection,restriction"`
	State   string   `json:"state" enum:"received,identity-check,in-progress,carrying-out,answered,refused,withdrawn,void"`
	Clauses []string `json:"clauses" nullable:"false" doc:"The clauses that promise the right."`
	Ground  string   `json:"ground,omitempty" doc:"The legal ground of a refusal."`
	Reason  string   `json:"reason,omitempty" doc:"Why it takes longer, why it is void, or what the law keeps of an erased person."`

	Opened        time.Time  `json:"opened"`
	Acknowledged  *time.Time `json:"acknowledged,omitempty"`
	IdentityAsked *time.Time `json:"identity_asked,omitempty"`
	Extended      *time.Time `json:"extended,omitempty"`
	Ended         *time.Time `json:"ended,omitempty"`
	Due           *time.Time `json:"due,omitempty" doc:"The first moment that is too late to answer."`
	Late          bool       `json:"late" doc:"It was not answered, or not acknowledged, in time, and that stays so."`

	LinkUntil *time.Time `json:"link_until,omitempty" doc:"Until when the newest link to the package holds."`
	LinkUsed  *time.Time `json:"link_used,omitempty" doc:"When it was used, after which it holds no longer."`
	Clocks    []Clock    `json:"clocks" nullable:"false"`

	Systems []SystemLine `json:"systems,omitempty" nullable:"false" doc:"What was done in other systems that hold copies."`
}

// Requests is a page of requests.
type Requests struct {
	Requests []Request `json:"requests" nullable:"false"`
	Next     string    `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// IdentityCheck asks for proof of identity, or says that it was given.
type IdentityCheck struct {
	Proven bool   `json:"proven,omitempty" doc:"It was shown who asks: the clocks run on."`
	Limit  string `json:"limit,omitempty" maxLength:"40" doc:"Proof is asked for, and the clocks are paused so long at most." example:"14 days"`
}

// MoreTime gives a complex request more time.
type MoreTime struct {
	Reason string `json:"reason" enum:"complexity,number-of-requests" doc:"Which the person is told."`
}

// Refusal refuses a request.
type Refusal struct {
	Ground string `json:"ground" pattern:"^[a-z][a-z-]{0,63}$" doc:"A legal ground, which the person is told." example:"legal-claims"`
}

// Carry is what a request is answered with.
type Carry struct {
	Corrections []Correction `json:"corrections,omitempty" nullable:"false" maxItems:"50" doc:"Of a rectification, and of no other. They are written and kept nowhere else."`
}

// Correction changes fields of a record for a purpose that may write them.
type Correction struct {
	Purpose string `json:"purpose" minLength:"1" maxLength:"128"`
	DataSet string `json:"data_set" minLength:"1" maxLength:"128"`
	Record  string `json:"record" minLength:"1" maxLength:"128"`
	Fields  Fields `json:"fields" nullable:"false"`
}

// Answer is an answered request, with the link to the package of an access or a portability.
type Answer struct {
	Request Request `json:"request"`
	Link    string  `json:"link,omitempty" doc:"The address, on this server, from which the package can be fetched once. It is told here alone: hand it to the person."`
}
