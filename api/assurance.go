package api

import "time"

// The organisation's own security tests, exercises and reports of weaknesses are those of the tenant _org;
// those of any other tenant are drills.

// NewSecurityTest plans a security test of an application.
type NewSecurityTest struct {
	Application   string    `json:"application" minLength:"1" maxLength:"100" doc:"As the policy calls it." example:"filing"`
	Tester        string    `json:"tester" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of who tests. No name or address." example:"tester-7"`
	Qualification string    `json:"qualification,omitempty" maxLength:"200" doc:"What the tester is, in the policy's own words, where the policy promises it." example:"a vendor empanelled by CERT-In"`
	Begins        time.Time `json:"begins" doc:"What is owed before the next penetration test is owed by then."`
}

// SecurityTestReport is that a test was done.
type SecurityTestReport struct {
	Reference string   `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the report." example:"report-2026-4"`
	Digest    string   `json:"digest" pattern:"^[0-9a-f]{64}$" doc:"Of the report, SHA-256: which document it was can be proven later."`
	Areas     []string `json:"areas" nullable:"false" maxItems:"50" uniqueItems:"true" doc:"The areas of the policy that it covers. One that lacks any is refused." example:"[\"injection\"]"`
}

// SecurityTest is a security test of an application.
type SecurityTest struct {
	ID            string       `json:"id"`
	State         string       `json:"state" enum:"planned,reported"`
	Drill         bool         `json:"drill"`
	Application   string       `json:"application"`
	Tester        string       `json:"tester"`
	Qualification string       `json:"qualification,omitempty"`
	Planned       time.Time    `json:"planned"`
	Begins        time.Time    `json:"begins"`
	Reported      *time.Time   `json:"reported,omitempty"`
	Reference     string       `json:"reference,omitempty"`
	Digest        string       `json:"digest,omitempty"`
	Areas         []string     `json:"areas" nullable:"false"`
	Findings      FindingTally `json:"findings"`
	Clocks        []Clock      `json:"clocks" nullable:"false" doc:"Of tests of the application."`
}

// FindingTally counts the findings of a test.
type FindingTally struct {
	Open      int `json:"open"`
	Closed    int `json:"closed"`
	Dismissed int `json:"dismissed"`
}

// SecurityTests is a page of tests, the newest first.
type SecurityTests struct {
	Tests []SecurityTest `json:"tests" nullable:"false"`
	Next  string         `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// NewWeakness is a finding: a weakness of an application.
type NewWeakness struct {
	Test        string `json:"test,omitempty" maxLength:"128" doc:"The test that found it; its application and tester are then known."`
	Application string `json:"application,omitempty" maxLength:"100" doc:"As the policy calls it; needed without a test."`
	Finder      string `json:"finder,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of who found it, who has to test it again; needed without a test."`
	Severity    string `json:"severity" enum:"critical,high,medium,low"`
	Reference   string `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of it; each once." example:"sec-77"`
}

// WeaknessFix is that a weakness was fixed and rolled out.
type WeaknessFix struct {
	Change string `json:"change" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the change." example:"release-41"`
}

// Retest is that whoever found a weakness tested it again.
type Retest struct {
	Report string `json:"report" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the report of it." example:"retest-2026-4"`
	By     string `json:"by" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"The finder."`
	Passed bool   `json:"passed" doc:"The weakness is gone. If not, the finding is open again, and its clocks have run on."`
}

// WeaknessDismissal ends a finding that is none.
type WeaknessDismissal struct {
	Reason string `json:"reason" enum:"false-positive,duplicate,not-ours"`
}

// Weakness is a finding: a weakness of an application, from when it was found until it was tested again.
type Weakness struct {
	ID          string     `json:"id"`
	State       string     `json:"state" enum:"open,fixed,closed,dismissed"`
	Drill       bool       `json:"drill"`
	Application string     `json:"application"`
	Severity    string     `json:"severity" enum:"critical,high,medium,low"`
	Reference   string     `json:"reference"`
	Source      string     `json:"source,omitempty" doc:"The test, or the report of a researcher."`
	Finder      string     `json:"finder"`
	Found       time.Time  `json:"found"`
	Fixed       *time.Time `json:"fixed,omitempty"`
	Change      string     `json:"change,omitempty"`
	Retested    *time.Time `json:"retested,omitempty"`
	Retest      string     `json:"retest,omitempty" doc:"The report of the last one."`
	Failed      int        `json:"failed" doc:"How many times it was still there when it was tested again."`
	Reason      string     `json:"reason,omitempty" doc:"Why it was dismissed."`
	Clocks      []Clock    `json:"clocks" nullable:"false"`
}

