package objects

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// patience is how long the object store may say and take nothing before it is given up. A transfer that moves
// may last as long as it likes.
const patience = time.Minute

var errSilent = errors.New("it neither takes nor sends anything")

// patient is a transport that gives up on a silent peer.
type patient struct {
	http.RoundTripper
	limit time.Duration
}

// RoundTrip sends the request; the body of the answer is watched as well.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	w := &watch{limit: p.limit, cancel: cancel, timer: time.AfterFunc(p.limit, func() { cancel(errSilent) })}
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = sending{r.Body, w}
	}
	answer, err := p.RoundTripper.RoundTrip(r)
	w.timer.Stop()
	if err != nil {
		if context.Cause(ctx) == errSilent {
			err = errSilent
		}
		cancel(nil)
		return nil, err
	}
	answer.Body = receiving{answer.Body, w}
	return answer, nil
}

// watch ends an exchange when its timer does.
type watch struct {
	limit  time.Duration
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// sending is the body of a request: each piece that is taken from it is a sign of life.
type sending struct {
	io.ReadCloser
	*watch
}

func (s sending) Read(p []byte) (int, error) {
	s.timer.Reset(s.limit)
	return s.ReadCloser.Read(p)
}

// receiving is the body of an answer. Between two reads it is the reader that takes its time.
type receiving struct {
	io.ReadCloser
	*watch
}

func (r receiving) Read(p []byte) (int, error) {
	r.timer.Reset(r.limit)
	defer r.timer.Stop()
	return r.ReadCloser.Read(p)
}

func (r receiving) Close() error {
	defer r.cancel(nil)
	return r.ReadCloser.Close()
}
