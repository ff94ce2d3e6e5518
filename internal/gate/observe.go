package gate

import (
	"net/http"
	"strings"
	"time"

	"clause.dev/clause/internal/detection"
)

// observed is an answer on its way, and what is noted of it.
type observed struct {
	http.ResponseWriter
	gate   *Gate
	began  time.Time
	head   time.Time // when the answer began
	status int
	bytes  int64
	who    visitor
}

// Unwrap lets a connection be flushed and taken over.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// WriteHeader begins the answer.
func (o *observed) WriteHeader(status int) {
	if o.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		o.status, o.head = status, o.gate.Wall()
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *observed) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status, o.head = http.StatusOK, o.gate.Wall()
	}
	n, err := o.ResponseWriter.Write(p)
	o.bytes += int64(n)
	return n, err
}

// noteWho notes who sent a request.
func noteWho(w http.ResponseWriter, who visitor) {
	if o, ok := w.(*observed); ok {
		o.who = who
	}
}

// done tells what happened. A request that ended in the middle, and one that became a WebSocket, are over now.
func (o *observed) done(r *http.Request) {
	now := o.gate.Wall()
	i := detection.Interaction{
		At: now, Took: now.Sub(o.began), Method: r.Method, Path: r.URL.Path, Route: r.Pattern, Status: o.status, Bytes: o.bytes,
		Subject: o.who.subject, Session: o.who.session, Try: tryOf(r, o.status),
	}
	if !o.head.IsZero() {
		i.Took = o.head.Sub(o.began)
	}
	i.From, i.Port = detection.Place(r.RemoteAddr)
	o.gate.Observe(i)
}

// tryOf is what became of an attempt to prove who one is: those are forms of the account pages.
func tryOf(r *http.Request, status int) detection.Try {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Pattern, "POST "+Account) {
		return detection.None
	}
	if status == http.StatusUnauthorized || status == http.StatusTooManyRequests {
		return detection.Failed
	}
	for _, page := range []string{"/sign-in", "/sign-in/passkey", "/second"} {
		if strings.HasSuffix(r.Pattern, page) && status != 0 && status < http.StatusBadRequest {
			return detection.Passed
		}
	}
	return detection.None
}
