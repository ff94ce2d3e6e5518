package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

const (
	subjectsPath = "/v1/tenants/{tenant}/subjects"
	subjectPath  = subjectsPath + "/{subject}"
)

func (s *service) subjects(r *routes) {
	r.private(operation{
		method: "POST", path: subjectsPath, id: "create-subject", tag: "people", scope: api.ScopeSubjects,
		summary: "Create a person", about: "The id is random and says nothing about them.",
		headers: []parameter{idemHeader}, out: api.Subject{}, status: http.StatusCreated,
	}, s.createSubject)
	r.private(operation{
		method: "DELETE", path: subjectPath, id: "erase-subject", tag: "people", scope: api.ScopeSubjects,
		summary: "Erase a person", about: "All their data is unreadable for good when this returns.", status: http.StatusNoContent,
	}, s.eraseSubject)
	r.private(operation{
		method: "GET", path: subjectPath + "/standing", id: "get-standing", tag: "people", scope: api.ScopeSubjects,
		summary: "What a person has allowed", about: "Consents, objections, opt-outs, restriction, and the alias the ledger knows them by.", out: api.Standing{},
	}, s.standing)
	r.private(operation{
		method: "PUT", path: subjectPath + "/consents/{purpose}", id: "set-consent", tag: "people", scope: api.ScopeSubjects,
		summary: "Give or withdraw consent", about: "Holds from the next access on.", in: api.Consent{}, status: http.StatusNoContent,
	}, s.setConsent)
	r.private(operation{
		method: "PUT", path: subjectPath + "/objections/{purpose}", id: "set-objection", tag: "people", scope: api.ScopeSubjects,
		summary: "Object to a purpose, or no longer", about: "Holds from the next access on.", in: api.Objection{}, status: http.StatusNoContent,
	}, s.setObjection)
	r.private(operation{
		method: "PUT", path: subjectPath + "/restriction", id: "set-restriction", tag: "people", scope: api.ScopeSubjects,
		summary: "Restrict processing, or lift that", about: "Holds from the next access on.", in: api.Restriction{}, status: http.StatusNoContent,
	}, s.setRestriction)
}

func (s *service) createSubject(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	idem, err := x.idempotency(nil)
	if err != nil {
		return err
	}
	id, err := s.Vault.CreateSubject(x.Context(), c, x.PathValue("tenant"), idem)
	if err != nil {
		return err
	}
	if isID(id) {
		x.Header().Set("Location", x.URL.Path+"/"+id)
	}
	return x.answer(http.StatusCreated, api.Subject{ID: id})
}

func (s *service) eraseSubject(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Vault.EraseSubject(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject")); err != nil {
		return err
	}
	return x.done()
}

func (s *service) standing(c vault.Caller, x *exchange) error {
	st, err := s.Vault.Standing(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.Standing{
		Consents: orEmpty(st.Consents), Objections: orEmpty(st.Objections), OptOuts: st.OptOuts, Electronic: st.Electronic, Restricted: st.Restricted, Alias: st.Alias,
	})
}

func (s *service) setConsent(c vault.Caller, x *exchange) error {
	in, err := decode[api.Consent](x)
	if err != nil {
		return err
	}
	err = s.Vault.SetConsent(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), x.PathValue("purpose"), in.Given)
	if err != nil {
		return err
	}
	return x.done()
}

func (s *service) setObjection(c vault.Caller, x *exchange) error {
	in, err := decode[api.Objection](x)
	if err != nil {
		return err
	}
	err = s.Vault.SetObjection(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), x.PathValue("purpose"), in.Objected)
	if err != nil {
		return err
	}
	return x.done()
}

func (s *service) setRestriction(c vault.Caller, x *exchange) error {
	in, err := decode[api.Restriction](x)
	if err != nil {
		return err
	}
	if err := s.Vault.SetRestriction(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.Restricted); err != nil {
		return err
	}
	return x.done()
}

// orEmpty keeps an empty list from being encoded as null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
