package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/vault"
)

const keysPath = applicationsPath + "/{application}/keys"

func (s *service) applicationKeys(r *routes) {
	r.private(operation{
		method: "POST", path: keysPath, id: "rotate-key", tag: "administration", scope: api.ScopeAdmin,
		summary: "Make a key that takes the place of an application's others", about: "Answers with it, this once. Until the others end, each works.",
		in: api.NewKey{}, out: api.CreatedKey{}, status: http.StatusCreated,
	}, s.rotateKey)
	r.private(operation{
		method: "GET", path: keysPath, id: "list-keys", tag: "administration", scope: api.ScopeAdmin,
		summary: "List the keys of an application", about: "Without their secrets, and without those that have ended.", out: api.ApplicationKeys{},
	}, s.listKeys)
	r.private(operation{
		method: "DELETE", path: keysPath + "/{key}", id: "end-key", tag: "administration", scope: api.ScopeAdmin,
		summary: "End one key of an application", about: "Holds from the next request on.", status: http.StatusNoContent,
	}, s.endKey)
}

func (s *service) rotateKey(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "application.key-rotate"); err != nil {
		return err
	}
	in, err := decode[api.NewKey](x)
	if err != nil {
		return err
	}
	made, key, err := s.Applications.Rotate(x.Context(), c.Credential.ID, x.PathValue("application"), identity.Rotation{OldEnd: in.OldEnd, Expires: in.Expires})
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, api.CreatedKey{ApplicationKey: api.ApplicationKey(made), Key: key})
}

func (s *service) listKeys(c vault.Caller, x *exchange) error {
	if err := s.Vault.Admit(x.Context(), c, "application.key-list", "", api.ScopeAdmin); err != nil {
		return err
	}
	keys, err := s.Applications.Keys(x.Context(), x.PathValue("application"))
	if err != nil {
		return err
	}
	out := api.ApplicationKeys{Keys: make([]api.ApplicationKey, len(keys))}
	for i, k := range keys {
		out.Keys[i] = api.ApplicationKey(k)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) endKey(c vault.Caller, x *exchange) error {
	if err := s.Vault.Administer(x.Context(), c, "application.key-end"); err != nil {
		return err
	}
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Applications.EndKey(x.Context(), c.Credential.ID, x.PathValue("application"), x.PathValue("key")); err != nil {
		return err
	}
	return x.done()
}
