package main

import (
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// staffReviewCmd holds what is done in a review.
type staffReviewCmd struct {
	List  reviewListCmd  `cmd:"" help:"List what is left to review, and by when."`
	Keep  reviewKeepCmd  `cmd:"" help:"Keep what another member may do, until the next review, with your own key."`
	End   reviewEndCmd   `cmd:"" help:"End what another member may do, at once, with your own key."`
	Close reviewCloseCmd `cmd:"" help:"Close the review once nothing is left: its clock is discharged."`
}

// reviewListCmd lists what is left.
type reviewListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print it as JSON."`
}

// Run lists it.
func (c *reviewListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	left, err := s.ReviewState(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, left)
	}
	showReview(e, left)
	return nil
}

func showReview(e *env, left api.ReviewState) {
	for _, clock := range left.Clocks {
		e.printf("owed by %s (%s)\n", minuteOrNone(clock.Due), clock.Clause)
	}
	if len(left.Members)+len(left.Grants) == 0 {
		e.printf("nothing is left to review\n")
		return
	}
	rows := [][]string{{"TO REVIEW", "TENANT", "OF", "SINCE", "LAPSES", "WHAT"}}
	for _, m := range left.Members {
		rows = append(rows, []string{m.ID, "-", m.ID, minute(m.Enrolled), minuteOrNone(m.ReviewBy), listOrNone(m.Roles)})
	}
	for _, g := range left.Grants {
		rows = append(rows, []string{g.Grant.ID, g.Tenant, g.Grant.Holder, minuteOrNone(g.Grant.From), minuteOrNone(g.Grant.ReviewBy), strings.Join(g.Grant.Purposes, ",")})
	}
	showTable(e, rows)
}

// reviewed names what is reviewed.
type reviewed struct {
	ID     string `arg:"" help:"The member (stf_…) or the grant (gra_…)."`
	Tenant string `placeholder:"ID" help:"Of a grant: whose data it lets see."`
	Server server `embed:""`
	JSON   bool   `help:"Print it as JSON."`
}

func (r *reviewed) do(e *env, what string, keep bool) error {
	grant := strings.HasPrefix(r.ID, "gra_")
	if grant != (r.Tenant != "") {
		return fault.New("clause.staff", fault.Invalid, "a grant is of a tenant, and a member of none").WithHint("--tenant with gra_…, and not with stf_…")
	}
	s, err := r.Server.client()
	if err != nil {
		return err
	}
	if grant {
		g, err := s.ReviewGrant(e.Context, r.Tenant, r.ID, keep)
		return showGrant(e, what, g, err, r.JSON)
	}
	m, err := s.ReviewMember(e.Context, r.ID, keep)
	if err != nil {
		return told(err)
	}
	if r.JSON {
		return printJSON(e, m)
	}
	if !keep {
		e.printf("%s  member %s: the key is refused from now on\n", e.paint(good, what), m.ID)
		return nil
	}
	e.printf("%s  member %s, next review by %s\n", e.paint(good, what), m.ID, minuteOrNone(m.ReviewBy))
	return nil
}

// reviewKeepCmd keeps access.
type reviewKeepCmd struct {
	Of reviewed `embed:""`
}

// Run keeps it.
func (c *reviewKeepCmd) Run(e *env) error { return c.Of.do(e, "kept", true) }

// reviewEndCmd ends access.
type reviewEndCmd struct {
	Of reviewed `embed:""`
}

// Run ends it.
func (c *reviewEndCmd) Run(e *env) error { return c.Of.do(e, "ended", false) }

// reviewCloseCmd closes the review.
type reviewCloseCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print what the next review has to do as JSON."`
}

// Run closes it.
func (c *reviewCloseCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	next, err := s.CloseReview(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, next)
	}
	e.printf("%s  every member and every live grant was reviewed\n", e.paint(good, "closed"))
	return nil
}
