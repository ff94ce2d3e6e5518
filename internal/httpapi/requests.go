package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

const (
	requestsPath = "/v1/tenants/{tenant}/requests"
	requestPath  = requestsPath + "/{request}"
	downloadPath = "/download/"
)

var stateQuery = parameter{name: "state", doc: "Only requests in this state; open for all that are yet to be answered."}

func (s *service) requests(r *routes) {
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "rights", scope: api.ScopeRights, summary: summary, about: about, in: in, out: out}
	}
	open := op("POST", requestsPath, "open-request", "A person exercises a right", "Begins the clocks of every clause that promises it. A right that the person has an open request of is a conflict, which names it.", api.NewRequest{}, api.Request{})
	open.status = http.StatusCreated
	r.private(open, s.openRequest)
	list := op("GET", requestsPath, "list-requests", "Requests of people", "The oldest first.", nil, api.Requests{})
	list.query = []parameter{stateQuery, cursorQuery, limitQuery}
	r.private(list, s.listRequests)
	r.private(op("GET", requestPath, "get-request", "One request", "", nil, api.Request{}), s.getRequest)
	r.private(op("POST", requestPath+"/acknowledge", "acknowledge-request", "Confirm its receipt to the person", "Again it does nothing.", nil, api.Request{}), s.acknowledgeRequest)
	r.private(op("POST", requestPath+"/identity", "check-identity", "Ask for proof of identity, or say that it was given", "Asking pauses the clocks, once, and at most for a limit.", api.IdentityCheck{}, api.Request{}), s.checkIdentity)
	r.private(op("POST", requestPath+"/extend", "extend-request", "Give a complex request more time", "Once, where the policy says how much; the person is told the reason.", api.MoreTime{}, api.Request{}), s.extendRequest)
	r.private(op("POST", requestPath+"/answer", "answer-request", "Carry a request out, and end it", "Access and portability give a link to the package, good for one download. Again it does nothing, but that it gives a new link.", api.Carry{}, api.Answer{}), s.answerRequest)
	r.private(op("POST", requestPath+"/refuse", "refuse-request", "Refuse a request on a legal ground", "The person is told it.", api.Refusal{}, api.Request{}), s.refuseRequest)
	r.private(op("POST", requestPath+"/withdraw", "withdraw-request", "End a request that the person has taken back", "", nil, api.Request{}), s.withdrawRequest)
	r.public(operation{
		method: "GET", path: downloadPath + "{token}", id: "download-package", tag: "rights",
		summary: "Fetch a person's package", about: "By the link of an answer, which holds for seven days and for one download. An archive that does not open was cut off on the way: ask for a new link.",
		outType: "application/zip",
	}, s.download)
}

func (s *service) openRequest(c vault.Caller, x *exchange) error {
	in, err := decode[api.NewRequest](x)
	if err != nil {
		return err
	}
	ask := rights.Ask{Subject: in.Subject, Right: rights.Right(in.Right), Purposes: in.Purposes, Language: in.Language}
	r, err := s.Rights.Open(x.Context(), c, x.PathValue("tenant"), ask)
	if err != nil {
		return err
	}
	if isID(r.ID) {
		x.Header().Set("Location", x.URL.Path+"/"+r.ID)
	}
	return x.answer(http.StatusCreated, s.request(&r))
}

