package api

// ProblemType is the media type of a Problem.
const ProblemType = "application/problem+json"

// Problem tells why a request failed (RFC 9457). It never holds a value that was sent.
type Problem struct {
	Type     string         `json:"type" doc:"Which kind of problem; its address explains it." example:"/docs#problem-refused"`
	Title    string         `json:"title" doc:"The kind of problem in words." example:"refused"`
	Status   int            `json:"status" doc:"The HTTP status." example:"403"`
	Detail   string         `json:"detail,omitempty" doc:"What happened, for a person to read."`
	Instance string         `json:"instance,omitempty" doc:"Names this failure in the server's log."`
	Clause   string         `json:"clause,omitempty" doc:"The clause of the policy that refused." example:"clesaro-purposes"`
	Field    string         `json:"field,omitempty" doc:"The input at fault." example:"fields.income"`
	Hint     string         `json:"hint,omitempty" doc:"What to do about it."`
	Errors   []ProblemError `json:"errors,omitempty" doc:"All that the schema found wrong."`
}

// ProblemError is one thing wrong with the input.
type ProblemError struct {
	Field   string `json:"field" doc:"Where, as a path." example:"operations[2].action"`
	Message string `json:"message" doc:"What the schema expects there."`
}
