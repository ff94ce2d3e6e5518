package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

const (
	holdPath         = subjectPath + "/hold"
	offBoardingPath  = tenantsPath + "/{tenant}/off-boarding"
	certificatesPath = tenantsPath + "/{tenant}/certificates"
	certificatePath  = certificatesPath + "/{certificate}"
)

func (s *service) retention(r *routes) {
	r.private(operation{
		method: "POST", path: holdPath, id: "place-hold", tag: "retention", scope: api.ScopeSubjects,
		summary: "Place a legal hold on a person", about: "While it stands, an erasure keeps the fields that it and the policy name, and nothing else.",
		in: api.NewHold{}, out: api.Hold{}, status: http.StatusCreated,
	}, s.placeHold)
	r.private(operation{
		method: "GET", path: holdPath, id: "get-hold", tag: "retention", scope: api.ScopeSubjects,
		summary: "The legal hold on a person", about: "The person may have been erased under it.", out: api.Hold{},
	}, s.hold)
	r.private(operation{
		method: "DELETE", path: holdPath, id: "release-hold", tag: "retention", scope: api.ScopeSubjects,
		summary: "Release a legal hold", about: "What it kept of somebody erased is unreadable for good when this returns.", status: http.StatusNoContent,
	}, s.releaseHold)
	r.private(operation{
		method: "POST", path: subjectPath + "/erasure", id: "certify-erasure", tag: "retention", scope: api.ScopeSubjects,
		summary: "Erase a person, with a certificate", about: "All their data is unreadable for good when this returns; the certificate follows once nothing is left.",
		in: api.Erasure{}, out: api.Certificate{}, status: http.StatusAccepted,
	}, s.certifyErasure)
	r.private(operation{
		method: "POST", path: offBoardingPath, id: "off-board-tenant", tag: "retention", scope: api.ScopeAdmin,
		summary: "Off-board a tenant", about: "All its data is unreadable for good when this returns; it is removed, and a certificate follows. Again, it tells how far that has come.",
		out: api.OffBoarding{}, status: http.StatusAccepted,
	}, s.offBoard)
	r.private(operation{
		method: "GET", path: offBoardingPath, id: "get-off-boarding", tag: "retention", scope: api.ScopeAdmin,
		summary: "How far an off-boarding has come", out: api.OffBoarding{},
	}, s.offBoarding)
	r.private(operation{
		method: "GET", path: certificatesPath, id: "list-certificates", tag: "retention", scope: api.ScopeSubjects,
		summary: "Certificates of erasure", about: "The scopes audit and admin do as well.", query: []parameter{cursorQuery, limitQuery}, out: api.Certificates{},
	}, s.certificates)
	r.private(operation{
		method: "GET", path: certificatePath, id: "get-certificate", tag: "retention", scope: api.ScopeSubjects,
		summary: "How far a certificate has come", out: api.Certificate{},
	}, s.certificate)
	r.private(operation{
		method: "GET", path: certificatePath + "/document", id: "get-certificate-document", tag: "retention", scope: api.ScopeSubjects,
		summary: "A certificate, signed", about: "As issued, byte for byte: clause certificate verify checks it without the server.", outType: mediaTypes[0],
	}, s.certificateDocument)
	r.private(operation{
		method: "GET", path: certificatePath + "/page", id: "get-certificate-page", tag: "retention", scope: api.ScopeSubjects,
		summary: "A certificate, for people to read", outType: "text/html",
	}, s.certificatePage)
}

func (s *service) placeHold(c vault.Caller, x *exchange) error {
	in, err := decode[api.NewHold](x)
	if err != nil {
		return err
	}
	h, err := s.Vault.PlaceHold(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.Reason, in.Fields, in.Until)
	return x.sendHold(http.StatusCreated, h, err)
}

func (s *service) hold(c vault.Caller, x *exchange) error {
	h, err := s.Vault.Hold(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"))
	return x.sendHold(http.StatusOK, h, err)
}

func (x *exchange) sendHold(status int, h vault.Hold, err error) error {
	if err != nil {
		return err
	}
	return x.answer(status, api.Hold{ID: h.ID, Reason: h.Reason, Fields: orEmpty(h.Fields), Keeps: orEmpty(h.Keeps), Copy: h.Copy, Placed: h.Placed, Until: h.Until})
}

func (s *service) releaseHold(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	if err := s.Vault.ReleaseHold(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject")); err != nil {
		return err
	}
	return x.done()
}

func (s *service) certifyErasure(c vault.Caller, x *exchange) error {
	in, err := decode[api.Erasure](x)
	if err != nil {
		return err
	}
	cert, err := s.Retention.EraseSubject(x.Context(), c, x.PathValue("tenant"), x.PathValue("subject"), in.About)
	if err != nil {
		return err
	}
	return x.answer(http.StatusAccepted, certificate(&cert))
}

func (s *service) offBoard(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	o, err := s.Retention.OffBoard(x.Context(), c, x.PathValue("tenant"))
	return x.sendOffBoarding(http.StatusAccepted, o, err)
}

func (s *service) offBoarding(c vault.Caller, x *exchange) error {
	o, err := s.Retention.OffBoarding(x.Context(), c, x.PathValue("tenant"))
	return x.sendOffBoarding(http.StatusOK, o, err)
}

func (x *exchange) sendOffBoarding(status int, o retention.OffBoarding, err error) error {
	if err != nil {
		return err
	}
	return x.answer(status, api.OffBoarding{Tenant: x.PathValue("tenant"), Certificate: certificate(&o.Certificate), Due: api.Moment(o.Due), Sweeping: o.Sweeping})
}

func (s *service) certificates(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Retention.Certificates(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	out := api.Certificates{Certificates: make([]api.Certificate, len(page)), Next: next}
	for i := range page {
		out.Certificates[i] = certificate(&page[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) certificate(c vault.Caller, x *exchange) error {
	cert, err := s.Retention.Certificate(x.Context(), c, x.PathValue("tenant"), x.PathValue("certificate"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, certificate(&cert))
}

// issued returns a certificate that has a document.
func (s *service) issued(c vault.Caller, x *exchange) (retention.Certificate, error) {
	cert, err := s.Retention.Certificate(x.Context(), c, x.PathValue("tenant"), x.PathValue("certificate"))
	if err == nil && cert.State != retention.Issued {
		err = fault.New("httpapi.issued", fault.NotFound, "the certificate is not issued yet").WithHint("it follows once nothing is left")
	}
	return cert, err
}

func (s *service) certificateDocument(c vault.Caller, x *exchange) error {
	cert, err := s.issued(c, x)
	if err != nil {
		return err
	}
	return x.send(http.StatusOK, cert.Document)
}

func (s *service) certificatePage(c vault.Caller, x *exchange) error {
	cert, err := s.issued(c, x)
	if err != nil {
		return err
	}
	page, err := retention.Page(cert.Document)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, pageType, pagePolicy, page)
}

func certificate(c *retention.Certificate) api.Certificate {
	out := api.Certificate{
		ID: c.ID, Kind: c.Kind, About: c.About, State: string(c.State), Opened: c.Opened, Erased: api.Moment(c.Erased), Issued: api.Moment(c.Issued),
		Keys: orEmpty(c.Keys), Removed: c.Removed, Systems: systemLines(c.Systems),
	}
	if out.Removed == nil {
		out.Removed = map[string]int64{}
	}
	return out
}
