package control

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"clause.dev/clause/api"
)

// minorTrial is what is tried with a canary who has an account and is reported as too young.
type minorTrial struct {
	*member
	control *MinimumAge
	subject string
}

func (m *minorTrial) path(parts ...string) string {
	return below("/v1/tenants/"+url.PathEscape(m.Canary.A.ID)+"/minors", parts)
}

func (m *minorTrial) run(ctx context.Context) {
	var err error
	if m.subject, err = m.People.Whose(ctx, m.login); err != nil || m.subject == "" {
		m.trial.hurdle("a canary account could not be found again.")
		return
	}
	if !m.tell(ctx) {
		return
	}
	found, ok := m.listed(ctx)
	if !ok {
		return
	}
	if found == nil {
		m.trial.breach("Somebody who was reported as too young at the people's door is in no list.")
		return
	}
	if m.clocked(ctx, found) {
		m.erased(ctx, found)
	}
}

// tell reports the canary at the people's door, and somebody who has no account: both must be told the same.
func (m *minorTrial) tell(ctx context.Context) bool {
	var said []answer
	for _, login := range []string{m.login, token()[:16] + "@canary.invalid"} {
		a, err := m.visit(ctx, http.MethodPost, "minor", url.Values{"login": {login}})
		switch {
		case err != nil:
			m.trial.hurdle("reporting a minor: %v", err)
			return false
		case a.status == http.StatusNotFound:
			m.trial.breach("Nobody can report a minor at the people's door.")
			return false
		case !a.ok():
			m.trial.hurdle("reporting a minor: %s", a)
			return false
		}
		said = append(said, a)
	}
	if !bytes.Equal(said[0].body, said[1].body) {
		m.trial.breach("Who reports a minor learns whether there is an account.")
		return false
	}
	m.trial.good("A minor can be reported by anybody, who does not learn whether there is an account.")
	return true
}

// listed is the report about the canary, nil if there is none.
func (m *minorTrial) listed(ctx context.Context) (*api.Minor, bool) {
	cursor := ""
	for {
		a, err := m.door(m.Canary.A.Key).do(ctx, call{method: http.MethodGet, path: m.path() + "?limit=100&cursor=" + url.QueryEscape(cursor)})
		var page api.Minors
		if !m.trial.mustShow("the list of reports of minors", a, err) {
			return nil, false
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			m.trial.hurdle("the list of reports of minors cannot be read")
			return nil, false
		}
		if i := slices.IndexFunc(page.Minors, func(r api.Minor) bool { return r.Subject == m.subject }); i >= 0 {
			return &page.Minors[i], true
		}
		if cursor = page.Next; cursor == "" {
			return nil, true
		}
	}
}

// clocked looks that the report has a clock that runs to what the clause says, and that words do not end it.
func (m *minorTrial) clocked(ctx context.Context, r *api.Minor) bool {
	clause, duty := clauseOf(m.Policy, m.control), m.control.duty()
	i := slices.IndexFunc(r.Clocks, func(c api.Clock) bool { return c.Clause == clause && c.Kind == duty.Kind })
	if i < 0 {
		m.trial.breach("The report of a minor starts no clock.")
		return false
	}
	clock, before := r.Clocks[i], len(m.trial.breaches)
	(&Clock{Within: duty.Limit}).rightDay(m.trial, m.System, clock)
	if clock.Discharge != duty.Evidence {
		m.trial.breach("The clock of a minor is ended by %q.", clock.Discharge)
	}
	a, err := m.door(m.Canary.A.Key).do(ctx, call{method: http.MethodPost, path: clocksOf(m.Canary.A) + "/" + clock.ID + "/discharge", body: api.Discharge{Kind: duty.Evidence, Evidence: "canary"}})
	m.trial.mustRefuse("Ending the clock of a minor who is still there", a, err)
	return len(m.trial.breaches) == before
}

// erased finds that the canary is too young, after which nothing of them may be there, and the clock has ended.
func (m *minorTrial) erased(ctx context.Context, r *api.Minor) {
	a, err := m.door(m.Canary.A.Key).do(ctx, call{method: http.MethodPost, path: m.path(r.ID, "finding"), body: api.MinorFinding{Minor: true, Ground: "document"}})
	if !m.trial.mustShow("finding that somebody is too young", a, err) {
		return
	}
	var now api.Minor
	if err := json.Unmarshal(a.body, &now); err != nil {
		m.trial.hurdle("what became of a report cannot be read")
		return
	}
	if m.stored(ctx) {
		m.trial.breach("Somebody who was found to be too young is still there.")
		return
	}
	for _, clock := range now.Clocks {
		if clock.State != "done" || clock.Late {
			m.trial.breach("The clock of a minor who was erased is %s.", clock.State)
			return
		}
	}
	again, ok := m.listed(ctx)
	switch {
	case !ok:
	case now.State != "erased" || again != nil:
		m.trial.breach("The report of a minor who was erased is not closed.")
	default:
		m.trial.good("Somebody who is found to be too young is erased, which ends the clock.")
	}
}
