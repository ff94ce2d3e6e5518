package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// Demands is the desk for legal demands. Each call decides, and records, itself.
type Demands interface {
	Demand(ctx context.Context, c vault.Caller, tenant string, in api.LegalDemand) (api.Demand, error)
	ListDemands(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Demand, string, error)
	GetDemand(ctx context.Context, c vault.Caller, tenant, id string) (api.Demand, error)
	Review(ctx context.Context, c vault.Caller, tenant, id string, in api.Review) (api.Demand, error)
	Deny(ctx context.Context, c vault.Caller, tenant, id string, in api.Denial) (api.Demand, error)
	Release(ctx context.Context, c vault.Caller, tenant, id string, in api.Handover) (api.DemandAnswer, error)
	RemoveDemand(ctx context.Context, c vault.Caller, tenant, id string) error
}

const (
	demandsPath = "/v1/tenants/{tenant}/demands"
	demandPath  = demandsPath + "/{demand}"
)

func (s *service) demands(r *routes) {
	d := s.Demands
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "demands", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out, patient: true}
	}
	making(r, op("POST", demandsPath, "enter-demand", "Enter a legal demand", "Releases nothing.", api.LegalDemand{}, api.Demand{}), d.Demand)
	listing(r, op("GET", demandsPath, "list-demands", "All legal demands", "The newest first.", nil, api.Demands{}), d.ListDemands, func(all []api.Demand, next string) any { return api.Demands{Demands: all, Next: next} })
	showing(r, op("GET", demandPath, "get-demand", "One legal demand", "", nil, api.Demand{}), d.GetDemand)
	moving(r, op("POST", demandPath+"/review", "review-demand", "Review its legal basis", "By another credential than the one that entered it. Grants the least that answers it, and has the people concerned told, unless the law forbids that until a time.", api.Review{}, api.Demand{}), d.Review)
	moving(r, op("POST", demandPath+"/refuse", "refuse-demand", "Refuse it", "", api.Denial{}, api.Demand{}), d.Deny)
	moving(r, op("POST", demandPath+"/release", "release-demand", "Hand out what was granted", "To an authority that the policy names, or sealed to an authority's key. Needs the scope data too. Refused without a review, before the people concerned have a notice, and before the time to wait is over.", api.Handover{}, api.DemandAnswer{}), d.Release)
	removing(r, op("DELETE", demandPath, "remove-demand-drill", "Remove a drill", "A demand cannot be removed.", nil, nil), d.RemoveDemand)
}
