package control

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// DisclosureProgramme keeps clauses that say researchers can report weaknesses.
type DisclosureProgramme struct {
	Triage  policy.Term `param:"triage" doc:"by when a report is assessed"`
	Rewards bool        `param:"rewards,optional" doc:"reports of high severity are rewarded"`
}

// rewardWithin is by when a reward is given once its finding is closed. It is the server's own figure, of no
// law and no promise.
var rewardWithin = policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}

// Check finds a term that no clock can run to, and a policy that does not say where to report.
func (c *DisclosureProgramme) Check(p *policy.Policy) error {
	if c.Triage.Form != policy.Within {
		return problem("disclosure-programme", "triage", "a report is assessed once, and not %s", c.Triage).WithHint("write a span such as 5 business days")
	}
	return countable(p, "disclosure-programme", "triage", c.Triage)
}

func (c *DisclosureProgramme) duties() (triage, reward obligation.Duty) {
	if c.Rewards {
		reward = owed(assurance.RewardDuty, rewardWithin, assurance.Rewarded)
	}
	return owed(assurance.TriageDuty, c.Triage, assurance.Assessed), reward
}

// Plan has a clock run from when a report comes in.
func (c *DisclosureProgramme) Plan(p *Plan) {
	triage, reward := c.duties()
	triage.Clause = p.clause
	if reward.Kind != "" {
		reward.Clause = p.clause
	}
	p.Assurance.Programmes = append(p.Assurance.Programmes, assurance.Programme{Triage: triage, Reward: reward})
}

// reportPath is where researchers report.
const reportPath = "/security/report"

// Probe reads security.txt, and goes a researcher's way with a made-up report: it opens a clock, lies sealed
// in the store, becomes a finding, is fixed and rewarded, and the researcher sees what became of it.
func (c *DisclosureProgramme) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) {
		c.published(ctx, a)
		c.open(ctx, a)
		c.drill(ctx, a)
	})
	return t.finding("security.txt says where to report, and a report is assessed " + c.Triage.String() + " from when it comes in, becomes a finding, and its researcher sees what came of it.")
}

// published looks that security.txt says what the policy does, and holds still.
func (c *DisclosureProgramme) published(ctx context.Context, a *assuranceTrial) {
	got, err := a.s.door("").do(ctx, call{method: "GET", path: "/.well-known/security.txt"})
	switch {
	case err != nil || !got.ok() && !got.refused():
		a.hurdle("security.txt: %v", came(got, err))
		return
	case !got.ok():
		a.breach("There is no security.txt (%s).", got)
		return
	}
	fields := map[string][]string{}
	for line := range strings.Lines(string(got.body)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.HasPrefix(name, "#") {
			fields[strings.ToLower(name)] = append(fields[strings.ToLower(name)], strings.TrimSpace(value))
		}
	}
	for _, contact := range a.s.Policy.Security.Contacts {
		if !slices.Contains(fields["contact"], contact) {
			a.breach("security.txt does not say that weaknesses are reported to %s.", contact)
			return
		}
	}
	expires := fields["expires"]
	if len(fields["contact"]) == 0 || len(expires) != 1 {
		a.breach("security.txt lacks a contact, or says not once when it expires (RFC 9116).")
		return
	}
	if at, err := time.Parse(time.RFC3339, expires[0]); err != nil || !at.After(a.s.Now()) {
		a.breach("security.txt has expired.")
		return
	}
	a.good("security.txt says where to report, and holds until %s.", expires[0])
	here := func(contact string) bool {
		return strings.HasPrefix(contact, "https://") && strings.HasSuffix(contact, reportPath)
	}
	if !slices.ContainsFunc(fields["contact"], here) {
		a.note("security.txt names no address of this server's %s.", reportPath)
	}
}

// open looks that a stranger is asked for a report, and for nothing else.
func (c *DisclosureProgramme) open(ctx context.Context, a *assuranceTrial) {
	got, err := a.s.door("").do(ctx, call{method: "POST", path: reportPath, body: struct{}{}})
	switch {
	case err != nil || got.status >= http.StatusInternalServerError:
		a.hurdle("reporting: %v", came(got, err))
	case got.ok():
		a.breach("An empty report was taken.")
	case got.malformed(), got.status == http.StatusTooManyRequests:
		a.good("A stranger may report: an empty report is refused for being empty (%s).", got)
	default:
		a.breach("A stranger cannot report (%s).", got)
	}
}

func decodeAnswer(got answer, into any) error { return json.Unmarshal(got.body, into) }

