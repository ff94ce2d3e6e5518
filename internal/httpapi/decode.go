package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// maxBody bounds a JSON body, in bytes.
const maxBody = 1 << 20

// mediaTypes are those of a JSON body.
var mediaTypes = []string{"application/json", "application/merge-patch+json"}

// body reads the body whole and makes sure that it is JSON.
func (x *exchange) body() ([]byte, error) {
	data, err := x.read()
	if err != nil {
		return nil, err
	}
	return data, checkJSON(data)
}

// read reads the body whole. The domain may keep what it gets, so the bytes are its own.
func (x *exchange) read() ([]byte, error) {
	if err := x.plainJSON(); err != nil {
		return nil, err
	}
	return x.bounded(maxBody)
}

// bounded reads the body whole, of at most so many bytes. Whoever sends a byte a minute is cut off.
func (x *exchange) bounded(most int64) ([]byte, error) {
	if x.ContentLength > most {
		return nil, tooLarge(most)
	}
	// Tests without a connection have no deadline.
	_ = x.controller().SetReadDeadline(x.service.Wall().Add(x.service.Limits.BodyWithin))
	data, err := readBody(x.Body, x.ContentLength, most)
	if err != nil {
		return nil, bodyError(err)
	}
	return data, nil
}

// plainJSON refuses what is compressed, so that a small body cannot become a huge one, and what
// does not claim to be JSON, so that a form on a web page cannot send it.
func (x *exchange) plainJSON() error {
	h := x.Request.Header
	if h["Content-Encoding"] != nil {
		return &httpError{meaning: mediaMeaning, detail: "the body must not be compressed"}
	}
	if types := h["Content-Type"]; len(types) == 1 {
		if types[0] == mediaTypes[0] {
			return nil
		}
		kind, params, err := mime.ParseMediaType(types[0])
		charset := params["charset"]
		if err == nil && (kind == mediaTypes[0] || kind == mediaTypes[1]) && (charset == "" || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	return &httpError{meaning: mediaMeaning, detail: "the body must be application/json in UTF-8"}
}

func readBody(r io.Reader, length, most int64) ([]byte, error) {
	if length < 0 {
		data, err := io.ReadAll(io.LimitReader(r, most+1))
		if err == nil && int64(len(data)) > most {
			err = tooLarge(most)
		}
		return data, err
	}
	data := make([]byte, length)
	_, err := io.ReadFull(r, data)
	return data, err
}

func tooLarge(limit int64) error {
	return &httpError{meaning: meanings[fault.TooLarge], detail: "the body is over " + strconv.FormatInt(limit, 10) + " bytes"}
}

// bodyError tells what went wrong while the client sent.
func bodyError(err error) error {
	var known *httpError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &httpError{meaning: slowMeaning, detail: "the body did not arrive in time"}
	}
	return &httpError{meaning: meanings[fault.Invalid], detail: "the body ended early"}
}

// nothing makes sure that the request has no body.
func (x *exchange) nothing() error {
	if x.ContentLength == 0 {
		return nil
	}
	if x.ContentLength < 0 {
		_ = x.controller().SetReadDeadline(x.service.Wall().Add(x.service.Limits.BodyWithin))
		if _, err := io.ReadFull(x.Body, make([]byte, 1)); err == io.EOF {
			return nil
		}
	}
	return invalid("", "this operation takes no body")
}

// decode reads the body into a value of the type, after it was found to fit the type's schema.
func decode[T any](x *exchange) (T, error) {
	data, err := x.body()
	if err != nil {
		var none T
		return none, err
	}
	return decodeBody[T](x, data)
}

func decodeBody[T any](x *exchange, data []byte) (T, error) {
	var v T
	if problems := x.service.books.check(v, data); len(problems) > 0 {
		return v, &httpError{meaning: schemaMeaning, detail: "the body does not fit the schema", errors: problems}
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, &httpError{meaning: schemaMeaning, detail: "the body does not fit the schema"}
	}
	return v, nil
}

// checkQuery takes a query only of the parameters known, once each. Values to look up have no
// place in an address: addresses end up in logs.
func (x *exchange) checkQuery(known []parameter) error {
	values, err := url.ParseQuery(x.URL.RawQuery)
	if err != nil {
		return invalid("query", "the query is malformed")
	}
	for name, all := range values {
		found := false
		for _, p := range known {
			found = found || p.name == name
		}
		if !found {
			return invalid("query", "the query holds a parameter that this operation does not take")
		}
		if len(all) != 1 {
			return invalid(name, "the parameter is repeated")
		}
	}
	return nil
}

// page returns the cursor and the limit of a list.
func (x *exchange) page() (cursor string, limit int, err error) {
	limit = defaultPage
	if x.URL.RawQuery == "" {
		return "", limit, nil
	}
	q := x.URL.Query()
	if cursor = q.Get("cursor"); len(cursor) > maxCursor {
		return "", 0, invalid("cursor", "the cursor is none of this server's")
	}
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > api.MaxPage {
			return "", 0, invalid("limit", "the limit must be a number from 1 to %d", api.MaxPage)
		}
	}
	return cursor, limit, nil
}

const (
	defaultPage = 50
	maxCursor   = 512
)

// pacedReader reads a blob's body: bounded in size, and cut off when it falls behind the rate.
type pacedReader struct {
	x     *exchange
	limit int64
	n     int64
	set   int64 // n at the last deadline
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if p.n >= p.set {
		p.x.paceRead(p.n)
		p.set = p.n + 256<<10
	}
	n, err := p.x.Body.Read(b)
	if p.n += int64(n); p.n > p.limit {
		return 0, tooLarge(p.limit)
	}
	if err != nil && err != io.EOF {
		err = bodyError(err)
	}
	return n, err
}

func (x *exchange) paceRead(sofar int64) {
	_ = x.controller().SetReadDeadline(x.due(sofar))
	// The answer comes after the body: its own time begins when the body's ends.
	_ = x.controller().SetWriteDeadline(x.due(sofar).Add(time.Minute))
}

// due is when a blob's next part must have moved: a grace, and what the rate allows for the rest.
func (x *exchange) due(sofar int64) time.Time {
	allowed := time.Duration(float64(sofar) / float64(x.service.Limits.BlobRate) * float64(time.Second))
	return x.began.Add(x.service.Limits.BodyWithin + allowed)
}
