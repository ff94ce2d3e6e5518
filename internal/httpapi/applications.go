package httpapi

import (
	"net/http"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/vault"
)

const applicationsPath = "/v1/applications"

func (s *service) applications(r *routes) {
	r.private(operation{
		method: "POST", path: applicationsPath, id: "create-application", tag: "administration", scope: api.ScopeAdmin,
		summary: "Create an application", about: "Answers with its key, this once.",
		in: api.NewApplication{}, out: api.CreatedApplication{}, status: http.StatusCreated,
	}, s.createApplication)
	r.private(operation{
		method: "GET", path: applicationsPath, id: "list-applications", tag: "administration", scope: api.ScopeAdmin,
		summary: "List the applications", about: "Without their keys, which the server does not have.", out: api.Applications{},
	}, s.listApplications)
	r.private(operation{
		method: "DELETE", path: applicationsPath + "/{application}", id: "revoke-application", tag: "administration", scope: api.ScopeAdmin,
		summary: "Revoke an application", about: "Its keys are refused from the next request on.", status: http.StatusNoContent,
	}, s.revokeApplication)
	s.applicationKeys(r)
}

func (s *service) createApplication(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "application.create"); err != nil {
		return err
	}
	in, err := decode[api.NewApplication](x)
	if err != nil {
		return err
	}
	if err := s.known(&in); err != nil {
		return err
	}
	app, key, err := s.Applications.Create(x.Context(), c.Credential.ID, identity.Application{
		Title: in.Title, Tenants: in.Tenants, Purposes: in.Purposes, Scopes: in.Scopes, Environment: in.Environment, Expires: in.Expires, Certificate: in.Certificate,
	})
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, api.CreatedApplication{Application: application(app), Key: key})
}

// known refuses what the policy does not declare: a key that could never be used is a mistake of who
// asks for it, better told now.
func (s *service) known(in *api.NewApplication) error {
	const op = "httpapi.createApplication"
	if _, err := s.Rules.PurposeSet(in.Purposes); err != nil {
		return fault.Wrap(op, err)
	}
	if len(s.Policy.Environments) > 0 && !slices.Contains(s.Policy.Environments, in.Environment) {
		return fault.New(op, fault.Invalid, "the policy declares no such environment").WithField("environment")
	}
	if in.Certificate != "" && !s.ClientCertificates {
		return fault.New(op, fault.Invalid, "this server asks for no client certificates: such a key would never work").
			WithField("certificate").WithHint("start it with --client-ca")
	}
	return nil
}

func application(a identity.Application) api.Application {
	out := api.Application{
		ID: a.ID, Title: a.Title, Tenants: orEmpty(a.Tenants), Purposes: orEmpty(a.Purposes), Scopes: orEmpty(a.Scopes),
		Environment: a.Environment, Expires: a.Expires, Created: a.Created, Certificate: a.Certificate,
	}
	if !a.Revoked.IsZero() {
		out.Revoked = &a.Revoked
	}
	return out
}

func (s *service) listApplications(c vault.Caller, x *exchange) error {
	if err := s.Vault.Admit(x.Context(), c, "application.list", "", api.ScopeAdmin); err != nil {
		return err
	}
	all, err := s.Applications.List(x.Context())
	if err != nil {
		return err
	}
	out := api.Applications{Applications: make([]api.Application, len(all))}
	for i, a := range all {
		out.Applications[i] = application(a)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) revokeApplication(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "application.revoke"); err != nil {
		return err
	}
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Applications.Revoke(x.Context(), c.Credential.ID, x.PathValue("application")); err != nil {
		return err
	}
	return x.done()
}
