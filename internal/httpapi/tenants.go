package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

const tenantsPath = "/v1/tenants"

func (s *service) tenants(r *routes) {
	r.private(operation{
		method: "POST", path: tenantsPath, id: "create-tenant", tag: "administration", scope: api.ScopeAdmin,
		summary: "Create a tenant", in: api.NewTenant{}, out: api.Tenant{}, status: http.StatusCreated,
	}, s.createTenant)
	r.private(operation{
		method: "GET", path: tenantsPath, id: "list-tenants", tag: "administration", scope: api.ScopeAdmin,
		summary: "List the tenants", out: api.Tenants{},
	}, s.listTenants)
	r.private(operation{
		method: "DELETE", path: tenantsPath + "/{tenant}", id: "erase-tenant", tag: "administration", scope: api.ScopeAdmin,
		summary: "Erase a tenant", about: "All its data is unreadable for good when this returns.", status: http.StatusNoContent,
	}, s.eraseTenant)
}

func (s *service) createTenant(c vault.Caller, x *exchange) error {
	in, err := decode[api.NewTenant](x)
	if err != nil {
		return err
	}
	t, err := s.Vault.CreateTenant(x.Context(), c, vault.Tenant{ID: in.ID, Title: in.Title, Region: in.Region, Environment: in.Environment})
	if err != nil {
		return err
	}
	if isID(t.ID) {
		x.Header().Set("Location", tenantsPath+"/"+t.ID)
	}
	return x.answer(http.StatusCreated, api.Tenant(t))
}

func (s *service) listTenants(c vault.Caller, x *exchange) error {
	all, err := s.Vault.Tenants(x.Context(), c)
	if err != nil {
		return err
	}
	out := api.Tenants{Tenants: make([]api.Tenant, len(all))}
	for i, t := range all {
		out.Tenants[i] = api.Tenant(t)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) eraseTenant(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Vault.EraseTenant(x.Context(), c, x.PathValue("tenant")); err != nil {
		return err
	}
	return x.done()
}
