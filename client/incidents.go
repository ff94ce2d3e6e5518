package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"clause.dev/clause/api"
)

// SuspectBreach opens an incident. It needs the scope duties, as do all calls of this file.
func (c *Client) SuspectBreach(ctx context.Context, tenant string, in api.Suspicion) (api.Incident, error) {
	return c.incident(ctx, in, tenant)
}

// BeAware notes that the organisation is aware of a breach: its clocks run from then.
func (c *Client) BeAware(ctx context.Context, tenant, incident string, in api.Awareness) (api.Incident, error) {
	return c.incident(ctx, in, tenant, incident, "aware")
}

// AssessBreach weighs a breach, and works out of the ledger whom it concerns.
func (c *Client) AssessBreach(ctx context.Context, tenant, incident string, in api.Assessment) (api.Incident, error) {
	return c.incident(ctx, in, tenant, incident, "assess")
}

// TellAuthority notes the receipt of the authority, which discharges its clock.
func (c *Client) TellAuthority(ctx context.Context, tenant, incident string, in api.AuthorityTold) (api.Incident, error) {
	return c.incident(ctx, in, tenant, incident, "authority")
}

// TellPeople has the people concerned told.
func (c *Client) TellPeople(ctx context.Context, tenant, incident string, in api.PeopleTold) (api.Incident, error) {
	return c.incident(ctx, in, tenant, incident, "people")
}

// Unreached goes through the people concerned whom no message has reached so far.
func (c *Client) Unreached(ctx context.Context, tenant, incident string) iter.Seq2[api.UnreachedPerson, error] {
	return pages(func(cursor string) ([]api.UnreachedPerson, string, error) {
		q := c.tenant(http.MethodGet, tenant, "incidents", incident, "unreached")
		q.query = page(cursor, api.MaxPage)
		var out api.Unreached
		_, err := c.do(ctx, q, &out)
		return out.People, out.Next, err
	})
}

// Calls lists the people concerned who are to be called and were not yet.
func (c *Client) Calls(ctx context.Context, tenant, incident string) ([]string, error) {
	var out api.Calls
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "incidents", incident, "calls"), &out)
	return out.Subjects, err
}

// CloseIncident ends an incident of which nothing is owed any more.
func (c *Client) CloseIncident(ctx context.Context, tenant, incident string, in api.Closing) (api.Incident, error) {
	return c.incident(ctx, in, tenant, incident, "close")
}

// RemoveDrill removes an incident that is a drill.
func (c *Client) RemoveDrill(ctx context.Context, tenant, incident string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, "incidents", incident), nil)
	return err
}

// Incident returns one incident.
func (c *Client) Incident(ctx context.Context, tenant, incident string) (api.Incident, error) {
	var out api.Incident
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "incidents", incident), &out)
	return out, err
}

// ListIncidents returns a page of the incidents, the newest first.
func (c *Client) ListIncidents(ctx context.Context, tenant, cursor string, limit int) (api.Incidents, error) {
	q := c.tenant(http.MethodGet, tenant, "incidents")
	q.query = page(cursor, limit)
	var out api.Incidents
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Incidents goes through all incidents, the newest first.
func (c *Client) Incidents(ctx context.Context, tenant string) iter.Seq2[api.Incident, error] {
	return pages(func(cursor string) ([]api.Incident, string, error) {
		p, err := c.ListIncidents(ctx, tenant, cursor, api.MaxPage)
		return p.Incidents, p.Next, err
	})
}

// Notification returns the form for the authority, filled in.
func (c *Client) Notification(ctx context.Context, tenant, incident string) (api.BreachNotification, error) {
	var out api.BreachNotification
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "incidents", incident, "notification"), &out)
	return out, err
}

// NotificationPage returns the form as a page to be printed, in en or ar.
func (c *Client) NotificationPage(ctx context.Context, tenant, incident, language string) ([]byte, error) {
	q := c.tenant(http.MethodGet, tenant, "incidents", incident, "notification")
	q.query = url.Values{"lang": {language}}
	return c.bytes(ctx, q)
}

func (c *Client) incident(ctx context.Context, in any, tenant string, rest ...string) (api.Incident, error) {
	var out api.Incident
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, append([]string{"incidents"}, rest...)...), in, &out)
	return out, err
}

// EnterDemand enters a legal demand, which releases nothing.
func (c *Client) EnterDemand(ctx context.Context, tenant string, in api.LegalDemand) (api.Demand, error) {
	return c.demand(ctx, in, tenant)
}

// ReviewDemand notes the legal review of a demand, by another credential than the one that entered it.
func (c *Client) ReviewDemand(ctx context.Context, tenant, demand string, in api.Review) (api.Demand, error) {
	return c.demand(ctx, in, tenant, demand, "review")
}

// RefuseDemand refuses a demand.
func (c *Client) RefuseDemand(ctx context.Context, tenant, demand, reason string) (api.Demand, error) {
	return c.demand(ctx, api.Denial{Reason: reason}, tenant, demand, "refuse")
}

// ReleaseDemand hands out what the review granted. It needs the scope data too.
func (c *Client) ReleaseDemand(ctx context.Context, tenant, demand string, in api.Handover) (api.DemandAnswer, error) {
	var out api.DemandAnswer
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "demands", demand, "release"), in, &out)
	return out, err
}

// RemoveDemandDrill removes a demand that is a drill.
func (c *Client) RemoveDemandDrill(ctx context.Context, tenant, demand string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, "demands", demand), nil)
	return err
}

// Demand returns one legal demand.
func (c *Client) Demand(ctx context.Context, tenant, demand string) (api.Demand, error) {
	var out api.Demand
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "demands", demand), &out)
	return out, err
}

// ListDemands returns a page of the legal demands, the newest first.
func (c *Client) ListDemands(ctx context.Context, tenant, cursor string, limit int) (api.Demands, error) {
	q := c.tenant(http.MethodGet, tenant, "demands")
	q.query = page(cursor, limit)
	var out api.Demands
	_, err := c.do(ctx, q, &out)
	return out, err
}

func (c *Client) demand(ctx context.Context, in any, tenant string, rest ...string) (api.Demand, error) {
	var out api.Demand
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, append([]string{"demands"}, rest...)...), in, &out)
	return out, err
}
