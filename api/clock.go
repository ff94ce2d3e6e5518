package api

import "time"

// Occasion is something that happened for which a clause owes something by a time: mail that arrived, a
// review that is due.
type Occasion struct {
	Clause string `json:"clause" minLength:"1" maxLength:"64" doc:"The clause that promised it." example:"clesaro-contact"`
	About  string `json:"about" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the occasion. Never of a person, and no name or address." example:"mail-2041"`
}

// Clock is one thing that is owed by a time.
type Clock struct {
	ID     string `json:"id"`
	Kind   string `json:"kind" doc:"What is owed."`
	Clause string `json:"clause"`
	About  string `json:"about"`
	State  string `json:"state" enum:"running,paused,done,void"`
	Limit  string `json:"limit" doc:"The figure it runs by, as the policy put it when it began." example:"5 business days"`

	Opened      time.Time  `json:"opened"`
	Target      *time.Time `json:"target,omitempty" doc:"When it ought to be done."`
	Due         *time.Time `json:"due,omitempty" doc:"The first moment that is too late; missing while it awaits an event."`
	Awaits      string     `json:"awaits,omitempty" doc:"The event that sets its end."`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	PauseReason string     `json:"pause_reason,omitempty"`
	Ended       *time.Time `json:"ended,omitempty"`

	Discharge string `json:"discharge" doc:"The kind of evidence that discharges it." example:"answer"`
	Evidence  string `json:"evidence,omitempty" doc:"What discharged it, or why it is void."`
	Near      bool   `json:"near" doc:"It is close to its limit."`
	Late      bool   `json:"late" doc:"It was not discharged by its limit, and that stays so."`
}

// Clocks is a list of clocks.
type Clocks struct {
	Clocks []Clock `json:"clocks" nullable:"false"`
	Next   string  `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// Discharge is evidence that something owed was done.
type Discharge struct {
	Kind     string `json:"kind" minLength:"1" maxLength:"64" doc:"The kind that the clock's discharge names." example:"answer"`
	Evidence string `json:"evidence" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of it." example:"mail-2077"`
}

// Pause stops a clock for a while.
type Pause struct {
	Reason string `json:"reason" pattern:"^[a-z][a-z-]{0,63}$" example:"identity-check"`
	Limit  string `json:"limit" minLength:"1" maxLength:"40" doc:"How long at most; then the clock runs again by itself." example:"14 days"`
}

// Void ends a clock that is no longer owed.
type Void struct {
	Reason string `json:"reason" pattern:"^[a-z][a-z-]{0,63}$" example:"request-withdrawn"`
}