// drill goes a report's way from end to end.
func (c *DisclosureProgramme) drill(ctx context.Context, a *assuranceTrial) {
	mark := token()
	in := api.NewReport{Summary: "Canary " + mark, Text: "A canary report. " + mark, Contact: mark + "@canary.invalid", Drill: a.s.Canary.A.ID}
	got, err := a.own.do(ctx, call{method: "POST", path: reportPath, body: in})
	var receipt api.Receipt
	if !a.mustShow("reporting a weakness", got, err) || decodeAnswer(got, &receipt) != nil || receipt.ID == "" {
		return
	}
	defer a.remove(ctx, "reports", receipt.ID)
	c.sealed(ctx, a, mark)
	read, ok := c.read(ctx, a, receipt.ID)
	if !ok {
		return
	}
	if read.Text != in.Text || read.Contact != in.Contact {
		a.breach("Those who assess a report do not read what the researcher wrote.")
	}
	triage, reward := c.duties()
	clock, ok := a.runs(read.Clocks, triage)
	if !ok {
		return
	}
	a.byHand(ctx, clock)
	verdict := api.ReportAssessment{Verdict: "valid", Severity: "high", Application: a.anyApplication(), Reference: "canary-" + token()[:16]}
	read, ok = made[api.Report](ctx, a, "assessing the report", a.own, verdict, "reports", receipt.ID, "assess")
	if !ok {
		return
	}
	a.ended(read.Clocks, clock.ID, "the assessment")
	if read.Finding == "" {
		a.breach("A valid report became no finding.")
		return
	}
	defer a.remove(ctx, "findings", read.Finding)
	if !c.fixed(ctx, a, receipt.ID, read.Finding) {
		return
	}
	if c.Rewards {
		c.rewarded(ctx, a, receipt.ID, reward)
	}
	c.followed(ctx, a, receipt)
	a.recorded(ctx, receipt.ID, "report.received", "report.read", "report.assessed", "report.closed")
}

// anyApplication is one of the policy's, "canary" where it names none.
func (a *assuranceTrial) anyApplication() string {
	for _, clause := range a.s.Policy.Clauses {
		for _, keep := range clause.Keep {
			c, _, err := Of(keep)
			if p, ok := c.(*PenetrationTest); ok && err == nil && len(p.Applications) > 0 {
				return p.Applications[0]
			}
		}
	}
	return "canary"
}

func (c *DisclosureProgramme) read(ctx context.Context, a *assuranceTrial, id string) (out api.Report, ok bool) {
	got, err := a.own.do(ctx, call{method: "GET", path: a.path("reports", id)})
	return out, a.mustShow("reading the report", got, err) && decodeAnswer(got, &out) == nil
}

// sealed looks below the front door that what was written cannot be read there.
func (c *DisclosureProgramme) sealed(ctx context.Context, a *assuranceTrial, mark string) {
	found, open := false, false
	err := a.s.Store.Rows(ctx, a.s.Canary.A.ID, func(table string, columns map[string][]byte) error {
		for _, column := range columns {
			open = open || bytes.Contains(column, []byte(mark))
		}
		found = found || table == "assurance" && string(columns["kind"]) == "report"
		return nil
	})
	switch {
	case err != nil:
		a.hurdle("the store could not be read: %v", err)
	case open:
		a.breach("What a researcher writes lies in the store in the clear.")
	case !found:
		a.breach("The report is not in the store.")
	default:
		a.good("What a researcher writes lies sealed in the store.")
	}
}

// fixed has the finding fixed, and tested again by the researcher.
func (c *DisclosureProgramme) fixed(ctx context.Context, a *assuranceTrial, id, finding string) bool {
	if _, ok := made[api.Weakness](ctx, a, "fixing the finding", a.own, api.WeaknessFix{Change: "canary-change"}, "findings", finding, "fixed"); !ok {
		return false
	}
	_, ok := made[api.Weakness](ctx, a, "testing again", a.reviewer, api.Retest{Report: "canary-retest", By: id, Passed: true}, "findings", finding, "retest")
	return ok
}

// rewarded looks that a reward is owed by then, and only then is the report closed.
func (c *DisclosureProgramme) rewarded(ctx context.Context, a *assuranceTrial, id string, reward obligation.Duty) {
	read, ok := c.read(ctx, a, id)
	if !ok {
		return
	}
	if read.Reward != "owed" || read.State == "closed" {
		a.breach("No reward is owed for a report of high severity.")
		return
	}
	clock, ok := a.runs(read.Clocks, reward)
	if !ok {
		return
	}
	if read, ok = made[api.Report](ctx, a, "rewarding the researcher", a.own, api.Reward{Reference: "canary-reward"}, "reports", id, "reward"); ok {
		a.ended(read.Clocks, clock.ID, "the reward")
	}
}

// followed looks that the researcher sees what became of the report, by the link that only they have.
func (c *DisclosureProgramme) followed(ctx context.Context, a *assuranceTrial, receipt api.Receipt) {
	got, err := a.s.door("").do(ctx, call{method: "GET", path: receipt.Link})
	var now api.Receipt
	if !a.mustShow("following the report", got, err) || decodeAnswer(got, &now) != nil {
		return
	}
	if now.State != "closed" || !now.Fixed || c.Rewards && now.Reward != "given" {
		a.breach("The researcher is not told what became of the report: it is %s.", now.State)
		return
	}
	a.good("The researcher sees that the report is closed, and what it came to.")
	got, err = a.s.door("").do(ctx, call{method: "GET", path: receipt.Link[:len(receipt.Link)-4] + "aaaa"})
	a.mustRefuse("Following a report without its link", got, err)
}
