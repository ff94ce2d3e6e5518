package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// office stands for the desk of breaches and legal demands.
type office struct{ f *fake }

func sampleIncident(id string) api.Incident {
	return api.Incident{ID: id, State: "suspected", Nature: []string{"confidentiality"}, Cause: "unknown", Exposure: api.Exposure{From: noon, To: noon}, Suspected: noon, Clocks: []api.Clock{}}
}

func sampleDemand(id string) api.Demand {
	return api.Demand{ID: id, State: "received", Kind: "court-order", Subjects: []string{"sub_1"}, Asked: []string{"financial.income"}, Granted: []string{}, Received: noon, Clocks: []api.Clock{}}
}

func (o office) Suspect(_ context.Context, c vault.Caller, tenant string, in api.Suspicion) (api.Incident, error) {
	return sampleIncident("inc_1"), o.f.call("Suspect %s %s %v %s %v", c.Credential.ID, tenant, in.Nature, in.Cause, in.Drill)
}

func (o office) List(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Incident, string, error) {
	return []api.Incident{sampleIncident("inc_1")}, "1.inc_1", o.f.call("ListIncidents %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (o office) Get(_ context.Context, c vault.Caller, tenant, id string) (api.Incident, error) {
	return sampleIncident(id), o.f.call("GetIncident %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) Aware(_ context.Context, c vault.Caller, tenant, id string, in api.Awareness) (api.Incident, error) {
	return sampleIncident(id), o.f.call("Aware %s %s %s %t", c.Credential.ID, tenant, id, in.At != nil)
}

func (o office) Assess(_ context.Context, c vault.Caller, tenant, id string, in api.Assessment) (api.Incident, error) {
	return sampleIncident(id), o.f.call("Assess %s %s %s %s %v", c.Credential.ID, tenant, id, in.Risk, in.Reasons)
}

func (o office) TellAuthority(_ context.Context, c vault.Caller, tenant, id string, in api.AuthorityTold) (api.Incident, error) {
	return sampleIncident(id), o.f.call("TellAuthority %s %s %s %s %q", c.Credential.ID, tenant, id, in.Receipt, in.Delay)
}

func (o office) TellPeople(_ context.Context, c vault.Caller, tenant, id string, in api.PeopleTold) (api.Incident, error) {
	return sampleIncident(id), o.f.call("TellPeople %s %s %s %q %v", c.Credential.ID, tenant, id, in.Public, in.Called)
}

func (o office) Calls(_ context.Context, c vault.Caller, tenant, id string) (api.Calls, error) {
	return api.Calls{Subjects: []string{"sub_1"}}, o.f.call("Calls %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) Unreached(_ context.Context, c vault.Caller, tenant, id, cursor string, limit int) (api.Unreached, error) {
	return api.Unreached{People: []api.UnreachedPerson{{Subject: "sub_1", Ways: []api.MessageWay{{Channel: "email", State: "failed", Reason: "bounced-5.1.1"}}}}, Next: "sub_1"},
		o.f.call("Unreached %s %s %s after %q limit %d", c.Credential.ID, tenant, id, cursor, limit)
}

func (o office) Close(_ context.Context, c vault.Caller, tenant, id string, in api.Closing) (api.Incident, error) {
	return sampleIncident(id), o.f.call("CloseIncident %s %s %s %v", c.Credential.ID, tenant, id, in.Lessons)
}

func (o office) Remove(_ context.Context, c vault.Caller, tenant, id string) error {
	return o.f.call("RemoveDrill %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) Notification(_ context.Context, c vault.Caller, tenant, id string) (api.BreachNotification, error) {
	return api.BreachNotification{Incident: id, Phase: 1, Suspected: noon, Exposure: api.Exposure{From: noon, To: noon}}, o.f.call("Notification %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) Page(_ context.Context, c vault.Caller, tenant, id, language string) ([]byte, error) {
	return []byte("<!doctype html><style>p{}</style>"), o.f.call("Page %s %s %s %q", c.Credential.ID, tenant, id, language)
}

func (o office) Demand(_ context.Context, c vault.Caller, tenant string, in api.LegalDemand) (api.Demand, error) {
	return sampleDemand("dem_1"), o.f.call("Demand %s %s %s %s %v %v", c.Credential.ID, tenant, in.Kind, in.Issuer, in.Subjects, in.Fields)
}

func (o office) ListDemands(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Demand, string, error) {
	return []api.Demand{sampleDemand("dem_1")}, "", o.f.call("ListDemands %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (o office) GetDemand(_ context.Context, c vault.Caller, tenant, id string) (api.Demand, error) {
	return sampleDemand(id), o.f.call("GetDemand %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) Review(_ context.Context, c vault.Caller, tenant, id string, in api.Review) (api.Demand, error) {
	return sampleDemand(id), o.f.call("Review %s %s %s %s %v", c.Credential.ID, tenant, id, in.Ground, in.Fields)
}

func (o office) Deny(_ context.Context, c vault.Caller, tenant, id string, in api.Denial) (api.Demand, error) {
	return sampleDemand(id), o.f.call("Deny %s %s %s %s", c.Credential.ID, tenant, id, in.Reason)
}

func (o office) Release(_ context.Context, c vault.Caller, tenant, id string, in api.Handover) (api.DemandAnswer, error) {
	return api.DemandAnswer{Demand: id, People: 1, Sealed: "age"}, o.f.call("Release %s %s %s %q %q", c.Credential.ID, tenant, id, in.Recipient, in.SealTo)
}

func (o office) RemoveDemand(_ context.Context, c vault.Caller, tenant, id string) error {
	return o.f.call("RemoveDemandDrill %s %s %s", c.Credential.ID, tenant, id)
}

func sampleMinor(id string) api.Minor {
	return api.Minor{ID: id, State: "reported", Subject: "sub_1", Reported: noon, By: "app_data", Clocks: []api.Clock{}}
}

func (o office) ReportMinor(_ context.Context, c vault.Caller, tenant string, in api.MinorReport) (api.Minor, error) {
	return sampleMinor("min_1"), o.f.call("ReportMinor %s %s %s", c.Credential.ID, tenant, in.Subject)
}

func (o office) ListMinors(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Minor, string, error) {
	return []api.Minor{sampleMinor("min_1")}, "", o.f.call("ListMinors %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (o office) GetMinor(_ context.Context, c vault.Caller, tenant, id string) (api.Minor, error) {
	return sampleMinor(id), o.f.call("GetMinor %s %s %s", c.Credential.ID, tenant, id)
}

func (o office) FindMinor(_ context.Context, c vault.Caller, tenant, id string, in api.MinorFinding) (api.Minor, error) {
	return sampleMinor(id), o.f.call("FindMinor %s %s %s %t %s", c.Credential.ID, tenant, id, in.Minor, in.Ground)
}
