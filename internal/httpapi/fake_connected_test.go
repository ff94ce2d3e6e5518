package httpapi

import (
	"context"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/vault"
)

// liaison stands for the desk of other systems.
type liaison struct{ f *fake }

func (l liaison) SetIDs(_ context.Context, c vault.Caller, tenant, subject string, ids map[string][]string) error {
	return l.f.call("SetIDs %s %s %s %v", c.Credential.ID, tenant, subject, ids)
}

func (l liaison) IDs(_ context.Context, c vault.Caller, tenant, subject string) (map[string][]string, error) {
	return map[string][]string{"customer": {"c-1"}}, l.f.call("IDs %s %s %s", c.Credential.ID, tenant, subject)
}

func (l liaison) RemoveIDs(_ context.Context, c vault.Caller, tenant, subject string) error {
	return l.f.call("RemoveIDs %s %s %s", c.Credential.ID, tenant, subject)
}

func (l liaison) Systems(_ context.Context, c vault.Caller, tenant string) ([]connected.System, error) {
	return []connected.System{{
		About: connect.About{ID: "shop", Kind: "sql", Identifier: "customer", Data: []string{"identity"}}, Checked: noon,
		Remarks: []connect.Remark{{System: "shop", Table: "orders", Fails: true, Msg: "there is no such table"}},
	}}, l.f.call("Systems %s %s", c.Credential.ID, tenant)
}

func (l liaison) Settle(_ context.Context, c vault.Caller, tenant, about, system, reason string) (connect.Report, error) {
	return connect.Report{{System: system, Did: "erase", Rows: 2, State: connect.Settled, Why: reason}}, l.f.call("Settle %s %s %s %s %s", c.Credential.ID, tenant, about, system, reason)
}
