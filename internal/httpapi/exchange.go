package httpapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"clause.dev/clause/internal/fault"
)

// exchange is one request and its answer.
type exchange struct {
	http.ResponseWriter
	*http.Request
	service  *service
	began    time.Time
	status   int    // 0 until the answer has begun
	bytes    int64  // of the answer's body
	actor    string // the credential, once it is known
	failure  error
	instance string
}

// WriteHeader begins the answer.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write sends part of the answer.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.bytes += int64(len(b))
	return x.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Header is that of the answer; the request's is x.Request.Header.
func (x *exchange) Header() http.Header { return x.ResponseWriter.Header() }

func (x *exchange) controller() *http.ResponseController {
	return http.NewResponseController(x.ResponseWriter)
}

// send answers with JSON that is encoded already.
func (x *exchange) send(status int, body []byte) error {
	h := x.Header()
	h["Content-Type"] = isJSON
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.WriteHeader(status)
	// A client that went away is no failure of ours.
	_, _ = x.Write(body)
	return nil
}

// show answers with what is no JSON, and with what it may load if it is a page.
func (x *exchange) show(status int, kind, policy string, body []byte) error {
	h := x.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if policy != "" {
		h.Set("Content-Security-Policy", policy)
	}
	x.WriteHeader(status)
	// A client that went away is no failure of ours.
	_, _ = x.Write(body)
	return nil
}

// answer encodes v.
func (x *exchange) answer(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fault.As("httpapi.answer", fault.Other, err)
	}
	return x.send(status, append(body, '\n'))
}

// done answers with nothing.
func (x *exchange) done() error {
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// patient lifts the time-outs of the connection, for an operation that takes minutes.
func (x *exchange) patient(limit time.Duration) {
	c := x.controller()
	// A writer without deadlines, as in tests, has none to lift.
	_ = c.SetReadDeadline(time.Time{})
	_ = c.SetWriteDeadline(x.service.Wall().Add(limit))
}

// panicked answers for a handler that panicked, and reports whether the connection must be cut.
// The panic's value may hold personal data: its type and place are logged, itself only if the
// runtime made it.
func (x *exchange) panicked(p any) (cut bool) {
	what := fmt.Sprintf("panic: %T", p)
	if err, ok := p.(runtime.Error); ok {
		what = "panic: " + err.Error()
	}
	x.service.Log.Error("panic", "route", x.Pattern, "what", what, "stack", string(debug.Stack()))
	defer func() {
		if recover() != nil {
			cut = true // fail found that the answer had begun
		}
	}()
	x.fail(fault.New("httpapi.ServeHTTP", fault.Other, "%s", what))
	return false
}

// log writes what happened: successes at debug level, since the ledger has them all.
func (x *exchange) log() {
	level := slog.LevelDebug
	switch {
	case x.status >= http.StatusInternalServerError, x.instance != "":
		level = slog.LevelError
	case x.status >= http.StatusBadRequest:
		level = slog.LevelInfo
	}
	l, ctx := x.service.Log, x.Context()
	if !l.Enabled(ctx, level) {
		return
	}
	line := []slog.Attr{
		slog.String("route", x.Pattern), slog.Int("status", x.status),
		slog.Duration("took", x.service.Wall().Sub(x.began)), slog.String("credential", x.actor),
	}
	if x.instance != "" {
		line = append(line, slog.String("instance", x.instance), slog.String("error", x.failure.Error()))
	}
	l.LogAttrs(ctx, level, "request", line...)
}
