package httpapi

import (
	"context"
	"net/http"

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
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "demands", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out}
	}
	enter := op("POST", demandsPath, "enter-demand", "Enter a legal demand", "Releases nothing.", api.LegalDemand{}, api.Demand{})
	enter.status = http.StatusCreated
	r.private(enter, stepping(s, http.StatusCreated, func(ctx context.Context, c vault.Caller, tenant, _ string, in api.LegalDemand) (api.Demand, error) {
		return s.Demands.Demand(ctx, c, tenant, in)
	}))
	list := op("GET", demandsPath, "list-demands", "All legal demands", "The newest first.", nil, api.Demands{})
	list.query = []parameter{cursorQuery, limitQuery}
	r.private(list, s.listDemands)
	r.private(op("GET", demandPath, "get-demand", "One legal demand", "", nil, api.Demand{}), func(c vault.Caller, x *exchange) error {
		got, err := s.Demands.GetDemand(x.Context(), c, x.PathValue("tenant"), x.PathValue("demand"))
		if err != nil {
			return err
		}
		return x.answer(http.StatusOK, got)
	})
	r.private(op("POST", demandPath+"/review", "review-demand", "Review its legal basis", "By another credential than the one that entered it. Grants the least that answers it, and has the people concerned told, unless the law forbids that until a time.", api.Review{}, api.Demand{}),
		stepping(s, http.StatusOK, s.Demands.Review))
	r.private(op("POST", demandPath+"/refuse", "refuse-demand", "Refuse it", "", api.Denial{}, api.Demand{}), stepping(s, http.StatusOK, s.Demands.Deny))
	r.private(op("POST", demandPath+"/release", "release-demand", "Hand out what was granted", "To an authority that the policy names, or sealed to an authority's key. Needs the scope data too. Refused without a review, before the people concerned have a notice, and before the time to wait is over.", api.Handover{}, api.DemandAnswer{}),
		stepping(s, http.StatusOK, s.Demands.Release))
	remove := op("DELETE", demandPath, "remove-demand-drill", "Remove a drill", "A demand cannot be removed.", nil, nil)
	remove.status = http.StatusNoContent
	r.private(remove, func(c vault.Caller, x *exchange) error {
		if err := s.Demands.RemoveDemand(x.Context(), c, x.PathValue("tenant"), x.PathValue("demand")); err != nil {
			return err
		}
		return x.done()
	})
}

func (s *service) listDemands(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Demands.ListDemands(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.Demands{Demands: page, Next: next})
}
