package httpapi

import (
	"context"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// ombudsman stands for the desk of rights.
type ombudsman struct{ f *fake }

func (o ombudsman) request(id string) rights.Request {
	return rights.Request{ID: id, Subject: "sub_1", Right: rights.Access, State: rights.Received, Clauses: []string{"clesaro-rights"}, Opened: noon,
		Due: noon.AddDate(0, 0, 30), Clocks: []obligation.Clock{clerk(o).clock("clk_1")}}
}

func (o ombudsman) Open(_ context.Context, c vault.Caller, tenant string, ask rights.Ask) (rights.Request, error) {
	return o.request("req_1"), o.f.call("OpenRequest %s %s %s %s %v %q", c.Credential.ID, tenant, ask.Subject, ask.Right, ask.Purposes, ask.Language)
}

func (o ombudsman) List(_ context.Context, c vault.Caller, tenant, state, cursor string, limit int) ([]rights.Request, string, error) {
	return []rights.Request{o.request("req_1")}, "req_1", o.f.call("ListRequests %s %s %q after %q limit %d", c.Credential.ID, tenant, state, cursor, limit)
}

func (o ombudsman) Get(_ context.Context, c vault.Caller, tenant, id string) (rights.Request, error) {
	return o.request(id), o.f.call("GetRequest %s %s %s", c.Credential.ID, tenant, id)
}

func (o ombudsman) step(c vault.Caller, what, tenant, id, more string) (rights.Request, error) {
	return o.request(id), o.f.call("%s %s %s %s%s", what, c.Credential.ID, tenant, id, more)
}

func (o ombudsman) Acknowledge(_ context.Context, c vault.Caller, tenant, id string) (rights.Request, error) {
	return o.step(c, "Acknowledge", tenant, id, "")
}

func (o ombudsman) AskIdentity(_ context.Context, c vault.Caller, tenant, id, limit string) (rights.Request, error) {
	return o.step(c, "AskIdentity", tenant, id, " "+limit)
}

func (o ombudsman) ProveIdentity(_ context.Context, c vault.Caller, tenant, id string) (rights.Request, error) {
	return o.step(c, "ProveIdentity", tenant, id, "")
}

func (o ombudsman) Extend(_ context.Context, c vault.Caller, tenant, id, reason string) (rights.Request, error) {
	return o.step(c, "Extend", tenant, id, " "+reason)
}

func (o ombudsman) Refuse(_ context.Context, c vault.Caller, tenant, id, ground string) (rights.Request, error) {
	return o.step(c, "Refuse", tenant, id, " "+ground)
}

func (o ombudsman) Withdraw(_ context.Context, c vault.Caller, tenant, id string) (rights.Request, error) {
	return o.step(c, "Withdraw", tenant, id, "")
}

func (o ombudsman) Answer(_ context.Context, c vault.Caller, tenant, id string, fixes []rights.Correction) (rights.Request, string, error) {
	var b strings.Builder
	for _, fix := range fixes {
		b.WriteString(" [" + fix.Purpose + " " + fix.DataSet + " " + fix.Record + " {" + told(fix.Fields) + "}]")
	}
	r, err := o.step(c, "Answer", tenant, id, b.String())
	return r, "acme.secret", err
}

func (o ombudsman) Download(_ context.Context, token string) (*rights.Package, error) {
	if err := o.f.call("Download %s", token); err != nil {
		return nil, err
	}
	return nil, fault.New("fake.Download", fault.NotFound, "the link is none that holds")
}
