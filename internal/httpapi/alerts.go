package httpapi

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/db"
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
	raise := op("POST", "", "raise-alert", "Raise an alert", "Whoever is on call is told; unless somebody acknowledges it in the promised time, the next is. A cause has one alert at a time: again it counts once more.", api.Alarm{}, api.Alert{})
	raise.status = http.StatusCreated
	r.private(raise, func(c vault.Caller, x *exchange) error {
		in, err := decode[api.Alarm](x)
		if err != nil {
			return err
		}
		out, err := s.Alerts.Report(x.Context(), c, whoseAlerts(x), in)
		return x.alert(http.StatusCreated, out, err)
	})
	list := op("GET", "", "list-alerts", "All alerts", "The newest first.", nil, api.Alerts{})
	list.query = []parameter{cursorQuery, limitQuery}
	r.private(list, s.listAlerts)
	r.private(op("GET", "/{alert}", "get-alert", "One alert", "", nil, api.Alert{}), func(c vault.Caller, x *exchange) error {
		out, err := s.Alerts.Get(x.Context(), c, whoseAlerts(x), x.PathValue("alert"))
		return x.alert(http.StatusOK, out, err)
	})
	r.private(op("POST", "/{alert}/acknowledge", "acknowledge-alert", "Say that you see to it", "It goes to nobody else.", nil, api.Alert{}), func(c vault.Caller, x *exchange) error {
		if err := x.nothing(); err != nil {
			return err
		}
		out, err := s.Alerts.Acknowledge(x.Context(), c, whoseAlerts(x), x.PathValue("alert"))
		return x.alert(http.StatusOK, out, err)
	})
	r.private(op("POST", "/{alert}/resolve", "resolve-alert", "Say that it is over", "What the server raised it ends itself, when it is mended.", api.Resolution{}, api.Alert{}), func(c vault.Caller, x *exchange) error {
		in, err := decode[api.Resolution](x)
		if err != nil {
			return err
		}
		out, err := s.Alerts.Resolve(x.Context(), c, whoseAlerts(x), x.PathValue("alert"), in.Reason)
		return x.alert(http.StatusOK, out, err)
	})
	remove := op("DELETE", "/{alert}", "remove-alert-drill", "Remove a drill", "With its clocks and messages. What was no drill stays.", nil, nil)
	remove.status = http.StatusNoContent
	r.private(remove, func(c vault.Caller, x *exchange) error {
		if err := s.Alerts.Remove(x.Context(), c, whoseAlerts(x), x.PathValue("alert")); err != nil {
			return err
		}
		return x.done()
	})
}

// whoseAlerts is the tenant of the address, the organisation where it names none.
func whoseAlerts(x *exchange) string {
	if tenant := x.PathValue("tenant"); tenant != "" {
		return tenant
	}
	return db.Organisation
}

func (x *exchange) alert(status int, out api.Alert, err error) error {
	if err != nil {
		return err
	}
	return x.answer(status, out)
}

func (s *service) listAlerts(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	all, next, err := s.Alerts.List(x.Context(), c, whoseAlerts(x), cursor, limit)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.Alerts{Alerts: all, Next: next})
}
