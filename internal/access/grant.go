package access

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// The states of a grant. Only a live one lets anything through.
const (
	requested = "requested"
	live      = "live"
	expired   = "expired"   // its time is over
	lapsed    = "lapsed"    // nobody reviewed it in time
	withdrawn = "withdrawn" // by the customer, the holder or another member
	revoked   = "revoked"   // in a review
)

// decided is a grant as decisions see it: what is not reviewed in time has ended.
func (d *Desk) decided(g *grant) decision.Grant {
	held, _ := d.Decisions.PurposeSet(g.Purposes) // those that the policy declares still
	out := decision.Grant{ID: g.id, Staff: true, Purposes: held, From: g.From, Until: g.until, ApprovedBy: g.approver(), Holder: g.holder}
	if !g.reviewBy.IsZero() && g.reviewBy.Before(out.Until) {
		out.Until = g.reviewBy
	}
	return out
}

func (g *grant) approver() string {
	if g.ApprovedBy != "" {
		return g.ApprovedBy
	}
	return g.AllowedBy
}

// Request asks for a grant of a tenant's data for the caller.
func (d *Desk) Request(ctx context.Context, c vault.Caller, tenant string, in api.NewGrant) (out api.Grant, err error) {
	const op = "access.Request"
	if err := d.staff(ctx, c, "grant.request", tenant); err != nil {
		return out, err
	}
	if _, err := d.Decisions.PurposeSet(in.Purposes); err != nil {
		return out, fault.Wrap(op, err)
	}
	g := &grant{id: newID(ofGrant), holder: c.Credential.ID, state: requested, Purposes: in.Purposes, Reason: in.Reason, until: in.Until.UTC().Truncate(time.Microsecond)}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		g.asked = tx.Now()
		if !g.until.After(g.asked) && tenant != d.Drills {
			return invalid(op, "until", "the time is over already")
		}
		if latest, clause := d.latest(g.asked); g.until.After(latest) {
			return refused(op, clause, "a grant ends by %s at the latest", latest.Format(time.RFC3339)).WithField("until")
		}
		if err := g.insert(tx); err != nil {
			return err
		}
		out = g.show()
		return told(tx, "grant.requested", g.holder, g.id, "", d.Rules.grantClauses(), "until", g.until.Format(time.RFC3339), "purposes", strings.Join(g.Purposes, ":"), "for", g.Reason)
	})
	return out, fault.Wrap(op, err)
}

// Approve approves a request: by another member than its holder, who has a role that the policy names.
func (d *Desk) Approve(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	const op = "access.Approve"
	if err := d.staff(ctx, c, "grant.approve", tenant); err != nil {
		return api.Grant{}, err
	}
	roles, err := d.rolesOf(ctx, c.Credential.ID)
	if err != nil {
		return api.Grant{}, fault.Wrap(op, err)
	}
	return d.step(ctx, op, tenant, id, func(tx *db.Tx, g *grant) error {
		switch {
		case g.holder == c.Credential.ID:
			return refused(op, first(d.Rules.approvalClauses()), "nobody approves what they asked for themselves")
		case g.state != requested || g.ApprovedBy != "":
			return wrong(op, g)
		}
		for _, a := range d.Rules.Approvals {
			if !slices.ContainsFunc(a.By, func(by string) bool { return slices.Contains(roles, by) }) {
				return refused(op, a.Clause, "who approves is %s", strings.Join(a.By, " or "))
			}
		}
		g.ApprovedBy, g.Approved = c.Credential.ID, tx.Now()
		if err := told(tx, "grant.approved", g.ApprovedBy, g.id, "", d.Rules.approvalClauses(), "holder", g.holder); err != nil {
			return err
		}
		return d.begin(tx, g)
	})
}

// Allow is the customer's leave for a request.
func (d *Desk) Allow(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	const op = "access.Allow"
	if err := d.Vault.Admit(ctx, c, "grant.allow", tenant, vault.ScopeGrants); err != nil {
		return api.Grant{}, err
	}
	return d.step(ctx, op, tenant, id, func(tx *db.Tx, g *grant) error {
		if g.state != requested || g.AllowedBy != "" {
			return wrong(op, g)
		}
		g.AllowedBy, g.Allowed = c.Credential.ID, tx.Now()
		if err := told(tx, "grant.allowed", g.AllowedBy, g.id, "", d.Rules.customerClauses(), "holder", g.holder); err != nil {
			return err
		}
		return d.begin(tx, g)
	})
}

// begin has a grant live once all who have to agree did: another member where a clause says so or no
// clause says anything, the customer where one does.
func (d *Desk) begin(tx *db.Tx, g *grant) error {
	byCustomer := len(d.Rules.Customer) > 0
	byMember := len(d.Rules.Approvals) > 0 || !byCustomer
	if byMember && g.ApprovedBy == "" || byCustomer && g.AllowedBy == "" {
		return nil
	}
	g.state, g.From, g.reviewBy = live, tx.Now(), d.reviewBy(tx.Now())
	g.waken()
	return told(tx, "grant.began", actor, g.id, "", d.Rules.grantClauses(), "holder", g.holder, "until", g.until.Format(time.RFC3339))
}

// waken sets when a live grant ends by itself.
func (g *grant) waken() {
	if g.wake = g.until; !g.reviewBy.IsZero() && g.reviewBy.Before(g.wake) {
		g.wake = g.reviewBy
	}
}

