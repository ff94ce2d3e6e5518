package httpapi

import (
	"context"
	"net/http"
	"unicode/utf8"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

const (
	dataPath   = "/v1/tenants/{tenant}/subjects/{subject}/data/{data_set}"
	recordPath = dataPath + "/{record}"
)

func (s *service) records(r *routes) {
	writes := []parameter{purposeHeader, idemHeader, ifMatchHeader, ifNoneHeader}
	reads := []parameter{purposeHeader, fieldsHeader, recipientHeader}
	r.private(operation{
		method: "POST", path: dataPath, id: "create-record", tag: "records", scope: api.ScopeData,
		summary: "Create a record", about: "Makes a new record of the person. Location names it.",
		headers: []parameter{purposeHeader, idemHeader}, in: api.Content{}, out: api.Stored{}, status: http.StatusCreated, changes: true,
	}, s.createRecord)
	r.private(operation{
		method: "GET", path: dataPath, id: "list-records", tag: "records", scope: api.ScopeData,
		summary: "List a person's records", about: "Page by page, as much of each record as the purpose may see.",
		headers: reads, query: []parameter{cursorQuery, limitQuery}, out: api.Records{},
	}, s.listRecords)
	r.private(operation{
		method: "GET", path: recordPath, id: "get-record", tag: "records", scope: api.ScopeData,
		summary: "Read a record", about: "As much of it as the purpose may see. ETag holds its version.",
		headers: reads, out: api.Record{}, changes: true,
	}, s.getRecord)
	r.private(operation{
		method: "PUT", path: recordPath, id: "put-record", tag: "records", scope: api.ScopeData,
		summary: "Replace a record", about: "Makes it if there is none.",
		headers: writes, in: api.Content{}, out: api.Stored{}, created: true, changes: true,
	}, s.putRecord)
	r.private(operation{
		method: "PATCH", path: recordPath, id: "patch-record", tag: "records", scope: api.ScopeData,
		summary: "Change fields of a record", about: "Fields not given stay; null removes an optional one.",
		headers: writes, in: api.Content{}, out: api.Stored{}, changes: true,
	}, s.patchRecord)
	r.private(operation{
		method: "DELETE", path: recordPath, id: "delete-record", tag: "records", scope: api.ScopeData,
		summary: "Delete a record", headers: []parameter{purposeHeader, ifMatchHeader}, status: http.StatusNoContent,
	}, s.deleteRecord)
}

func (s *service) getRecord(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	record, err := s.Vault.Get(x.Context(), c, t)
	if err != nil {
		return err
	}
	x.restsOn(record.Clauses)
	x.version(record.Version)
	body := appendRecord(make([]byte, 0, recordSize+len(record.Fields)), &record)
	return x.send(http.StatusOK, append(body, '\n'))
}

func (s *service) listRecords(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	records, next, err := s.Vault.List(x.Context(), c, t, cursor, limit)
	if err != nil {
		return err
	}
	return x.sendRecords(records, next)
}

// write is the part of the vault that put and patch share.
type write func(context.Context, vault.Caller, vault.Target, vault.Fields, vault.Condition, vault.Idempotency) (vault.Stored, error)

func (s *service) createRecord(c vault.Caller, x *exchange) error {
	stored, err := x.write(c, s.Vault.Put)
	if err != nil {
		return err
	}
	if isID(stored.Record) {
		x.Header()["Location"] = []string{x.URL.Path + "/" + stored.Record}
	}
	return x.stored(http.StatusCreated, stored)
}

func (s *service) putRecord(c vault.Caller, x *exchange) error {
	stored, err := x.write(c, s.Vault.Put)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if stored.Version == 1 {
		status = http.StatusCreated
	}
	return x.stored(status, stored)
}

func (s *service) patchRecord(c vault.Caller, x *exchange) error {
	stored, err := x.write(c, s.Vault.Patch)
	if err != nil {
		return err
	}
	return x.stored(http.StatusOK, stored)
}

func (x *exchange) write(c vault.Caller, do write) (vault.Stored, error) {
	t, err := x.target()
	if err != nil {
		return vault.Stored{}, err
	}
	cond, err := x.condition()
	if err != nil {
		return vault.Stored{}, err
	}
	body, err := x.read()
	if err != nil {
		return vault.Stored{}, err
	}
	fields, err := content(body)
	if err != nil {
		return vault.Stored{}, err
	}
	idem, err := x.idempotency(body)
	if err != nil {
		return vault.Stored{}, err
	}
	return do(x.Context(), c, t, fields, cond, idem)
}

// content reads an api.Content as strictly as checkJSON and decode would, in one pass and without
// copying values: it is on the hot path.
func content(body []byte) (vault.Fields, error) {
	fields := make(vault.Fields, 8)
	s := scanner{data: body}
	if utf8.Valid(body) && s.take('{') && s.takeName("fields") && s.next() == '{' {
		err := s.object(2, func(name, value []byte) error {
			fields[string(name)] = value
			return nil
		})
		if err != nil {
			return nil, err
		}
		if s.take('}') && s.next() == 0 && s.pos == len(body) {
			return fields, nil
		}
	}
	// It is no api.Content; is it JSON at least?
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	return nil, &httpError{meaning: schemaMeaning, detail: "the body does not fit the schema", errors: []api.ProblemError{
		{Field: "fields", Message: "expected an object with the one property fields, an object"},
	}}
}

func (s *service) deleteRecord(c vault.Caller, x *exchange) error {
	t, err := x.target()
	if err != nil {
		return err
	}
	cond, err := x.condition()
	if err != nil {
		return err
	}
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Vault.Delete(x.Context(), c, t, cond); err != nil {
		return err
	}
	return x.done()
}
