package drp

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// The statuses, and the reasons among them (section 3.02).
const (
	open       = "open"
	inProgress = "in_progress"
	fulfilled  = "fulfilled"
	revoked    = "revoked"
	denied     = "denied"
	expired    = "expired"

	needVerification = "need_user_verification"
	insufficient     = "insuf_verification"
	noMatch          = "no_match"
	notCovered       = "claim_not_covered"
	tooMany          = "too_many_requests"
	otherReason      = "other"
)

// reasonOf is the protocol's reason for a legal ground of refusal. What it has no word for, such as a law
// that obliges to keep the data, is a claim that the right does not cover.
func reasonOf(ground string) string {
	switch ground {
	case "identity-not-proven":
		return insufficient
	case "not-identifiable":
		return noMatch
	case "excessive":
		return tooMany
	case "manifestly-unfounded":
		return otherReason
	}
	return notCovered
}

// detailsOf is what a person is told of a denial that no request stands behind.
func detailsOf(reason string) string {
	if reason == noMatch {
		return "The identity claims do not lead to one person."
	}
	return "No purpose that rests on consent or on legitimate interests shares data with anybody who uses it for purposes of their own."
}

// one is the status of one request.
func (d *Desk) one(a *Agent, row *asked, r *rights.Request, now time.Time) (s api.ExerciseStatus, again time.Time) {
	switch r.State {
	case rights.Received:
		s.Status = open
	case rights.IdentityCheck:
		s.Status, s.Reason = inProgress, needVerification
		s.VerificationURL = strings.ReplaceAll(a.Verification, placeholder, url.PathEscape(row.id))
		for i := range r.Clocks {
			if c := &r.Clocks[i]; c.State == obligation.Paused && !c.PausedUntil.IsZero() {
				s.Expires = &c.PausedUntil
			}
		}
	case rights.InProgress, rights.CarryingOut:
		s.Status, s.Details = inProgress, extension(r)
	case rights.Answered:
		return d.answered(row, r, now)
	case rights.Withdrawn:
		s.Status = revoked
	case rights.Refused:
		s.Status, s.Reason, s.Details = denied, reasonOf(r.Ground), groundTitle(r.Ground)
	default: // void: the person was erased meanwhile
		s.Status, s.Reason, s.Details = denied, otherReason, "The person's data was erased meanwhile."
	}
	if !r.Due.IsZero() {
		s.Expected = &r.Due
	}
	return s, time.Time{}
}

// answered is the status of a request that was carried out: a package waits to be collected, for a time.
func (d *Desk) answered(row *asked, r *rights.Request, now time.Time) (s api.ExerciseStatus, again time.Time) {
	s.Status = fulfilled
	if r.Right != rights.Access || !r.LinkUsed.IsZero() || r.LinkUntil.IsZero() {
		return s, time.Time{}
	}
	s.Expires = &r.LinkUntil
	if !now.Before(r.LinkUntil) {
		s.Status = expired
		return s, time.Time{}
	}
	s.ResultsURL = ResultsPath(row.id)
	return s, r.LinkUntil
}

// ResultsPath is where an agent collects what a request gave, with its token.
func ResultsPath(id string) string { return "/v1/data-rights-request/" + id + "/results" }

// extension tells why a request takes longer.
func extension(r *rights.Request) string {
	for _, e := range rights.Extensions() {
		if !r.Extended.IsZero() && e.ID == r.Reason {
			return "It takes longer: " + e.Title + "."
		}
	}
	return ""
}

func groundTitle(id string) string {
	for _, g := range rights.Grounds() {
		if g.ID == id {
			return g.Title
		}
	}
	return ""
}

// weight is which status of two tells how far both have come: what is open counts first, then what was
// denied.
func weight(s *api.ExerciseStatus) int {
	switch {
	case s.Reason == needVerification:
		return 5
	case s.Status == inProgress || s.Status == open:
		return 4
	case s.Status == denied:
		return 3
	case s.Status == revoked:
		return 2
	}
	return 1
}

// status is that of what an agent asked for, and when it changes by itself.
func (d *Desk) status(tx *db.Tx, a *Agent, row *asked) (s api.ExerciseStatus, again time.Time, err error) {
	if row.denied != "" {
		s = api.ExerciseStatus{Status: denied, Reason: row.denied, Details: detailsOf(row.denied)}
	}
	for _, id := range row.requests {
		r, err := d.Rights.In(tx, id)
		if err != nil {
			return s, again, err
		}
		if now, next := d.one(a, row, &r, tx.Now()); weight(&now) > weight(&s) || s.Status == "" {
			s, again = now, next
		}
	}
	s.ID, s.AgentRequest, s.Received = row.id, row.agentRequest, row.received
	return s, again, nil
}

