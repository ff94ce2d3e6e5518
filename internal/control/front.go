package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// door is a front door as the holder of one key sees it. It speaks the wire format itself, so that
// nothing between a probe and the server repeats, hides or mends anything.
type door struct {
	http     *http.Client
	url, key string
}

// call is one request. A body is sent as JSON, raw as it is.
type call struct {
	method, path       string
	purpose, recipient string
	fields             []string // the projection asked for
	body               any
	raw                []byte
	kind               string // of raw; application/octet-stream if empty
	host               string // under which name the door is asked; "" for that of its address
	cookies            []*http.Cookie
}

// answer is what came back.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	problem api.Problem // of a failure that tells why
}

const (
	maxAnswer = 8 << 20 // bytes of an answer that are read
	maxTries  = 4       // of a request that is told to come again
	maxPause  = 2 * time.Second
)

// do sends the call, again if the server says that it is too busy. The error says that there was
// no answer.
func (d door) do(ctx context.Context, c call) (answer, error) {
	for try := 1; ; try++ {
		a, err := d.once(ctx, c)
		if err != nil || try == maxTries || a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
			return a, err
		}
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After"))
		if err := pause(ctx, min(max(time.Duration(seconds)*time.Second, 100*time.Millisecond), maxPause)); err != nil {
			return a, err
		}
	}
}

func (d door) once(ctx context.Context, c call) (answer, error) {
	if d.http == nil || d.url == "" {
		return answer{}, errors.New("there is no front door")
	}
	req, err := d.request(ctx, c)
	if err != nil {
		return answer{}, err
	}
	client := *d.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, plain(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, plain(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), api.ProblemType) {
		json.Unmarshal(body, &a.problem) // what it does not say stays empty
	}
	return a, nil
}

func (d door) request(ctx context.Context, c call) (*http.Request, error) {
	body, kind := c.raw, cmp.Or(c.kind, "application/octet-stream")
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, err
		}
		kind = "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, c.method, d.url+c.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		api.HeaderPurpose: c.purpose, api.HeaderRecipient: c.recipient, api.HeaderFields: strings.Join(c.fields, ","),
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if d.key != "" {
		req.Header.Set("Authorization", "Bearer "+d.key)
	}
	if c.host != "" {
		req.Host = c.host
	}
	for _, cookie := range c.cookies {
		req.AddCookie(cookie)
	}
	if len(body) > 0 || c.kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// plain puts an error in words that name no address, path or query: facts are published.
func plain(err error) error {
	var already said
	var of *url.Error
	var on *net.OpError
	var at *fs.PathError
	var own *fault.Error
	switch {
	case errors.As(err, &already):
	case errors.As(err, &of), errors.As(err, &on):
		return said{distant(err).Error(), err}
	case errors.As(err, &at):
		return said{at.Err.Error(), err}
	case errors.As(err, &own):
		return said{fault.Public(err), err}
	}
	return err
}

// said is an error in other words.
type said struct {
	words string
	error
}

func (e said) Error() string { return e.words }

func (e said) Unwrap() error { return e.error }

// came is what came in place of what had to: an answer, or why there was none.
func came(a answer, err error) any {
	if err != nil {
		return err
	}
	return a
}

// ok reports whether the request was carried out.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// refused reports whether the server turned the request down for what was asked, and not because
// it was malformed, came from nobody, or found the server in trouble.
func (a answer) refused() bool {
	return a.status == http.StatusForbidden || a.status == http.StatusNotFound || a.status == http.StatusGone
}

// malformed reports whether the server found fault with the form of what was sent.
func (a answer) malformed() bool {
	return a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity
}

// String says the answer for a fact: its status, and the clause that refused.
func (a answer) String() string {
	if a.problem.Clause != "" {
		return fmt.Sprintf("status %d, by clause %s", a.status, a.problem.Clause)
	}
	return fmt.Sprintf("status %d", a.status)
}

// done turns an answer that had to be a success, and was not, into an error.
func done(what string, a answer, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case !a.ok():
		return fmt.Errorf("%s: %s", what, a)
	}
	return nil
}

// mustRefuse notes an answer that has to be a refusal, malformed or not.
func (t *trial) mustRefuse(what string, a answer, err error) {
	switch {
	case err != nil:
		t.hurdle("%s: %v", what, err)
	case a.ok():
		t.breach("%s was allowed.", what)
	case a.refused() || a.malformed():
		t.good("%s was refused (%s).", what, a)
	default:
		t.hurdle("%s: %s", what, a)
	}
}

// mustForbid is mustRefuse for requests whose form is right: that the server finds it malformed
// proves nothing.
func (t *trial) mustForbid(what string, a answer, err error) {
	if err == nil && a.malformed() {
		t.hurdle("%s: %s", what, a)
		return
	}
	t.mustRefuse(what, a, err)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// mustShow notes an answer that has to be a success for what is tried next to mean anything.
func (t *trial) mustShow(what string, a answer, err error) bool {
	if err := done(what, a, err); err != nil {
		t.hurdle("%v", err)
		return false
	}
	return true
}