// Weaknesses is a page of findings, the newest first.
type Weaknesses struct {
	Findings []Weakness `json:"findings" nullable:"false"`
	Next     string     `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// NewExercise is an exercise of an emergency that was held.
type NewExercise struct {
	Scenario string            `json:"scenario" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of what was exercised." example:"zone-lost"`
	Held     time.Time         `json:"held"`
	Teams    []string          `json:"teams" nullable:"false" maxItems:"50" uniqueItems:"true" doc:"Those of the policy that took part. One that lacks any is refused."`
	Minutes  string            `json:"minutes" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the minutes; each once." example:"minutes-2026"`
	Digest   string            `json:"digest" pattern:"^[0-9a-f]{64}$" doc:"Of the minutes, SHA-256."`
	Items    []NewExerciseItem `json:"items" nullable:"false" maxItems:"100" doc:"What has to be done."`
}

// NewExerciseItem is something to be done.
type NewExerciseItem struct {
	Reference string `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of it." example:"ops-12"`
	Owner     string `json:"owner" pattern:"^[a-z0-9][a-z0-9-]{0,63}$" doc:"The role that answers for it." example:"it"`
	Within    string `json:"within" minLength:"1" maxLength:"40" doc:"By when." example:"30 days"`
}

// ExerciseItemDone is that something was done.
type ExerciseItemDone struct {
	Evidence string `json:"evidence" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of what shows it." example:"change-9"`
}

// ExerciseItem is something to be done after an exercise.
type ExerciseItem struct {
	Number    int        `json:"number" doc:"From 1."`
	Reference string     `json:"reference"`
	Owner     string     `json:"owner"`
	Within    string     `json:"within"`
	Done      *time.Time `json:"done,omitempty"`
	Evidence  string     `json:"evidence,omitempty"`
}

// Exercise is an exercise of an emergency, and what followed from it.
type Exercise struct {
	ID       string         `json:"id"`
	State    string         `json:"state" enum:"held,done" doc:"done once all that had to be done is."`
	Drill    bool           `json:"drill"`
	Scenario string         `json:"scenario"`
	Held     time.Time      `json:"held"`
	Entered  time.Time      `json:"entered"`
	Teams    []string       `json:"teams" nullable:"false"`
	Minutes  string         `json:"minutes"`
	Digest   string         `json:"digest"`
	Items    []ExerciseItem `json:"items" nullable:"false"`
	Clocks   []Clock        `json:"clocks" nullable:"false" doc:"Of the rhythm, and of each item."`
}

// Exercises is a page of exercises, the newest first.
type Exercises struct {
	Exercises []Exercise `json:"exercises" nullable:"false"`
	Next      string     `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// NewSwitchOver begins to prove that the store's second node can take over.
type NewSwitchOver struct {
	Reference string `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of it; each once." example:"switch-over-2026-11"`
}

// SwitchOverResult is what came of a switch-over under load.
type SwitchOverResult struct {
	Acknowledged int64 `json:"acknowledged" minimum:"1" doc:"Writes that were answered for while it went on."`
	Lost         int64 `json:"lost" minimum:"0" doc:"Those of them that could not be read afterwards."`
	Pause        int64 `json:"pause" minimum:"0" doc:"The longest time in which no write was answered for, in milliseconds."`
}

