package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/vault"
)

// Alerts is the desk for what somebody on call has to know. Each call decides, and records, itself.
type Alerts interface {
	Report(ctx context.Context, c vault.Caller, tenant string, in api.Alarm) (api.Alert, error)
	List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Alert, string, error)
	Get(ctx context.Context, c vault.Caller, tenant, id string) (api.Alert, error)
	Acknowledge(ctx context.Context, c vault.Caller, tenant, id string) (api.Alert, error)
	Resolve(ctx context.Context, c vault.Caller, tenant, id, reason string) (api.Alert, error)
	Remove(ctx context.Context, c vault.Caller, tenant, id string) error
}

var _ Alerts = (*alert.Desk)(nil)

// alerts are those of a tenant, and in the same words those of the organisation: of clauses that are broken.
func (s *service) alerts(r *routes) {
	s.alertsAt(r, "/v1/tenants/{tenant}/alerts", api.ScopeDuties, "")
	s.alertsAt(r, "/v1/alerts", api.ScopeAdmin, "organisation-")
}

func (s *service) alertsAt(r *routes, path, scope, prefix string) {
	whose := "A tenant's. "
	if prefix != "" {
		whose = "The organisation's: clauses that are broken, and what you report here. "
	}
	op := func(method, under, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path + under, id: prefix + id, tag: "alerts", scope: scope, summary: summary, about: whose + about, in: in, out: out}
	}
	d := s.Alerts
	making(r, op("POST", "", "raise-alert", "Raise an alert", "Whoever is on call is told; unless somebody acknowledges it in the promised time, the next is. A cause has one alert at a time: again it counts once more.", api.Alarm{}, api.Alert{}), d.Report)
	listing(r, op("GET", "", "list-alerts", "All alerts", "The newest first.", nil, api.Alerts{}), d.List, func(all []api.Alert, next string) any { return api.Alerts{Alerts: all, Next: next} })
	showing(r, op("GET", "/{alert}", "get-alert", "One alert", "", nil, api.Alert{}), d.Get)
	showing(r, op("POST", "/{alert}/acknowledge", "acknowledge-alert", "Say that you see to it", "It goes to nobody else.", nil, api.Alert{}), d.Acknowledge)
	moving(r, op("POST", "/{alert}/resolve", "resolve-alert", "Say that it is over", "What the server raised it ends itself, when it is mended.", api.Resolution{}, api.Alert{}),
		func(ctx context.Context, c vault.Caller, tenant, id string, in api.Resolution) (api.Alert, error) {
			return d.Resolve(ctx, c, tenant, id, in.Reason)
		})
	removing(r, op("DELETE", "/{alert}", "remove-alert-drill", "Remove a drill", "With its clocks and messages. What was no drill stays.", nil, nil), d.Remove)
}
