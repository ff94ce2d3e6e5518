package api

import "time"

// Alarm is something that somebody on call has to know: what a detector of yours saw.
type Alarm struct {
	Kind     string     `json:"kind" enum:"threat,anomaly,outlier,failure" doc:"What it is."`
	Cause    string     `json:"cause" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$" doc:"Your id of what is wrong, the same whenever it is raised again: it has one alert at a time. No name, no address." example:"flow-anomaly-eu1"`
	Severity string     `json:"severity" enum:"critical,error,warning,info" doc:"How bad it is."`
	Detected *time.Time `json:"detected,omitempty" doc:"When it was detected, if not now: the time to acknowledge it counts from then."`
	Drill    bool       `json:"drill,omitempty" doc:"It is a drill, and can be removed again. Who is on call is called all the same."`
}

// Alert is what somebody on call was told, and what became of it.
type Alert struct {
	ID       string `json:"id"`
	Kind     string `json:"kind" enum:"threat,anomaly,outlier,failure,clause-broken,clock-missed,clock-near" doc:"The last three the server raises itself."`
	Cause    string `json:"cause" doc:"What is wrong: your id, or that of the clause."`
	Severity string `json:"severity" enum:"critical,error,warning,info"`
	State    string `json:"state" enum:"open,acknowledged,resolved"`
	Drill    bool   `json:"drill"`
	Times    int    `json:"times" doc:"How often it was raised."`

	Raised         time.Time  `json:"raised"`
	Detected       *time.Time `json:"detected,omitempty" doc:"When it was detected, if before it was raised."`
	AnswerBy       *time.Time `json:"answer_by,omitempty" doc:"When it goes to the next on call unless somebody acknowledges it; missing where the policy promises no such time."`
	Acknowledged   *time.Time `json:"acknowledged,omitempty"`
	AcknowledgedBy string     `json:"acknowledged_by,omitempty" doc:"The credential."`
	Resolved       *time.Time `json:"resolved,omitempty"`
	Reason         string     `json:"reason,omitempty" doc:"Why it is resolved."`

	Steps  int         `json:"steps" doc:"How often somebody was called: each step is one more on call."`
	Told   []AlertStep `json:"told" nullable:"false" doc:"Who was, the last of them."`
	Clocks []Clock     `json:"clocks" nullable:"false" doc:"What the policy owes of it: an answer."`
}

// AlertStep is one on call who was told of an alert.
type AlertStep struct {
	Step     int            `json:"step"`
	Role     string         `json:"role" doc:"Whom the file of staff calls so."`
	At       time.Time      `json:"at"`
	Channels []AlertChannel `json:"channels" nullable:"false"`
}

// AlertChannel is a way by which one on call was told.
type AlertChannel struct {
	Channel string `json:"channel" enum:"email,webhook,pager"`
	State   string `json:"state" enum:"waiting,sent,failed"`
	Outcome string `json:"outcome,omitempty" doc:"Why it waits, or was given up; drill, where nobody was called."`
}

// Alerts is a page of alerts, the newest first.
type Alerts struct {
	Alerts []Alert `json:"alerts" nullable:"false"`
	Next   string  `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// Resolution says why an alert is over.
type Resolution struct {
	Reason string `json:"reason" pattern:"^[a-z][a-z-]{0,63}$" example:"blocked-at-the-firewall"`
}
