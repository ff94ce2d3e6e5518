package httpapi

import (
	"net/http"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

const (
	clocksPath = "/v1/tenants/{tenant}/clocks"
	clockPath  = clocksPath + "/{clock}"
)

func (s *service) clocks(r *routes) {
	r.private(operation{
		method: "POST", path: clocksPath, id: "open-clocks", tag: "duties", scope: api.ScopeDuties,
		summary: "Begin what a clause owes", about: "Begins a clock for everything that the clause owes on such an occasion; each occasion once.",
		in: api.Occasion{}, out: api.Clocks{}, status: http.StatusCreated,
	}, s.openClocks)
	r.private(operation{
		method: "GET", path: clocksPath, id: "list-clocks", tag: "duties", scope: api.ScopeDuties,
		summary: "What is owed", about: "The clocks that are running or paused, those due first first.", query: []parameter{cursorQuery, limitQuery}, out: api.Clocks{},
	}, s.listClocks)
	r.private(operation{
		method: "GET", path: clockPath, id: "get-clock", tag: "duties", scope: api.ScopeDuties,
		summary: "One clock", out: api.Clock{},
	}, s.getClock)
	r.private(operation{
		method: "POST", path: clockPath + "/discharge", id: "discharge-clock", tag: "duties", scope: api.ScopeDuties,
		summary: "Discharge what was owed", about: "Only by evidence of the kind that the clock names. What is discharged late stays late.",
		in: api.Discharge{}, out: api.Clock{},
	}, s.dischargeClock)
	r.private(operation{
		method: "POST", path: clockPath + "/pause", id: "pause-clock", tag: "duties", scope: api.ScopeDuties,
		summary: "Pause a clock", about: "For a reason and at most for a limit.", in: api.Pause{}, out: api.Clock{},
	}, s.pauseClock)
	r.private(operation{
		method: "POST", path: clockPath + "/resume", id: "resume-clock", tag: "duties", scope: api.ScopeDuties,
		summary: "Let a paused clock run on", out: api.Clock{},
	}, s.resumeClock)
	r.private(operation{
		method: "POST", path: clockPath + "/void", id: "void-clock", tag: "duties", scope: api.ScopeDuties,
		summary: "End what is no longer owed", about: "A clock that was missed cannot be ended so.", in: api.Void{}, out: api.Clock{},
	}, s.voidClock)
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

// moment is a time that may be missing.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
