package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notice"
	"clause.dev/clause/internal/vault"
)

const (
	recipientsPath = "/v1/tenants/{tenant}/recipients"
	writtenPath    = subjectPath + "/written-notices"
)

func (s *service) notices(r *routes) {
	r.private(operation{
		method: "GET", path: recipientsPath, id: "list-recipients", tag: "people", scope: api.ScopeSubjects,
		summary: "Who can receive data", about: "The policy's recipients, whether the tenant allows them, and since when each purpose may disclose to them.", out: api.Recipients{},
	}, s.listRecipients)
	r.private(operation{
		method: "PUT", path: recipientsPath + "/{recipient}", id: "allow-recipient", tag: "people", scope: api.ScopeSubjects,
		summary: "Allow a recipient, or no longer", about: "Holds from the next disclosure on, for all people of the tenant.", in: api.Allowance{}, status: http.StatusNoContent,
	}, s.allowRecipient)
	r.private(operation{
		method: "PUT", path: subjectPath + "/opt-outs/{recipient}", id: "set-opt-out", tag: "people", scope: api.ScopeSubjects,
		summary: "Opt out of a recipient, or no longer", about: "Of one that the policy names, or that is announced and still to come. Holds from the next disclosure on.",
		in: api.OptOut{}, status: http.StatusNoContent,
	}, s.setOptOut)
	r.private(operation{
		method: "PUT", path: subjectPath + "/electronic-notice", id: "set-electronic-notice", tag: "people", scope: api.ScopeSubjects,
		summary: "Consent to notice by electronic means, or withdraw that", about: "Where the policy has such notice rest on consent, who does not consent is told by letter.",
		in: api.ElectronicNotice{}, status: http.StatusNoContent,
	}, s.setElectronicNotice)
	r.private(operation{
		method: "POST", path: writtenPath, id: "ask-written-notice", tag: "messages", scope: api.ScopeSubjects,
		summary: "Ask for a notice on paper", about: "The person is sent a letter with what they were told by electronic means, free of charge, by the time the policy promises. Asked again before it was posted, it is the same.",
		in: api.NewWrittenNotice{}, out: api.WrittenNotice{}, status: http.StatusCreated,
	}, s.askWritten)
	r.private(operation{
		method: "GET", path: writtenPath, id: "list-written-notices", tag: "messages", scope: api.ScopeSubjects,
		summary: "Notices that a person asked for on paper", about: "The oldest first.", out: api.WrittenNotices{},
	}, s.listWritten)
}

func (s *service) listRecipients(c vault.Caller, x *exchange) error {
	all, err := s.Vault.Recipients(x.Context(), c, x.PathValue("tenant"))
	if err != nil {
		return err
	}
	out := api.Recipients{Recipients: make([]api.Recipient, len(all))}
	for i, r := range all {
		to := api.Recipient{ID: r.ID, Name: r.ID, Allowed: !r.Allowed.IsZero(), Since: api.Moment(r.Allowed), Disclosures: make([]api.Disclosure, len(r.Disclosures))}
		if known, ok := s.Policy.Recipient(r.ID); ok {
			to.Name = known.Name
		}
		for j, d := range r.Disclosures {
			to.Disclosures[j] = api.Disclosure{Purpose: d.Purpose, Begins: api.Moment(d.Begins)}
		}
		out.Recipients[i] = to
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) allowRecipient(c vault.Caller, x *exchange) error {
	in, err := decode[api.Allowance](x)
	if err != nil {
		return err
	}
	if err := s.Vault.AllowRecipient(x.Context(), c, x.PathValue("tenant"), x.PathValue("recipient"), in.Allowed); err != nil {
		return err
	}
	return x.done()
}

func (s *service) setOptOut(c vault.Caller, x *exchange) error {
	in, err := decode[api.OptOut](x)
	if err != nil {
		return err
	}
	err = s.Notices.OptOut(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), x.PathValue("recipient"), in.OptedOut)
	if err != nil {
		return err
	}
	return x.done()
}

func (s *service) setElectronicNotice(c vault.Caller, x *exchange) error {
	in, err := decode[api.ElectronicNotice](x)
	if err != nil {
		return err
	}
	if err := s.Vault.SetElectronicNotice(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.Consented); err != nil {
		return err
	}
	return x.done()
}

func (s *service) askWritten(c vault.Caller, x *exchange) error {
	in, err := decode[api.NewWrittenNotice](x)
	if err != nil {
		return err
	}
	w, err := s.Notices.Write(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.About)
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, s.written(w))
}

func (s *service) listWritten(c vault.Caller, x *exchange) error {
	all, err := s.Notices.WrittenOf(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"))
	if err != nil {
		return err
	}
	out := api.WrittenNotices{Notices: make([]api.WrittenNotice, len(all))}
	for i, w := range all {
		out.Notices[i] = s.written(w)
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) written(w notice.Written) api.WrittenNotice {
	return api.WrittenNotice{ID: w.ID, About: w.About, Asked: w.Asked, Posted: api.Moment(w.Posted), Clocks: s.clockList(w.Clocks)}
}
