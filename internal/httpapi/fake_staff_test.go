package httpapi

import (
	"context"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// porter stands for the desk of staff.
type porter struct{ f *fake }

const memberKey = access.KeyPrefix + "stf_1.secret"

func (p porter) Authenticate(_ context.Context, key, tenant string, _ time.Time) (vault.Caller, error) {
	switch key {
	case memberKey:
		return vault.Caller{Credential: decision.Credential{ID: "stf_1", Tenants: []string{tenant}}, Scopes: []string{vault.ScopeStaff}}, nil
	case access.KeyPrefix + "stf_2.lapsed":
		return vault.Caller{}, fault.New("fake", fault.Refused, "the access has lapsed").WithClause("c-review")
	}
	return vault.Caller{}, fault.New("fake", fault.Unauthenticated, "the key is not valid")
}

func sampleMember(id string) api.Member {
	return api.Member{ID: id, State: "active", Roles: []string{"the manager"}, Enrolled: noon, EnrolledBy: "op", KeyUntil: noon}
}

func sampleGrant(id string) api.Grant {
	return api.Grant{ID: id, Holder: "stf_1", State: "live", Purposes: []string{"account"}, Reason: "ticket-1", Asked: noon, Until: noon, Uses: 3}
}

func (p porter) Enrol(_ context.Context, c vault.Caller, tenant string, in api.NewMember) (api.EnrolledMember, error) {
	return api.EnrolledMember{Member: sampleMember("stf_1"), Key: "staff_stf_1.k", KeyUntil: noon}, p.f.call("Enrol %s %s %v", c.Credential.ID, tenant, in.Roles)
}

func (p porter) NewKey(_ context.Context, c vault.Caller, tenant, id string, _ api.NewMemberKey) (api.EnrolledMember, error) {
	return api.EnrolledMember{Member: sampleMember(id), Key: "staff_stf_1.k2", KeyUntil: noon}, p.f.call("NewKey %s %s %s", c.Credential.ID, tenant, id)
}

func (p porter) Members(_ context.Context, c vault.Caller, tenant string) ([]api.Member, error) {
	return []api.Member{sampleMember("stf_1")}, p.f.call("Members %s %s", c.Credential.ID, tenant)
}

func (p porter) ReviewMember(_ context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (api.Member, error) {
	return sampleMember(id), p.f.call("ReviewMember %s %s %s %t", c.Credential.ID, tenant, id, in.Keep)
}

func (p porter) End(_ context.Context, c vault.Caller, tenant, id string) (api.Member, error) {
	return sampleMember(id), p.f.call("End %s %s %s", c.Credential.ID, tenant, id)
}

func (p porter) RemoveMember(_ context.Context, c vault.Caller, tenant, id string) error {
	return p.f.call("RemoveMember %s %s %s", c.Credential.ID, tenant, id)
}

func (p porter) State(_ context.Context, c vault.Caller) (api.ReviewState, error) {
	return api.ReviewState{Clocks: []api.Clock{}, Members: []api.Member{sampleMember("stf_1")}, Grants: []api.TenantGrant{{Tenant: "acme", Grant: sampleGrant("gra_1")}}}, p.f.call("State %s", c.Credential.ID)
}

func (p porter) Close(_ context.Context, c vault.Caller) (api.ReviewState, error) {
	return api.ReviewState{Clocks: []api.Clock{}, Members: []api.Member{}, Grants: []api.TenantGrant{}}, p.f.call("CloseReview %s", c.Credential.ID)
}

func (p porter) Request(_ context.Context, c vault.Caller, tenant string, in api.NewGrant) (api.Grant, error) {
	return sampleGrant("gra_1"), p.f.call("RequestGrant %s %s %v %s", c.Credential.ID, tenant, in.Purposes, in.Reason)
}

func (p porter) Grants(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Grant, string, error) {
	return []api.Grant{sampleGrant("gra_1")}, "1.gra_1", p.f.call("Grants %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (p porter) step(what string, c vault.Caller, tenant, id string) (api.Grant, error) {
	return sampleGrant(id), p.f.call("%s %s %s %s", what, c.Credential.ID, tenant, id)
}

func (p porter) Grant(_ context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	return p.step("Grant", c, tenant, id)
}

func (p porter) Approve(_ context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	return p.step("Approve", c, tenant, id)
}

func (p porter) Allow(_ context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	return p.step("Allow", c, tenant, id)
}

func (p porter) ReviewGrant(_ context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (api.Grant, error) {
	return sampleGrant(id), p.f.call("ReviewGrant %s %s %s %t", c.Credential.ID, tenant, id, in.Keep)
}

func (p porter) Withdraw(_ context.Context, c vault.Caller, tenant, id string) (api.Grant, error) {
	return p.step("Withdraw", c, tenant, id)
}

func (p porter) RemoveGrant(_ context.Context, c vault.Caller, tenant, id string) error {
	return p.f.call("RemoveGrant %s %s %s", c.Credential.ID, tenant, id)
}
