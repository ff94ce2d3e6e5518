package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

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

// patience is how long a step may take that goes through a tenant's whole ledger, or through its people.
const patience = 10 * time.Minute

func (s *service) incidents(r *routes) {
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "incidents", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out}
	}
	suspect := op("POST", incidentsPath, "suspect-breach", "Open an incident", "A breach of personal data is suspected. No clock runs yet.", api.Suspicion{}, api.Incident{})
	suspect.status = http.StatusCreated
	r.private(suspect, stepping(s, http.StatusCreated, func(ctx context.Context, c vault.Caller, tenant, _ string, in api.Suspicion) (api.Incident, error) {
		return s.Incidents.Suspect(ctx, c, tenant, in)
	}))
	list := op("GET", incidentsPath, "list-incidents", "All incidents", "The newest first.", nil, api.Incidents{})
	list.query = []parameter{cursorQuery, limitQuery}
	r.private(list, s.listIncidents)
	r.private(op("GET", incidentPath, "get-incident", "One incident", "", nil, api.Incident{}), s.getIncident)
	r.private(op("POST", incidentPath+"/aware", "be-aware", "The organisation is aware of it", "The clocks of the policy run from then.", api.Awareness{}, api.Incident{}),
		stepping(s, http.StatusOK, s.Incidents.Aware))
	r.private(op("POST", incidentPath+"/assess", "assess-breach", "Weigh it", "Whom it concerns is worked out of the ledger. What is not owed at that risk becomes void, with the risk as its reason.", api.Assessment{}, api.Incident{}),
		stepping(s, http.StatusOK, s.Incidents.Assess))
	r.private(op("POST", incidentPath+"/authority", "tell-authority", "The authority was told", "In whole or in a phase: its receipt discharges the clock, and what was told is kept.", api.AuthorityTold{}, api.Incident{}),
		stepping(s, http.StatusOK, s.Incidents.TellAuthority))
	r.private(op("POST", incidentPath+"/people", "tell-people", "Tell the people concerned", "By every channel promised. Their clock is discharged once each was reached, or a public communication was made.", api.PeopleTold{}, api.Incident{}),
		stepping(s, http.StatusOK, s.Incidents.TellPeople))
	r.private(op("GET", incidentPath+"/calls", "list-calls", "Whom to call", "Those of the people concerned who are to be called and were not yet.", nil, api.Calls{}), s.listCalls)
	missed := op("GET", incidentPath+"/unreached", "list-unreached", "Who was not reached", "Those of the people concerned whom no message has reached so far, and what became of each.", nil, api.Unreached{})
	missed.query = []parameter{cursorQuery, limitQuery}
	r.private(missed, s.listUnreached)
	r.private(op("POST", incidentPath+"/close", "close-incident", "Close it", "Once nothing of it is owed any more.", api.Closing{}, api.Incident{}),
		stepping(s, http.StatusOK, s.Incidents.Close))
	remove := op("DELETE", incidentPath, "remove-drill", "Remove a drill", "With its clocks and messages. A breach cannot be removed.", nil, nil)
	remove.status = http.StatusNoContent
	r.private(remove, func(c vault.Caller, x *exchange) error {
		if err := s.Incidents.Remove(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident")); err != nil {
			return err
		}
		return x.done()
	})
	form := op("GET", incidentPath+"/notification", "notification", "The form for the authority", "GDPR art. 33(3), filled in from the policy and the ledger: as JSON, or with lang as a page to be printed.", nil, api.BreachNotification{})
	form.query = []parameter{{name: "lang", doc: "en or ar: a page to be printed, in that language."}}
	r.private(form, s.notification)
}

// stepping serves a step: its body, one call, and where the thing then stands. A step may go through a
// whole ledger.
func stepping[In, Out any](s *service, status int, step func(ctx context.Context, c vault.Caller, tenant, id string, in In) (Out, error)) action {
	return func(c vault.Caller, x *exchange) error {
		in, err := decode[In](x)
		if err != nil {
			return err
		}
		x.patient(patience)
		out, err := step(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident")+x.PathValue("demand")+x.PathValue("minor"), in)
		if err != nil {
			return err
		}
		return x.answer(status, out)
	}
}

func (s *service) listIncidents(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Incidents.List(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.Incidents{Incidents: page, Next: next})
}

func (s *service) getIncident(c vault.Caller, x *exchange) error {
	got, err := s.Incidents.Get(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, got)
}

func (s *service) listCalls(c vault.Caller, x *exchange) error {
	got, err := s.Incidents.Calls(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, got)
}

func (s *service) listUnreached(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	got, err := s.Incidents.Unreached(x.Context(), c, x.PathValue("tenant"), x.PathValue("incident"), cursor, limit)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, got)
}

func (s *service) notification(c vault.Caller, x *exchange) error {
	tenant, id, language := x.PathValue("tenant"), x.PathValue("incident"), x.URL.Query().Get("lang")
	if x.URL.Query().Has("lang") {
		page, err := s.Incidents.Page(x.Context(), c, tenant, id, language)
		if err != nil {
			return err
		}
		return x.printed(page)
	}
	got, err := s.Incidents.Notification(x.Context(), c, tenant, id)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, got)
}

// printed answers with a page whose only style is its own, and which can do nothing else.
func (x *exchange) printed(page []byte) error {
	_, rest, _ := strings.Cut(string(page), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	h := x.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; frame-ancestors 'none'; sandbox")
	x.WriteHeader(http.StatusOK)
	_, _ = x.Write(page) // a client that went away is no failure of ours
	return nil
}