func (s *service) listRequests(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Rights.List(x.Context(), c, x.PathValue("tenant"), x.URL.Query().Get("state"), cursor, limit)
	if err != nil {
		return err
	}
	out := api.Requests{Requests: make([]api.Request, len(page)), Next: next}
	for i := range page {
		out.Requests[i] = s.request(&page[i])
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) getRequest(c vault.Caller, x *exchange) error {
	r, err := s.Rights.Get(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"))
	return s.sendRequest(x, r, err)
}

func (s *service) acknowledgeRequest(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	r, err := s.Rights.Acknowledge(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"))
	return s.sendRequest(x, r, err)
}

func (s *service) checkIdentity(c vault.Caller, x *exchange) error {
	in, err := decode[api.IdentityCheck](x)
	if err != nil {
		return err
	}
	if in.Proven == (in.Limit != "") {
		return invalid("limit", "either proof is asked for with a limit, or it was given").WithHint(`send {"limit": "14 days"}, or {"proven": true}`)
	}
	if in.Proven {
		r, err := s.Rights.ProveIdentity(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"))
		return s.sendRequest(x, r, err)
	}
	r, err := s.Rights.AskIdentity(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"), in.Limit)
	return s.sendRequest(x, r, err)
}

func (s *service) extendRequest(c vault.Caller, x *exchange) error {
	in, err := decode[api.MoreTime](x)
	if err != nil {
		return err
	}
	r, err := s.Rights.Extend(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"), in.Reason)
	return s.sendRequest(x, r, err)
}

func (s *service) answerRequest(c vault.Caller, x *exchange) error {
	in, err := decode[api.Carry](x)
	if err != nil {
		return err
	}
	corrections := make([]rights.Correction, len(in.Corrections))
	for i, fix := range in.Corrections {
		corrections[i] = rights.Correction{Purpose: fix.Purpose, DataSet: fix.DataSet, Record: fix.Record, Fields: vault.Fields(fix.Fields)}
	}
	r, token, err := s.Rights.Answer(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"), corrections)
	if err != nil {
		return err
	}
	out := api.Answer{Request: s.request(&r)}
	if token != "" {
		out.Link = downloadPath + token
	}
	return x.answer(http.StatusOK, out)
}

func (s *service) refuseRequest(c vault.Caller, x *exchange) error {
	in, err := decode[api.Refusal](x)
	if err != nil {
		return err
	}
	r, err := s.Rights.Refuse(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"), in.Ground)
	return s.sendRequest(x, r, err)
}

func (s *service) withdrawRequest(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	r, err := s.Rights.Withdraw(x.Context(), c, x.PathValue("tenant"), x.PathValue("request"))
	return s.sendRequest(x, r, err)
}

// download hands out a package to whoever has its link. A look at the link (HEAD) does not use it up: mail
// programs look.
func (s *service) download(x *exchange) error {
	if x.URL.RawQuery != "" {
		return notFound()
	}
	if x.Method == http.MethodHead {
		x.Header().Set("Content-Type", "application/zip")
		x.WriteHeader(http.StatusOK)
		return nil
	}
	p, err := s.Rights.Download(x.Context(), x.PathValue("token"))
	if err != nil {
		return err
	}
	return x.hand(p)
}

// hand writes a person's package.
func (x *exchange) hand(p *rights.Package) error {
	x.Header().Set("Content-Type", "application/zip")
	x.Header().Set("Content-Disposition", `attachment; filename="`+p.Name()+`"`)
	w := &pacedWriter{x: x}
	if err := p.Write(x.Context(), w); err != nil && w.failed == nil {
		return err // fail cuts the connection, or answers if nothing was sent yet
	}
	return nil
}

func (s *service) sendRequest(x *exchange, r rights.Request, err error) error {
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, s.request(&r))
}

func (s *service) request(r *rights.Request) api.Request {
	out := api.Request{
		ID: r.ID, Subject: r.Subject, Right: string(r.Right), State: string(r.State), Clauses: orEmpty(r.Clauses), Ground: r.Ground, Reason: r.Reason,
		Opened: r.Opened, Acknowledged: api.Moment(r.Acknowledged), IdentityAsked: api.Moment(r.Asked), Extended: api.Moment(r.Extended), Ended: api.Moment(r.Ended),
		Due: api.Moment(r.Due), LinkUntil: api.Moment(r.LinkUntil), LinkUsed: api.Moment(r.LinkUsed), Clocks: s.clockList(r.Clocks), Systems: systemLines(r.Systems),
	}
	for i := range r.Clocks {
		out.Late = out.Late || r.Clocks[i].State != obligation.Void && r.Clocks[i].Late(s.Now())
	}
	return out
}
