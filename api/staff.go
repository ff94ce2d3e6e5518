package api

import "time"

// NewMember is a person of the organisation's staff who is to be enrolled. Who they are your own records
// say: the server keeps an id.
type NewMember struct {
	Roles    []string   `json:"roles" nullable:"false" maxItems:"20" doc:"What they are, in the words of the policy: who approves grants has one of the roles that the policy names." example:"[\"the manager\"]"`
	KeyUntil *time.Time `json:"key_until,omitempty" doc:"When their key ends: in 12 hours unless you say otherwise, in 90 days at most."`
	ReviewBy *time.Time `json:"review_by,omitempty" doc:"Of a drill alone: when its access lapses."`
}

// NewMemberKey asks for a new key of a member.
type NewMemberKey struct {
	KeyUntil *time.Time `json:"key_until,omitempty" doc:"When it ends: in 12 hours unless you say otherwise, in 90 days at most."`
}

// Member is a person of staff.
type Member struct {
	ID         string     `json:"id"`
	State      string     `json:"state" enum:"active,ended"`
	Lapsed     bool       `json:"lapsed" doc:"Nobody reviewed the access in time: the key opens nothing until another member does."`
	Roles      []string   `json:"roles" nullable:"false"`
	Enrolled   time.Time  `json:"enrolled"`
	EnrolledBy string     `json:"enrolled_by"`
	KeyUntil   time.Time  `json:"key_until"`
	ReviewBy   *time.Time `json:"review_by,omitempty" doc:"When the access lapses unless it is reviewed."`
	Reviewed   *time.Time `json:"reviewed,omitempty"`
	ReviewedBy string     `json:"reviewed_by,omitempty"`
	Ended      *time.Time `json:"ended,omitempty"`
	Drill      bool       `json:"drill"`
}

// Members are all members, the oldest first.
type Members struct {
	Members []Member `json:"members" nullable:"false"`
}

// EnrolledMember is a member, and the key that is shown this once.
type EnrolledMember struct {
	Member   Member    `json:"member"`
	Key      string    `json:"key"`
	KeyUntil time.Time `json:"key_until"`
}

// NewGrant asks for leave to see a customer's data.
type NewGrant struct {
	Purposes []string  `json:"purposes" nullable:"false" minItems:"1" maxItems:"20" doc:"What for, of the policy's purposes."`
	Reason   string    `json:"reason" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" doc:"The id of why, such as a ticket's. No name, no address." example:"ticket-4711"`
	Until    time.Time `json:"until" doc:"When it ends: at most as long as the policy says, 90 days where it says nothing."`
}

// Grant is leave for one person of staff to see one customer's data.
type Grant struct {
	ID         string     `json:"id"`
	Holder     string     `json:"holder" doc:"The member."`
	State      string     `json:"state" enum:"requested,live,expired,lapsed,withdrawn,revoked" doc:"Only a live one lets anything through."`
	Purposes   []string   `json:"purposes" nullable:"false"`
	Reason     string     `json:"reason"`
	Asked      time.Time  `json:"asked"`
	From       *time.Time `json:"from,omitempty" doc:"When all had agreed."`
	Until      time.Time  `json:"until"`
	Approved   *time.Time `json:"approved,omitempty"`
	ApprovedBy string     `json:"approved_by,omitempty" doc:"Another member."`
	Allowed    *time.Time `json:"allowed,omitempty"`
	AllowedBy  string     `json:"allowed_by,omitempty" doc:"The customer's credential."`
	ReviewBy   *time.Time `json:"review_by,omitempty" doc:"When it lapses unless it is reviewed."`
	Reviewed   *time.Time `json:"reviewed,omitempty"`
	ReviewedBy string     `json:"reviewed_by,omitempty"`
	Ended      *time.Time `json:"ended,omitempty"`
	EndedBy    string     `json:"ended_by,omitempty"`
	Uses       int64      `json:"uses" doc:"How often data was seen or changed under it. The ledger has each one, with the grant's id."`
	Used       *time.Time `json:"used,omitempty" doc:"When it last was."`
	Drill      bool       `json:"drill"`
}

// Grants is a page of grants, the newest first.
type Grants struct {
	Grants []Grant `json:"grants" nullable:"false"`
	Next   string  `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// AccessReview is what a review says of a member's access, or of a grant.
type AccessReview struct {
	Keep bool `json:"keep" doc:"False ends it."`
}

// ReviewState is what is left of the review under way.
type ReviewState struct {
	Clocks  []Clock       `json:"clocks" nullable:"false" doc:"By when it is owed."`
	Members []Member      `json:"members" nullable:"false" doc:"Not reviewed since the clock began."`
	Grants  []TenantGrant `json:"grants" nullable:"false" doc:"Live, and not reviewed since the clock began; the first thousand."`
}

// TenantGrant is a grant, and whose data it is of.
type TenantGrant struct {
	Tenant string `json:"tenant"`
	Grant  Grant  `json:"grant"`
}
