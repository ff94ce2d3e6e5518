package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/vault"
)

// Minors is the desk for people who may be too young. Each call decides, and records, itself.
type Minors interface {
	ReportMinor(ctx context.Context, c vault.Caller, tenant string, in api.MinorReport) (api.Minor, error)
	ListMinors(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Minor, string, error)
	GetMinor(ctx context.Context, c vault.Caller, tenant, id string) (api.Minor, error)
	FindMinor(ctx context.Context, c vault.Caller, tenant, id string, in api.MinorFinding) (api.Minor, error)
}

var _ Minors = (*incident.Desk)(nil)

const (
	minorsPath = "/v1/tenants/{tenant}/minors"
	minorPath  = minorsPath + "/{minor}"
)

func (s *service) minors(r *routes) {
	d := s.Minors
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "minors", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out, patient: true}
	}
	making(r, op("POST", minorsPath, "report-minor", "Report that somebody may be too young", "From now on runs by when the clauses say that they are erased. Reported again, it is the same report.", api.MinorReport{}, api.Minor{}), d.ReportMinor)
	listing(r, op("GET", minorsPath, "list-minors", "All open reports", "The newest first.", nil, api.Minors{}), d.ListMinors, func(all []api.Minor, next string) any { return api.Minors{Minors: all, Next: next} })
	showing(r, op("GET", minorPath, "get-minor", "One open report", "", nil, api.Minor{}), d.GetMinor)
	moving(r, op("POST", minorPath+"/finding", "find-minor", "Say whether they are", "If so, all that is stored of them is erased, in connected systems too, and that discharges the clock; it needs the scope subjects too. If not, the clock is void. Nothing of the report is stored once it is closed.", api.MinorFinding{}, api.Minor{}), d.FindMinor)
}
