package httpapi

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/vault"
)

// Connected is the systems outside the vault that hold copies. Each call decides, and records, itself.
type Connected interface {
	SetIDs(ctx context.Context, c vault.Caller, tenant, subject string, ids map[string][]string) error
	IDs(ctx context.Context, c vault.Caller, tenant, subject string) (map[string][]string, error)
	RemoveIDs(ctx context.Context, c vault.Caller, tenant, subject string) error
	Systems(ctx context.Context, c vault.Caller, tenant string) ([]connected.System, error)
	Settle(ctx context.Context, c vault.Caller, tenant, about, system, reason string) (connect.Report, error)
}

var _ Connected = (*connected.Desk)(nil)

const (
	externalIDsPath = subjectPath + "/external-ids"
	connectedPath   = tenantsPath + "/{tenant}/connected"
)

func (s *service) connected(r *routes) {
	r.private(operation{
		method: "PUT", path: externalIDsPath, id: "set-external-ids", tag: "connected", scope: api.ScopeSubjects,
		summary: "Say by which ids other systems know a person", about: "Replaces what was said before. They are kept under the person's key.",
		in: api.ExternalIDs{}, status: http.StatusNoContent,
	}, s.setExternalIDs)
	r.private(operation{
		method: "GET", path: externalIDsPath, id: "get-external-ids", tag: "connected", scope: api.ScopeSubjects,
		summary: "By which ids other systems know a person", out: api.ExternalIDs{},
	}, s.externalIDs)
	r.private(operation{
		method: "DELETE", path: externalIDsPath, id: "remove-external-ids", tag: "connected", scope: api.ScopeSubjects,
		summary: "Forget by which ids other systems know a person", status: http.StatusNoContent,
	}, s.removeExternalIDs)
	r.private(operation{
		method: "GET", path: connectedPath, id: "list-connected", tag: "connected", scope: api.ScopeSubjects,
		summary: "Other systems that hold copies", about: "And what the last look at each found. The scopes rights, audit and admin do as well.", out: api.ConnectedSystems{},
	}, s.listConnected)
	r.private(operation{
		method: "POST", path: connectedPath + "/{system}/settle", id: "settle-connected", tag: "connected", scope: api.ScopeRights,
		summary: "Say that staff have seen to a system", about: "For one request or certificate, which waits for it no more, and tells the reason. The scopes subjects and admin do as well.",
		in: api.Settlement{}, out: api.SystemLines{},
	}, s.settleConnected)
}

func (s *service) setExternalIDs(c vault.Caller, x *exchange) error {
	in, err := decode[api.ExternalIDs](x)
	if err != nil {
		return err
	}
	if err := s.Connected.SetIDs(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.IDs); err != nil {
		return err
	}
	return x.done()
}

func (s *service) externalIDs(c vault.Caller, x *exchange) error {
	ids, err := s.Connected.IDs(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.ExternalIDs{IDs: ids})
}

func (s *service) removeExternalIDs(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Connected.RemoveIDs(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject")); err != nil {
		return err
	}
	return x.done()
}

func (s *service) listConnected(c vault.Caller, x *exchange) error {
	all, err := s.Connected.Systems(x.Context(), c, x.PathValue("tenant"))
	if err != nil {
		return err
	}
	out := api.ConnectedSystems{Systems: make([]api.ConnectedSystem, len(all))}
	for i, one := range all {
		out.Systems[i] = api.ConnectedSystem{
			ID: one.ID, Kind: one.Kind, Identifier: one.Identifier, Data: orEmpty(one.Data), Takes: orEmpty(one.Takes),
			Checked: api.Moment(one.Checked), Works: one.Works, Remarks: make([]api.ConnectedNote, len(one.Remarks)),
		}
		for j, r := range one.Remarks {
			out.Systems[i].Remarks[j] = api.ConnectedNote{Table: r.Table, Fails: r.Fails, Msg: r.Msg}
		}
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) settleConnected(c vault.Caller, x *exchange) error {
	in, err := decode[api.Settlement](x)
	if err != nil {
		return err
	}
	lines, err := s.Connected.Settle(x.Context(), c, x.PathValue("tenant"), in.About, x.PathValue("system"), in.Reason)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.SystemLines{Systems: orNone(systemLines(lines))})
}

// systemLines are what was done in other systems; nil where there are none.
func systemLines(lines connect.Report) (out []api.SystemLine) {
	for _, l := range lines {
		out = append(out, api.SystemLine{System: l.System, Table: l.Table, Did: l.Did, Rows: l.Rows, State: string(l.State), Why: l.Why})
	}
	return out
}

func orNone(lines []api.SystemLine) []api.SystemLine { return append([]api.SystemLine{}, lines...) }
