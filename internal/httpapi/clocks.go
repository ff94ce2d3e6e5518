package httpapi

import (
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

const (
	clocksPath = "/v1/tenants/{tenant}/clocks"
	clockPath  = clocksPath + "/{clock}"
)

func (s *service) clocks(r *routes) {
	op := func(method, path, id, summary, about string, in, out any) operation {
		return operation{method: method, path: path, id: id, tag: "duties", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out}
	}
	open := op("POST", clocksPath, "open-clocks", "Begin what a clause owes", "Begins a clock for everything that the clause owes on such an occasion; each occasion once.", api.Occasion{}, api.Clocks{})
	open.status = http.StatusCreated
	r.private(open, s.openClocks)
	list := op("GET", clocksPath, "list-clocks", "What is owed", "The clocks that are running or paused, those due first first.", nil, api.Clocks{})
	list.query = []parameter{cursorQuery, limitQuery}
	r.private(list, s.listClocks)
	r.private(op("GET", clockPath, "get-clock", "One clock", "", nil, api.Clock{}), s.getClock)
	r.private(op("POST", clockPath+"/discharge", "discharge-clock", "Discharge what was owed", "Only by evidence of the kind that the clock names. What is discharged late stays late.", api.Discharge{}, api.Clock{}), s.dischargeClock)
	r.private(op("POST", clockPath+"/pause", "pause-clock", "Pause a clock", "For a reason and at most for a limit.", api.Pause{}, api.Clock{}), s.pauseClock)
	r.private(op("POST", clockPath+"/resume", "resume-clock", "Let a paused clock run on", "", nil, api.Clock{}), s.resumeClock)
	r.private(op("POST", clockPath+"/void", "void-clock", "End what is no longer owed", "A clock that was missed cannot be ended so.", api.Void{}, api.Clock{}), s.voidClock)
}

func (s *service) openClocks(c vault.Caller, x *exchange) error {
	in, err := decode[api.Occasion](x)
	if err != nil {
		return err
	}
	opened, err := s.Duties.Open(x.Context(), c, x.PathValue("tenant"), in.Clause, in.About)
	if err != nil {
		return err
	}
	return x.answer(http.StatusCreated, api.Clocks{Clocks: s.clockList(opened)})
}

func (s *service) listClocks(c vault.Caller, x *exchange) error {
	cursor, limit, err := x.page()
	if err != nil {
		return err
	}
	page, next, err := s.Duties.List(x.Context(), c, x.PathValue("tenant"), cursor, limit)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, api.Clocks{Clocks: s.clockList(page), Next: next})
}

func (s *service) getClock(c vault.Caller, x *exchange) error {
	got, err := s.Duties.Get(x.Context(), c, x.PathValue("tenant"), x.PathValue("clock"))
	return s.sendClock(x, got, err)
}

func (s *service) dischargeClock(c vault.Caller, x *exchange) error {
	in, err := decode[api.Discharge](x)
	if err != nil {
		return err
	}
	got, err := s.Duties.Discharge(x.Context(), c, x.PathValue("tenant"), x.PathValue("clock"), in.Kind, in.Evidence)
	return s.sendClock(x, got, err)
}

func (s *service) pauseClock(c vault.Caller, x *exchange) error {
	in, err := decode[api.Pause](x)
	if err != nil {
		return err
	}
	got, err := s.Duties.Pause(x.Context(), c, x.PathValue("tenant"), x.PathValue("clock"), in.Reason, in.Limit)
	return s.sendClock(x, got, err)
}

func (s *service) resumeClock(c vault.Caller, x *exchange) error {
	if err := x.nothing(); err != nil {
		return err
	}
	got, err := s.Duties.Resume(x.Context(), c, x.PathValue("tenant"), x.PathValue("clock"))
	return s.sendClock(x, got, err)
}

func (s *service) voidClock(c vault.Caller, x *exchange) error {
	in, err := decode[api.Void](x)
	if err != nil {
		return err
	}
	got, err := s.Duties.Void(x.Context(), c, x.PathValue("tenant"), x.PathValue("clock"), in.Reason)
	return s.sendClock(x, got, err)
}

func (s *service) sendClock(x *exchange, c obligation.Clock, err error) error {
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, c.Wire(s.Now()))
}

func (s *service) clockList(all []obligation.Clock) []api.Clock {
	out, now := make([]api.Clock, len(all)), s.Now()
	for i := range all {
		out[i] = all[i].Wire(now)
	}
	return out
}