// SwitchOver is the proof that the store's second node can take over.
type SwitchOver struct {
	ID           string     `json:"id"`
	State        string     `json:"state" enum:"running,taken-over,failed" doc:"failed: something that had been acknowledged was lost."`
	Drill        bool       `json:"drill"`
	Reference    string     `json:"reference"`
	Begun        time.Time  `json:"begun"`
	Finished     *time.Time `json:"finished,omitempty"`
	From         string     `json:"from" doc:"The node that answered before."`
	Now          string     `json:"now,omitempty" doc:"The node that answers now; missing once it is finished."`
	To           string     `json:"to,omitempty" doc:"The node that answered afterwards."`
	Acknowledged int64      `json:"acknowledged"`
	Lost         int64      `json:"lost"`
	Pause        int64      `json:"pause" doc:"In milliseconds."`
	Clocks       []Clock    `json:"clocks" nullable:"false" doc:"Of the rhythm."`
}

// SwitchOvers is a page of switch-overs, the newest first.
type SwitchOvers struct {
	SwitchOvers []SwitchOver `json:"switch_overs" nullable:"false"`
	Next        string       `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}

// NewReport is what a researcher reports: a weakness that was found. It is sealed as it comes, and read by
// those who assess it.
type NewReport struct {
	Summary string `json:"summary" minLength:"1" maxLength:"200"`
	Text    string `json:"text" minLength:"1" maxLength:"20000" doc:"What it is, and how it shows."`
	Contact string `json:"contact,omitempty" maxLength:"200" doc:"How to reach you, if you want to be."`
	Drill   string `json:"drill,omitempty" maxLength:"128" doc:"A tenant in which it is a drill; needs a key of that tenant with the scope duties."`
}

// Receipt is what a researcher is given.
type Receipt struct {
	ID       string     `json:"id"`
	State    string     `json:"state" enum:"received,assessed,closed"`
	Verdict  string     `json:"verdict,omitempty" enum:"valid,invalid,duplicate,out-of-scope"`
	Severity string     `json:"severity,omitempty" enum:"critical,high,medium,low"`
	Fixed    bool       `json:"fixed"`
	Reward   string     `json:"reward,omitempty" enum:"owed,given"`
	Received time.Time  `json:"received"`
	Due      *time.Time `json:"due,omitempty" doc:"By when it is assessed."`
	Link     string     `json:"link,omitempty" doc:"Where you see what becomes of it. It is told once."`
}

// ReportAssessment says what a report is.
type ReportAssessment struct {
	Verdict     string `json:"verdict" enum:"valid,invalid,duplicate,out-of-scope"`
	Severity    string `json:"severity,omitempty" enum:"critical,high,medium,low" doc:"Of a valid one."`
	Application string `json:"application,omitempty" maxLength:"100" doc:"Of a valid one."`
	Reference   string `json:"reference,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the finding that a valid one becomes."`
}

// Reward is that a researcher was rewarded.
type Reward struct {
	Reference string `json:"reference" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your id of the payment or thanks." example:"payment-8"`
}

// Report is a researcher's report of a weakness.
type Report struct {
	ID        string     `json:"id"`
	State     string     `json:"state" enum:"received,assessed,closed" doc:"closed once it came to nothing, or its finding is closed and the reward given."`
	Drill     bool       `json:"drill"`
	Received  time.Time  `json:"received"`
	Assessed  *time.Time `json:"assessed,omitempty"`
	Closed    *time.Time `json:"closed,omitempty"`
	Verdict   string     `json:"verdict,omitempty" enum:"valid,invalid,duplicate,out-of-scope"`
	Severity  string     `json:"severity,omitempty" enum:"critical,high,medium,low"`
	Finding   string     `json:"finding,omitempty" doc:"What it became."`
	Reward    string     `json:"reward,omitempty" enum:"owed,given"`
	Reference string     `json:"reference,omitempty" doc:"Of the reward."`
	Forgotten bool       `json:"forgotten" doc:"What the researcher wrote is gone: 30 days after it was closed."`
	Summary   string     `json:"summary,omitempty" doc:"Shown of one report alone, as text and contact are."`
	Text      string     `json:"text,omitempty"`
	Contact   string     `json:"contact,omitempty"`
	Clocks    []Clock    `json:"clocks" nullable:"false"`
}

// Reports is a page of reports, the newest first.
type Reports struct {
	Reports []Report `json:"reports" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the next page; missing on the last."`
}
