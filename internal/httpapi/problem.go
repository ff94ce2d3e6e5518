package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// meaning is what a kind of failure is to an HTTP client.
type meaning struct {
	status int
	slug   string
	title  string
	why    string // for the documentation
}

var meanings = map[fault.Kind]meaning{
	fault.Invalid:         {http.StatusBadRequest, "invalid", "the request is malformed", "The request cannot be read as what this address takes. Nothing was changed."},
	fault.Unauthenticated: {http.StatusUnauthorized, "unauthenticated", "not authenticated", "There is no key, or it is wrong, expired or revoked; which of them is not told."},
	fault.Refused:         {http.StatusForbidden, "refused", "refused", "The policy refuses; clause names the promise that does, when one does. The refusal is in the ledger."},
	fault.NotFound:        {http.StatusNotFound, "not-found", "not found", "There is no such thing, or not for this caller."},
	fault.Conflict:        {http.StatusConflict, "conflict", "conflict", "It exists already, or is being changed, or an idempotency key was used for another request."},
	fault.Stale:           {http.StatusPreconditionFailed, "stale", "stale version", "The record has changed since the version named; read it again."},
	fault.Erased:          {http.StatusGone, "erased", "erased", "The person or the tenant was erased; the keys are gone."},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "too-large", "too large", "Over a published bound."},
	fault.TooMany:         {http.StatusTooManyRequests, "too-many", "too many requests", "Over a rate bound; Retry-After says when to try again."},
	fault.Unavailable:     {http.StatusServiceUnavailable, "unavailable", "unavailable", "It cannot be decided or recorded now, so nothing was released or changed; Retry-After says when to try again."},
	fault.Other:           {http.StatusInternalServerError, "failure", "internal failure", "The server failed and says no more here; instance names the failure in its log."},
}

// Failures that HTTP alone knows, beside those of the domain.
var (
	schemaMeaning    = meaning{http.StatusUnprocessableEntity, "schema", "the body does not fit the schema", "The body is JSON, but not as the schema says; errors lists where."}
	mediaMeaning     = meaning{http.StatusUnsupportedMediaType, "media-type", "unsupported media type", "The body must be plain JSON (application/json, not compressed); a blob any type, not compressed."}
	methodMeaning    = meaning{http.StatusMethodNotAllowed, "method", "method not allowed", "Allow lists the methods of this address."}
	slowMeaning      = meaning{http.StatusRequestTimeout, "slow", "the body came too slowly", "The body did not arrive in time."}
	protocolMeanings = []meaning{schemaMeaning, mediaMeaning, methodMeaning, slowMeaning}
)

// httpError is a failure with a meaning of its own.
type httpError struct {
	meaning
	detail string
	errors []api.ProblemError
}

func (e *httpError) Error() string { return e.title }

func invalid(field, format string, args ...any) *fault.Error {
	return fault.New("httpapi.decode", fault.Invalid, format, args...).WithField(field)
}

func notFound() error {
	return fault.New("httpapi.route", fault.NotFound, "there is nothing at this address").
		WithHint("GET /docs lists the addresses")
}

// problemFor is the one place where an error becomes an answer. What went wrong inside the server
// stays in its log, under the instance's name.
func problemFor(err error) api.Problem {
	var special *httpError
	switch {
	case errors.As(err, &special):
		p := special.problem()
		p.Detail, p.Errors = special.detail, special.errors
		return p
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return meanings[fault.Unavailable].problem()
	}
	m, ok := meanings[fault.KindOf(err)]
	if !ok {
		m = meanings[fault.Other]
	}
	p := m.problem()
	if m.status >= http.StatusInternalServerError {
		p.Detail = m.why
		p.Instance = "urn:clause:failure:" + rand.Text()
		return p
	}
	p.Detail = fault.Public(err)
	var f *fault.Error
	if errors.As(err, &f) {
		p.Clause, p.Field, p.Hint = f.Clause, f.Field, f.Hint
	}
	return p
}

func (m meaning) problem() api.Problem {
	return api.Problem{Type: "/docs#problem-" + m.slug, Title: m.title, Status: m.status}
}

// fail answers with a problem, unless an answer has begun: then the connection is cut, so that
// nobody takes half of it for the whole.
func (x *exchange) fail(err error) {
	p := problemFor(err)
	x.failure, x.instance = err, p.Instance
	if x.status != 0 {
		panic(http.ErrAbortHandler)
	}
	h := x.Header()
	for _, name := range []string{"Etag", "Location", "Content-Disposition", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Content-Type", api.ProblemType)
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("Www-Authenticate", `Bearer realm="clause"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		h.Set("Connection", "close")
	}
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil {
		body = []byte(`{"type":"about:blank","title":"internal failure","status":500}`)
	}
	x.WriteHeader(p.Status)
	// A client that went away is no failure of ours.
	_, _ = x.Write(append(body, '\n'))
}
