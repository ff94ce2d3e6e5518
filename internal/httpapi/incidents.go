package httpapi

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/vault"
)

// Incidents is the desk for breaches of personal data. Each call decides, and records, itself.
type Incidents interface {
	Suspect(ctx context.Context, c vault.Caller, tenant string, in api.Suspicion) (api.Incident, error)
	List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Incident, string, error)
	Get(ctx context.Context, c vault.Caller, tenant, id string) (api.Incident, error)
	Aware(ctx context.Context, c vault.Caller, tenant, id string, in api.Awareness) (api.Incident, error)
	Assess(ctx context.Context, c vault.Caller, tenant, id string, in api.Assessment) (api.Incident, error)
	TellAuthority(ctx context.Context, c vault.Caller, tenant, id string, in api.AuthorityTold) (api.Incident, error)
	TellPeople(ctx context.Context, c vault.Caller, tenant, id string, in api.PeopleTold) (api.Incident, error)
	Calls(ctx context.Context, c vault.Caller, tenant, id string) (api.Calls, error)
	Unreached(ctx context.Context, c vault.Caller, tenant, id, cursor string, limit int) (api.Unreached, error)
	Close(ctx context.Context, c vault.Caller, tenant, id string, in api.Closing) (api.Incident, error)
	Remove(ctx context.Context, c vault.Caller, tenant, id string) error
	Notification(ctx context.Context, c vault.Caller, tenant, id string) (api.BreachNotification, error)
	Page(ctx context.Context, c vault.Caller, tenant, id, language string) ([]byte, error)
}

var (
	_ Incidents = (*incident.Desk)(nil)
	_ Demands   = (*incident.Desk)(nil)
)

const (
	incidentsPath = "/v1/tenants/{tenant}/incidents"
	incidentPath  = incidentsPath + "/{incident}"
)

func (s *service) incidents(r *routes) {
	d := s.Incidents
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "incidents", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out, patient: true}
	}
	making(r, op("POST", incidentsPath, "suspect-breach", "Open an incident", "A breach of personal data is suspected. No clock runs yet.", api.Suspicion{}, api.Incident{}), d.Suspect)
	listing(r, op("GET", incidentsPath, "list-incidents", "All incidents", "The newest first.", nil, api.Incidents{}), d.List, func(all []api.Incident, next string) any { return api.Incidents{Incidents: all, Next: next} })
	showing(r, op("GET", incidentPath, "get-incident", "One incident", "", nil, api.Incident{}), d.Get)
	moving(r, op("POST", incidentPath+"/aware", "be-aware", "The organisation is aware of it", "The clocks of the policy run from then.", api.Awareness{}, api.Incident{}), d.Aware)
	moving(r, op("POST", incidentPath+"/assess", "assess-breach", "Weigh it", "Whom it concerns is worked out of the ledger. What is not owed at that risk becomes void, with the risk as its reason.", api.Assessment{}, api.Incident{}), d.Assess)
	moving(r, op("POST", incidentPath+"/authority", "tell-authority", "The authority was told", "In whole or in a phase: its receipt discharges the clock, and what was told is kept.", api.AuthorityTold{}, api.Incident{}), d.TellAuthority)
	moving(r, op("POST", incidentPath+"/people", "tell-people", "Tell the people concerned", "By every channel promised. Their clock is discharged once each was reached, or a public communication was made.", api.PeopleTold{}, api.Incident{}), d.TellPeople)
	showing(r, op("GET", incidentPath+"/calls", "list-calls", "Whom to call", "Those of the people concerned who are to be called and were not yet.", nil, api.Calls{}), d.Calls)
	missed := op("GET", incidentPath+"/unreached", "list-unreached", "Who was not reached", "Those of the people concerned whom no message has reached so far, and what became of each.", nil, api.Unreached{})
	missed.query = []parameter{cursorQuery, limitQuery}
	r.private(missed, s.listUnreached)
	moving(r, op("POST", incidentPath+"/close", "close-incident", "Close it", "Once nothing of it is owed any more.", api.Closing{}, api.Incident{}), d.Close)
	removing(r, op("DELETE", incidentPath, "remove-drill", "Remove a drill", "With its clocks and messages. A breach cannot be removed.", nil, nil), d.Remove)
	form := op("GET", incidentPath+"/notification", "notification", "The form for the authority", "GDPR art. 33(3), filled in from the policy and the ledger: as JSON, or with lang as a page to be printed.", nil, api.BreachNotification{})
	form.query = []parameter{{name: "lang", doc: "en or ar: a page to be printed, in that language."}}
	r.private(form, s.notification)
}

func (s *service) listUnreached(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	got, err := s.Incidents.Unreached(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident"), cursor, limit)
	return answered(x, http.StatusOK, got, err)
}

func (s *service) notification(c vault.Caller, x *exchange) error {
	tenant, id, language := x.PathValue("tenant"), x.PathValue("incident"), x.URL.Query().Get("lang")
	if x.URL.Query().Has("lang") {
		page, err := s.Incidents.Page(x.Context(), c, tenant, id, language)
		if err != nil {
			return err
		}
		// Its only style is its own, and it can do nothing else.
		return x.show(http.StatusOK, pageType, "default-src 'none'; style-src "+styleOf(string(page))+"; frame-ancestors 'none'; sandbox", page)
	}
	got, err := s.Incidents.Notification(x.Context(), c, tenant, id)
	return answered(x, http.StatusOK, got, err)
}
