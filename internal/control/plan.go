package control

import (
	"crypto/tls"
	"time"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
)

// Plan is what a policy's controls make the server do. Where several clauses ask for the same, the
// strictest is planned.
type Plan struct {
	TLSMin          uint16                            // crypto/tls version
	AggregateMin    int                               // the fewest people a released statistic is about
	AggregateClause string                            // the clause that promises AggregateMin, "" if none does
	EraseWithin     time.Duration                     // by when what was erased can be read nowhere; zero if not promised
	Grounds         *decision.Grounds                 // which clause each step of a decision rests on
	Assurance       assurance.Rules                   // what clauses promise of security tests, findings, exercises and researchers' reports
	Incidents       incident.Rules                    // what clauses promise of breaches and legal demands
	Accounts        Accounts                          // what is asked of the accounts of people
	Necessary       bool                              // no cookie leaves but the necessary ones
	Search          detection.Search                  // what the interactions at the doors are searched for
	Interactions    *Interactions                     // what is recorded of what people do at the gate; nil: nothing
	Ban             time.Duration                     // for how long the source of attacks is kept out of the gate; zero if not promised
	AddressRules    bool                              // what is for staff and machines is reached from listed addresses alone
	Duties          map[string][]obligation.Duty      // what each clause owes by a time when its occasion arises
	Notices         []Notice                          // what is promised of the notice of changes
	Papers          []obligation.Duty                 // what is owed to who asks for a notice on paper; with any, electronic ones rest on consent
	Rights          map[rights.Right][]rights.Promise // what is promised of each right of people
	Retained        *Retained                         // what may be kept of people who are erased; nil: nothing

	Staff  access.Rules      // what clauses promise of who of staff sees customers' data
	Alerts []obligation.Duty // what clauses promise of alerts: by when somebody answers

	policy   *policy.Policy
	clause   string   // the one being planned
	dataSets []string // of the policy
}

// leastPeople is the bound on statistics that holds even if no clause promises one.
const leastPeople = 2

// PlanOf plans for every clause of a policy whose controls run.
func PlanOf(p *policy.Policy) (*Plan, error) {
	plan := &Plan{TLSMin: tls.VersionTLS12, AggregateMin: leastPeople, Accounts: defaultAccounts(), Grounds: &decision.Grounds{}, Duties: map[string][]obligation.Duty{}, Rights: map[rights.Right][]rights.Promise{}, policy: p}
	for _, set := range p.Data {
		plan.dataSets = append(plan.dataSets, set.ID)
	}
	for _, clause := range p.Clauses {
		plan.clause = clause.ID
		for _, keep := range clause.Keep {
			c, runs, err := Of(keep)
			if err != nil {
				return nil, fault.Wrap("control.PlanOf", err)
			}
			if runs {
				c.Plan(plan)
			}
		}
	}
	plan.clause = ""
	return plan, nil
}

// owe has the clause being planned owe a duty.
func (p *Plan) owe(d obligation.Duty) {
	d.Clause = p.clause
	p.Duties[p.clause] = append(p.Duties[p.clause], d)
}

// Retained is what clauses allow to be kept of people who are erased, under a legal hold.
type Retained struct {
	Clause  string
	Fields  []string // as data-set.field; where several clauses allow something, what all of them do
	Longest policy.Term
}

// ground makes a step of decisions rest on the clause being planned, for all purposes if none is
// named.
func (p *Plan) ground(step decision.Step, purposes ...string) {
	p.Grounds.Add(step, p.clause, purposes...)
}

// groundFor is ground for data of some categories, all if there are none.
func (p *Plan) groundFor(step decision.Step, categories Categories) {
	p.Grounds.AddFor(step, p.clause, decision.Scope{Categories: categories})
}
