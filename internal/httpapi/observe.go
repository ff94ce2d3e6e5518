package httpapi

import (
	"net/http"

	"clause.dev/clause/internal/detection"
)

// observe tells what happened.
func (x *exchange) observe() {
	s := x.service
	if s.Observe == nil {
		return
	}
	now := s.Wall()
	i := detection.Interaction{
		At: now, Took: now.Sub(x.began), Method: x.Method, Path: x.URL.Path, Route: x.Pattern,
		Status: x.status, Bytes: x.bytes, Try: x.try(),
	}
	i.From, i.Port = detection.Place(x.RemoteAddr)
	s.Observe(i)
}

// try is what became of a key that was shown. Who shows none guesses none.
func (x *exchange) try() detection.Try {
	switch shown := len(x.Request.Header["Authorization"]) > 0; {
	case x.actor != "":
		return detection.Passed
	case shown && (x.status == http.StatusUnauthorized || x.status == http.StatusTooManyRequests):
		return detection.Failed
	}
	return detection.None
}
