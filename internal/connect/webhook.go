package connect

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// hookSystem is a system behind a signed webhook: docs/connectors.md is its contract.
type hookSystem struct {
	*webhook
	id, identifier string
	client         *http.Client
	now            func() time.Time
	first          time.Duration // the wait after the first failure
}

// Bounds of what a webhook may answer.
const (
	maxAnswer = 64 << 10
	maxLine   = 1 << 20
	maxWait   = 30 * time.Second
)

func newHook(c *Connector, roots *x509.CertPool, now func() time.Time) *hookSystem {
	dialer := net.Dialer{Timeout: 10 * time.Second, Control: guard(c.hook.private)}
	return &hookSystem{webhook: c.hook, id: c.ID, identifier: c.Identifier, now: now, first: 500 * time.Millisecond, client: &http.Client{
		// No proxy: one would connect where we must not.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2: true, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (h *hookSystem) close() error { h.client.CloseIdleConnections(); return nil }

func (h *hookSystem) lines(a Action) []Line {
	l := Line{System: h.id, Did: a.name, State: Open}
	switch {
	case a.name == "rectification" && len(h.concerned(a.fixes)) == 0:
		return nil
	case passed(a.name) && !slices.Contains(h.takes, a.name):
		l.State, l.Why = ByHand, "the system takes none from here: staff see to it there"
	}
	return []Line{l}
}

// asked is the body of a call.
type asked struct {
	Action     string   `json:"action"`
	ID         string   `json:"id"`
	At         string   `json:"at"`
	Tenant     string   `json:"tenant,omitempty"`
	Identifier string   `json:"identifier,omitempty"`
	Values     []string `json:"values,omitempty"`

	Purposes []string                   `json:"purposes,omitempty"` // of an objection or a withdrawal
	Data     string                     `json:"data,omitempty"`     // of a rectification
	Record   string                     `json:"record,omitempty"`
	Fields   map[string]json.RawMessage `json:"fields,omitempty"`
}

// answered is the answer to all actions but export.
type answered struct {
	State string `json:"state"`
	Rows  *int64 `json:"rows"`
}

// refusal is an answer that asking again will not change, in our words.
type refusal string

func (r refusal) Error() string { return string(r) }

// outage is a trouble that may pass.
type outage struct {
	why  string
	wait time.Duration // as the other asks
}

func (o outage) Error() string { return o.why }

func (h *hookSystem) walk(ctx context.Context, t task) []Line {
	l := h.lines(t.Action)[0]
	var err error
	switch t.name {
	case "export":
		l.Rows, err = h.export(ctx, t)
	case "erase":
		l.Rows, l.State, err = h.erase(ctx, t)
	case "count":
		l.Rows, err = h.ask(ctx, t, "verify")
	case "rectification":
		l.Rows, err = h.rectify(ctx, t)
	case "restriction", "objection", "withdrawal":
		l.Rows, err = h.ask(ctx, t, t.name)
	default:
		if l.Rows, err = h.ask(ctx, t, "verify"); err == nil && l.Rows > 0 {
			err = refusal(fmt.Sprintf("%d rows are there", l.Rows))
		}
	}
	switch {
	case err == nil:
		l.State = Done
	case errors.Is(err, errWorking):
		l.State, l.Why = Working, err.Error()
	default:
		l.State, l.Why = Failed, h.why(ctx, err)
	}
	return []Line{l}
}

// errWorking is that the other goes on with it.
var errWorking = errors.New("the system says it is still working on it")

// erase has the rows erased and asks what is left. Told again under one id, the other does it once.
func (h *hookSystem) erase(ctx context.Context, t task) (int64, State, error) {
	if err := t.save([]Line{{System: h.id, Did: t.name, State: Working, Rows: t.earlier(""), Why: "begun"}}); err != nil {
		return 0, Open, refusal("what is begun could not be recorded, so it was not begun")
	}
	n, err := h.ask(ctx, t, "erase")
	n = max(n, t.earlier(""))
	if err != nil {
		return n, Failed, err
	}
	left, err := h.ask(ctx, t, "verify")
	if err == nil && left > 0 {
		err = refusal(fmt.Sprintf("the system says it was done, but asked again it counts %d rows", left))
	}
	return n, Failed, err
}

// ask calls for erase or verify, until the answer is final or time is over. It returns the rows told of.
func (h *hookSystem) ask(ctx context.Context, t task, action string) (n int64, err error) {
	err = h.insist(ctx, func(ctx context.Context) error {
		return h.call(ctx, t, action, func(body io.Reader) error {
			var a answered
			data, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
			if err != nil {
				return outage{why: "the answer broke off"}
			}
			switch err := json.Unmarshal(data, &a); {
			case err != nil || len(data) > maxAnswer || a.Rows != nil && *a.Rows < 0:
				return refusal("the answer is not what the contract says")
			case a.State == "working":
				return errWorking
			case a.State == "failed":
				return refusal("the system says it failed")
			case a.State != "done" || a.Rows == nil:
				return refusal("the answer is not what the contract says")
			}
			n = *a.Rows
			return nil
		})
	})
	return n, err
}

// insist tries again what may succeed later, after longer and longer waits.
func (h *hookSystem) insist(ctx context.Context, try func(context.Context) error) (err error) {
	wait := h.first
	for left := h.attempts; ; {
		one, cancel := context.WithTimeout(ctx, h.webhook.call)
		err = try(one)
		cancel()
		var o outage
		switch {
		case errors.Is(err, errWorking): // patience is the connector's timeout alone
		case errors.As(err, &o) && left > 1:
			left--
		default:
			return err
		}
		timer := time.NewTimer(min(max(wait, o.wait), maxWait))
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		wait = min(2*wait, maxWait)
	}
}

// call posts once and reads the answer.
func (h *hookSystem) call(ctx context.Context, t task, action string, read func(io.Reader) error) error {
	at := h.now().UTC()
	a := asked{Action: action, At: at.Format(time.RFC3339)}
	if action != "ping" {
		a.Tenant, a.Identifier, a.Values = t.person.Tenant, h.identifier, t.ids
	}
	ref := t.person.Ref
	if passed(action) {
		a.Purposes = t.purposes
	}
	if t.fix != nil && action == "rectification" {
		a.Data, a.Record, a.Fields = t.fix.DataSet, t.fix.Record, t.fix.Fields
		ref += "\x00" + t.fix.digest()
	}
	a.ID = h.name(ref, action)
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Clause")
	r.Header.Set("Webhook-Id", a.ID)
	r.Header.Set("Webhook-Timestamp", stamp)
	r.Header.Set("Webhook-Signature", "v1,"+sign(h.secret, a.ID, stamp, body))
	answer, err := h.client.Do(r)
	if err != nil {
		return h.unreached(err)
	}
	defer answer.Body.Close()
	return h.status(answer, read)
}

// status reads the body of an answer that is one.
func (h *hookSystem) status(answer *http.Response, read func(io.Reader) error) error {
	code := answer.StatusCode
	why := "the system answers with status " + strconv.Itoa(code)
	switch {
	case code == http.StatusOK || code == http.StatusAccepted:
		return read(answer.Body)
	case code >= 300 && code < 400:
		return refusal("the system answers with a redirection, which is not followed")
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // 0 where there is none
		return outage{why, min(time.Duration(max(0, min(seconds, 3600)))*time.Second, maxWait)}
	}
	return refusal(why)
}

// unreached tells why there was no answer. An error's own words may hold the address, which may hold a secret.
func (h *hookSystem) unreached(err error) error {
	var unknown *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errPrivate):
		return refusal(errPrivate.Error())
	case errors.As(err, &unknown):
		return refusal("the system's certificate is not known")
	case errors.Is(err, context.DeadlineExceeded):
		return outage{why: "the system did not answer in time"}
	}
	return outage{why: "the system cannot be reached"}
}

// name is one name for one action of one request, without saying which: what was erased under it once
// must not be a stranger's to ask for.
func (h *hookSystem) name(ref, action string) string {
	mac := hmac.New(sha256.New, h.secret)
	fmt.Fprintf(mac, "%s\x00%s\x00%s", h.id, action, ref)
	return "req_" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// sign signs as standardwebhooks.com describes.
func sign(secret []byte, id, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (h *hookSystem) why(ctx context.Context, err error) string {
	var r refusal
	var o outage
	switch {
	case errors.As(err, &r), errors.As(err, &o):
		return err.Error()
	case errors.Is(err, errSink):
		return errSink.Error()
	case ctx.Err() != nil:
		return "it took longer than the connector's timeout, or was interrupted"
	}
	return "the call failed"
}
