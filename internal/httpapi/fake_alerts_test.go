package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// watchman stands for the desk of alerts.
type watchman struct{ f *fake }

func sampleAlert(id string) api.Alert {
	return api.Alert{ID: id, Kind: "threat", Cause: "flow-1", Severity: "error", State: "open", Times: 1, Raised: noon, Steps: 1,
		Told: []api.AlertStep{{Step: 1, Role: "ann", At: noon, Channels: []api.AlertChannel{{Channel: "pager", State: "sent"}}}}, Clocks: []api.Clock{}}
}

func (k watchman) Report(_ context.Context, c vault.Caller, tenant string, in api.Alarm) (api.Alert, error) {
	return sampleAlert("alr_1"), k.f.call("Report %s %s %s %s %s %t", c.Credential.ID, tenant, in.Kind, in.Cause, in.Severity, in.Drill)
}

func (k watchman) List(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Alert, string, error) {
	return []api.Alert{sampleAlert("alr_1")}, "1.alr_1", k.f.call("ListAlerts %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (k watchman) Get(_ context.Context, c vault.Caller, tenant, id string) (api.Alert, error) {
	return sampleAlert(id), k.f.call("GetAlert %s %s %s", c.Credential.ID, tenant, id)
}

func (k watchman) Acknowledge(_ context.Context, c vault.Caller, tenant, id string) (api.Alert, error) {
	return sampleAlert(id), k.f.call("AcknowledgeAlert %s %s %s", c.Credential.ID, tenant, id)
}

func (k watchman) Resolve(_ context.Context, c vault.Caller, tenant, id, reason string) (api.Alert, error) {
	return sampleAlert(id), k.f.call("ResolveAlert %s %s %s %s", c.Credential.ID, tenant, id, reason)
}

func (k watchman) Remove(_ context.Context, c vault.Caller, tenant, id string) error {
	return k.f.call("RemoveAlert %s %s %s", c.Credential.ID, tenant, id)
}