// Withdraw ends a grant or a request at once: for the customer, or for any member.
func (d *Desk) Withdraw(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	const op = "access.Withdraw"
	if err := d.seen(ctx, c, "grant.withdraw", tenant); err != nil {
		return api.Grant{}, err
	}
	return d.step(ctx, op, tenant, id, func(tx *db.Tx, g *grant) error {
		if g.state != requested && g.state != live {
			return wrong(op, g)
		}
		return d.finish(tx, g, withdrawn, c.Credential.ID)
	})
}

// finish ends a grant.
func (d *Desk) finish(tx *db.Tx, g *grant, state, by string) error {
	g.state, g.Ended, g.EndedBy, g.wake = state, tx.Now(), by, time.Time{}
	return told(tx, "grant."+state, by, g.id, "", d.Rules.grantClauses(), "holder", g.holder, "uses", strconv.FormatInt(g.uses, 10))
}

// seen admits the customer, and members.
func (d *Desk) seen(ctx context.Context, c vault.Caller, act, tenant string) error {
	if c.Has(vault.ScopeStaff) {
		return d.staff(ctx, c, act, tenant)
	}
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeGrants)
}

// Grant returns one grant.
func (d *Desk) Grant(ctx context.Context, c vault.Caller, tenant, id string) (out api.Grant, err error) {
	if err := d.seen(ctx, c, "grant.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		g, err := grantByID(tx, id)
		if err == nil {
			out = g.show()
		}
		return err
	})
	return out, fault.Wrap("access.Grant", err)
}

// Grants returns a page of a tenant's grants, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) Grants(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (out []api.Grant, next string, err error) {
	const op = "access.Grants"
	if err := d.seen(ctx, c, "grant.list", tenant); err != nil {
		return nil, "", err
	}
	before, err := db.ParseCursor(cursor, db.Newest)
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	out = []api.Grant{}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := grants(tx, `(asked_at, grant_id) < ($2, $3) ORDER BY asked_at DESC, grant_id DESC LIMIT $4`, before.At, before.ID, int64(limit+1))
		if len(all) > limit {
			all = all[:limit]
			next = db.Cursor{At: db.Micros(all[limit-1].asked), ID: all[limit-1].id}.String()
		}
		for _, g := range all {
			out = append(out, g.show())
		}
		return err
	})
	return out, next, fault.Wrap(op, err)
}

// RemoveGrant removes a drill.
func (d *Desk) RemoveGrant(ctx context.Context, c vault.Caller, tenant, id string) error {
	const op = "access.RemoveGrant"
	if err := d.Vault.Admit(ctx, c, "grant.remove", tenant, vault.ScopeGrants); err != nil {
		return err
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		g, err := grantByID(tx, id)
		if err != nil {
			return err
		}
		if !drill(g.holder) {
			return fault.New(op, fault.Conflict, "it is no drill: what happened is not removed")
		}
		if _, err := tx.Exec(`DELETE FROM grants WHERE tenant_id = $1 AND grant_id = $2`, tx.Tenant(), g.id); err != nil {
			return err
		}
		if err := wakes.Settle(tx); err != nil {
			return err
		}
		return told(tx, "grant.removed", c.Credential.ID, g.id, "drill", nil)
	}))
}

// Run ends the grants whose time is over, or that nobody reviewed in time: decisions refuse them from that
// moment on, and this tells of it. It may be interrupted anywhere, and two servers may run it at a time.
func (d *Desk) Run(ctx context.Context, now time.Time) error {
	for after := ""; ; {
		due, err := wakes.Due(ctx, d.db(), now, after)
		if err != nil || len(due) == 0 {
			return fault.Wrap("access.Run", err)
		}
		for _, tenant := range due {
			if err := d.db().Write(ctx, tenant, func(tx *db.Tx) error { return d.expire(tx, now) }); err != nil {
				return fault.Wrap("access.Run", err)
			}
		}
		after = due[len(due)-1]
	}
}

func (d *Desk) expire(tx *db.Tx, now time.Time) error {
	all, err := grants(tx, `wake_at > 0 AND wake_at <= $2 ORDER BY wake_at, grant_id LIMIT 1000`+tx.LockRow(), db.Micros(now))
	if err != nil {
		return err
	}
	for _, g := range all {
		state := expired
		if now.Before(g.until) {
			state = lapsed
		}
		if err := d.finish(tx, g, state, actor); err != nil {
			return err
		}
		if err := g.save(tx); err != nil {
			return err
		}
	}
	return wakes.Settle(tx)
}

// step changes a grant in one transaction.
func (d *Desk) step(ctx context.Context, op, tenant, id string, do func(*db.Tx, *grant) error) (out api.Grant, err error) {
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		g, err := grantByID(tx, id)
		if err != nil {
			return err
		}
		if err := do(tx, g); err != nil {
			return err
		}
		out = g.show()
		return g.save(tx)
	})
	if err != nil {
		return api.Grant{}, fault.Wrap(op, err)
	}
	return out, nil
}

func wrong(op string, g *grant) error {
	return fault.New(op, fault.Conflict, "the grant is %s", g.state)
}

// rolesOf are the roles a member has now.
func (d *Desk) rolesOf(ctx context.Context, id string) (roles []string, err error) {
	err = d.db().Read(ctx, d.home(id), func(tx *db.Tx) error {
		m, err := memberByID(tx, id)
		if err == nil {
			roles = m.Roles
		}
		return err
	})
	return roles, err
}