// final reports whether a status is one of the protocol's ends.
func final(s *api.ExerciseStatus) bool { return s.Status != open && s.Status != inProgress }

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// own reads what an agent asked for. What another asked for, or nobody, is Refused: which of them is not told.
func (d *Desk) own(tx *db.Tx, a *Agent, id string) (*asked, error) {
	stranger := fault.New("drp.own", fault.Refused, "the request is none of this agent's")
	if !uuidForm.MatchString(id) {
		return nil, stranger
	}
	all, err := askedWhere(tx, `exercise_id = $2`, id)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 || all[0].registration != a.ID {
		return nil, stranger
	}
	return &all[0], nil
}

// Status tells an agent how far a request of its has come (section 2.02).
func (d *Desk) Status(ctx context.Context, a Agent, id string) (api.ExerciseStatus, error) {
	const op = "drp.Status"
	if err := d.admit(ctx, &a, "agent.status"); err != nil {
		return api.ExerciseStatus{}, err
	}
	s, _, err := d.standing(ctx, &a, id)
	return s, fault.Wrap(op, err)
}

func (d *Desk) standing(ctx context.Context, a *Agent, id string) (s api.ExerciseStatus, row *asked, err error) {
	err = d.Rights.Vault.DB.Read(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		if row, err = d.own(tx, a, id); err != nil {
			return err
		}
		s, _, err = d.status(tx, a, row)
		return err
	})
	return s, row, err
}

// Revoke takes back what an agent asked for (section 2.04). The protocol's message holds no more than a
// reason, which is kept nowhere; where it names agent, business or times, these are checked too.
func (d *Desk) Revoke(ctx context.Context, a Agent, id string, body []byte) (api.ExerciseStatus, error) {
	const op = "drp.Revoke"
	if err := d.admit(ctx, &a, "agent.revoke"); err != nil {
		return api.ExerciseStatus{}, err
	}
	m, err := a.verified(body)
	if err != nil {
		return api.ExerciseStatus{}, err
	}
	if m.has("agent-id") || m.has("business-id") || m.has("issued-at") || m.has("expires-at") {
		if err := m.check(a.Agent, a.Business, d.now()); err != nil {
			return api.ExerciseStatus{}, err
		}
	}
	s, row, err := d.standing(ctx, &a, id)
	if err != nil {
		return api.ExerciseStatus{}, fault.Wrap(op, err)
	}
	if s.Status != revoked && final(&s) {
		return api.ExerciseStatus{}, fault.New(op, fault.Conflict, "the request is %s", s.Status)
	}
	for _, request := range row.requests {
		_, err := d.Rights.Withdraw(ctx, a.caller(d.Rights.Vault.Environment, vault.ScopeRights), a.Tenant, request)
		if err != nil && (len(row.requests) == 1 || !fault.Is(err, fault.Conflict)) { // of two, one may be done
			return api.ExerciseStatus{}, fault.Wrap(op, err)
		}
	}
	s, _, err = d.standing(ctx, &a, id)
	if err == nil && s.Status != revoked {
		err = fault.New(op, fault.Conflict, "the request is %s", s.Status)
	}
	return s, fault.Wrap(op, err)
}

// Collect hands an agent the package that a request gave, once.
func (d *Desk) Collect(ctx context.Context, a Agent, id string) (*rights.Package, error) {
	const op = "drp.Collect"
	if err := d.admit(ctx, &a, "agent.collect"); err != nil {
		return nil, err
	}
	_, row, err := d.standing(ctx, &a, id)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if len(row.requests) != 1 {
		return nil, fault.New(op, fault.NotFound, "the request gave no results")
	}
	p, err := d.Rights.Collect(ctx, a.caller(d.Rights.Vault.Environment, vault.ScopeRights), a.Tenant, row.requests[0])
	return p, fault.Wrap(op, err)
}

// Asked returns a page of what agents asked in a tenant, in no order that tells anything, and the cursor of
// the next page. It needs the scope rights.
func (d *Desk) Asked(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (page []api.AgentRequest, next string, err error) {
	const op = "drp.Asked"
	v := d.Rights.Vault
	if err := v.Admit(ctx, c, "agent-request.list", tenant, vault.ScopeRights); err != nil {
		return nil, "", err
	}
	if cursor != "" && !uuidForm.MatchString(cursor) {
		return nil, "", fault.New(op, fault.Invalid, "the cursor is none of this server's").WithField("cursor")
	}
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		page = nil
		all, err := askedWhere(tx, `exercise_id > $2 ORDER BY exercise_id LIMIT $3`, cursor, int64(limit+1))
		for i := range all {
			page = append(page, api.AgentRequest{
				ID: all[i].id, Agent: all[i].agent, Exercise: all[i].exercise, Regime: all[i].regime,
				Requests: append([]string{}, all[i].requests...), Denied: all[i].denied, Received: all[i].received,
			})
		}
		return err
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, fault.Wrap(op, err)
}
