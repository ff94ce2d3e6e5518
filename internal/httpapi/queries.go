package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

func (s *service) queries(r *routes) {
	r.private(operation{
		method: "POST", path: "/v1/tenants/{tenant}/find", id: "find-records", tag: "queries", scope: api.ScopeData,
		summary: "Find records by a value", about: "The tenant's records whose field has exactly the value, which travels in the body alone.",
		headers: []parameter{purposeHeader, fieldsHeader, recipientHeader}, in: api.Find{}, out: api.Records{},
	}, s.find)
	r.private(operation{
		method: "POST", path: "/v1/tenants/{tenant}/batch", id: "batch", tag: "queries", scope: api.ScopeData,
		summary: "Make several changes", about: "All of them or none.",
		headers: []parameter{purposeHeader, idemHeader}, in: api.Batch{}, out: api.BatchResult{},
	}, s.batch)
	r.private(operation{
		method: "POST", path: "/v1/tenants/{tenant}/aggregates", id: "aggregate", tag: "queries", scope: api.ScopeData,
		summary: "Ask for a statistic", about: "Over the people of a tenant; groups of too few people are not released.",
		headers: []parameter{purposeHeader}, in: api.AggregateQuery{}, out: api.Aggregate{},
	}, s.aggregate)
}

func (s *service) find(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	q, err := decode[api.Find](x)
	if err != nil {
		return err
	}
	t.DataSet = q.DataSet
	records, err := s.Vault.Find(x.Context(), c, t, q.Field, q.Value)
	if err != nil {
		return err
	}
	return x.sendRecords(records, "")
}

func (s *service) batch(c vault.Caller, x *exchange) error {
	purpose, err := x.purpose()
	if err != nil {
		return err
	}
	body, err := x.body()
	if err != nil {
		return err
	}
	b, err := decodeBody[api.Batch](x, body)
	if err != nil {
		return err
	}
	idem, err := x.idempotency(body)
	if err != nil {
		return err
	}
	ops := make([]vault.BatchOp, len(b.Operations))
	for i, o := range b.Operations {
		ops[i] = vault.BatchOp{Action: o.Action, Subject: o.Subject, DataSet: o.DataSet, Record: o.Record, Fields: vault.Fields(o.Fields)}
		if o.IfVersion != nil {
			ops[i].Condition = vault.Condition{Set: true, Version: *o.IfVersion}
		}
	}
	stored, err := s.Vault.Batch(x.Context(), c, x.PathValue("tenant"), purpose, ops, idem)
	if err != nil {
		return err
	}
	out := api.BatchResult{Results: make([]api.Stored, len(stored))}
	for i, one := range stored {
		out.Results[i] = api.Stored{Record: one.Record, Version: one.Version}
	}
	if len(stored) > 0 {
		x.restsOn(stored[0].Clauses)
		if stored[0].Replayed {
			x.Header().Set(api.HeaderReplayed, "true")
		}
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) aggregate(c vault.Caller, x *exchange) error {
	purpose, err := x.purpose()
	if err != nil {
		return err
	}
	q, err := decode[api.AggregateQuery](x)
	if err != nil {
		return err
	}
	a, err := s.Vault.Aggregate(x.Context(), c, x.PathValue("tenant"), purpose, q.DataSet, q.Statistic, q.Field, q.GroupBy)
	if err != nil {
		return err
	}
	out := api.Aggregate{People: a.People, Groups: make([]api.Group, len(a.Groups)), Suppressed: a.Suppressed}
	for i, g := range a.Groups {
		out.Groups[i] = api.Group(g)
	}
	return x.answer(http.StatusOK, out)
}
