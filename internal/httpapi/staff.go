package httpapi

import (
	"context"
	"net/http"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/vault"
)

// Staff is the desk for who of staff may see customers' data. Each call decides, and records, itself.
type Staff interface {
	Authenticate(ctx context.Context, key, tenant string, now time.Time) (vault.Caller, error)

	Enrol(ctx context.Context, c vault.Caller, tenant string, in api.NewMember) (api.EnrolledMember, error)
	NewKey(ctx context.Context, c vault.Caller, tenant, id string, in api.NewMemberKey) (api.EnrolledMember, error)
	Members(ctx context.Context, c vault.Caller, tenant string) ([]api.Member, error)
	ReviewMember(ctx context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (api.Member, error)
	End(ctx context.Context, c vault.Caller, tenant, id string) (api.Member, error)
	RemoveMember(ctx context.Context, c vault.Caller, tenant, id string) error

	State(ctx context.Context, c vault.Caller) (api.ReviewState, error)
	Close(ctx context.Context, c vault.Caller) (api.ReviewState, error)

	Request(ctx context.Context, c vault.Caller, tenant string, in api.NewGrant) (api.Grant, error)
	Grants(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Grant, string, error)
	Grant(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error)
	Approve(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error)
	Allow(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error)
	ReviewGrant(ctx context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (api.Grant, error)
	Withdraw(ctx context.Context, c vault.Caller, tenant, id string) (api.Grant, error)
	RemoveGrant(ctx context.Context, c vault.Caller, tenant, id string) error
}

var _ Staff = (*access.Desk)(nil)

// staff are the organisation's members, the drills among the canary tenant's, and the grants of each tenant.
func (s *service) staff(r *routes) {
	s.membersAt(r, "/v1/staff", api.ScopeAdmin, "")
	s.membersAt(r, "/v1/tenants/{tenant}/staff", api.ScopeDuties, "drill-")
	s.reviews(r)
	s.grants(r)
}

func (s *service) membersAt(r *routes, path, scope, prefix string) {
	whose := ""
	if prefix != "" {
		whose = "A drill, in the tenant of the probes alone. "
	}
	op := func(method, under, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path + under, id: prefix + id, tag: "staff", scope: scope, summary: summary, about: whose + about, in: in, out: out}
	}
	d := s.Staff
	making(r, op("POST", "", "enrol-member", "Enrol a person of staff", "Their key is shown this once. Where the policy says how many people reach this environment, one more is refused.", api.NewMember{}, api.EnrolledMember{}), d.Enrol)
	r.private(op("GET", "", "list-members", "All members", "The oldest first.", nil, api.Members{}), func(c vault.Caller, x *exchange) error {
		all, err := d.Members(x.Context(), c, x.tenant())
		return answered(x, http.StatusOK, api.Members{Members: all}, err)
	})
	moving(r, op("POST", "/{member}/key", "new-member-key", "Give a member a new key", "It is shown this once; the old one ends.", api.NewMemberKey{}, api.EnrolledMember{}), d.NewKey)
	review := op("POST", "/{member}/review", "review-member", "Keep or end a member's access", "For members, of whom nobody reviews their own.", api.AccessReview{}, api.Member{})
	review.scope = vault.ScopeStaff
	moving(r, review, d.ReviewMember)
	showing(r, op("POST", "/{member}/end", "end-member", "End a membership", "At once and for good.", nil, api.Member{}), d.End)
	if prefix != "" {
		removing(r, op("DELETE", "/{member}", "remove-member", "Remove a drill", "", nil, nil), d.RemoveMember)
	}
}

// reviews is the review under way.
func (s *service) reviews(r *routes) {
	op := func(method, id, summary, about string) operation {
		return operation{method: method, path: "/v1/staff/review", id: id, tag: "staff", scope: vault.ScopeStaff, summary: summary, about: about, out: api.ReviewState{}}
	}
	r.private(op("GET", "review-state", "What is left to review", "For members, and the scope admin."), func(c vault.Caller, x *exchange) error {
		out, err := s.Staff.State(x.Context(), c)
		return answered(x, http.StatusOK, out, err)
	})
	r.private(op("POST", "close-review", "Close the review", "Once every member and every live grant was reviewed. Discharges the clock."), func(c vault.Caller, x *exchange) error {
		if err := x.nothing(); err != nil {
			return err
		}
		out, err := s.Staff.Close(x.Context(), c)
		return answered(x, http.StatusOK, out, err)
	})
}

// grants are those of a tenant.
func (s *service) grants(r *routes) {
	op := func(method, under, id, scope, summary, about string, in, out any) operation {
		return operation{method: method, path: "/v1/tenants/{tenant}/grants" + under, id: id, tag: "staff", scope: scope, summary: summary, about: about, in: in, out: out}
	}
	d := s.Staff
	making(r, op("POST", "", "request-grant", vault.ScopeStaff, "Ask for a grant", "For members, of a tenant's data. It lives once another member approved it, and the customer allowed it, as the policy says.", api.NewGrant{}, api.Grant{}), d.Request)
	listing(r, op("GET", "", "list-grants", api.ScopeGrants, "All grants", "The newest first. For members too.", nil, api.Grants{}), d.Grants, func(all []api.Grant, next string) any { return api.Grants{Grants: all, Next: next} })
	showing(r, op("GET", "/{grant}", "get-grant", api.ScopeGrants, "One grant", "With how often it was used, and when it last was. For members too.", nil, api.Grant{}), d.Grant)
	showing(r, op("POST", "/{grant}/approve", "approve-grant", vault.ScopeStaff, "Approve a request", "For another member than its holder, with a role that the policy names.", nil, api.Grant{}), d.Approve)
	showing(r, op("POST", "/{grant}/allow", "allow-grant", api.ScopeGrants, "Allow a request", "The customer's leave.", nil, api.Grant{}), d.Allow)
	showing(r, op("POST", "/{grant}/withdraw", "withdraw-grant", api.ScopeGrants, "End a grant or a request", "At once. For members too.", nil, api.Grant{}), d.Withdraw)
	moving(r, op("POST", "/{grant}/review", "review-grant", vault.ScopeStaff, "Keep or end a grant", "For another member than its holder.", api.AccessReview{}, api.Grant{}), d.ReviewGrant)
	removing(r, op("DELETE", "/{grant}", "remove-grant", api.ScopeGrants, "Remove a drill", "What was no drill stays.", nil, nil), d.RemoveGrant)
}
