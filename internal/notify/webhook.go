package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Hook posts messages to the company's own systems, signed as standardwebhooks.com describes: the fields
// webhook-id, webhook-timestamp and webhook-signature, an HMAC-SHA256 of id.timestamp.body.
type Hook struct {
	url    string
	secret []byte
	client *http.Client
}

// leastSecret is the least length of a secret, in bytes.
const leastSecret = 24

// NewHook returns the webhook at an address, signed with a secret: whsec_ and base64, or at least 24
// characters as they are.
func NewHook(address, secret string, client *http.Client) (*Hook, error) {
	const op = "notify.NewHook"
	if err := checkWeb(op, "the webhook", address); err != nil {
		return nil, err
	}
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, fault.New(op, fault.Invalid, "the webhook's secret is not base64 after whsec_")
		}
	}
	if len(key) < leastSecret {
		return nil, fault.New(op, fault.Invalid, "the webhook's secret is shorter than %d bytes", leastSecret).WithHint("echo whsec_$(openssl rand -base64 32) > FILE")
	}
	return &Hook{url: address, secret: key, client: direct(client)}, nil
}

// checkWeb refuses addresses at which what is posted could be read on its way.
func checkWeb(op, what, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return fault.New(op, fault.Invalid, "%s is at no address that begins with https://", what).WithHint("http is for this machine alone")
	}
	if u.User != nil {
		return fault.New(op, fault.Invalid, "the address of %s holds a password", what).WithHint("it is signed instead: leave the password out")
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// direct is a client that follows no redirection: what is sent goes where the operator said, or nowhere.
func direct(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	own := *c
	own.Timeout = patience
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// posted is the body of a webhook: ids and figures, no words and no address.
type posted struct {
	ID       string            `json:"id"`
	Event    string            `json:"event"`
	Template string            `json:"template"`
	Tenant   string            `json:"tenant"`
	Subject  string            `json:"subject,omitempty"`
	Role     string            `json:"role,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
	At       time.Time         `json:"at"`
}

// Send posts a message.
func (h *Hook) Send(ctx context.Context, d *Dispatch) error {
	body, err := json.Marshal(posted{
		ID: d.ID, Event: d.Event, Template: d.Template, Tenant: d.Tenant, Subject: d.Subject, Role: d.Owner,
		Details: d.Details, At: time.UnixMicro(d.Sent).UTC(),
	})
	if err != nil {
		return err
	}
	id, at := "msg_"+d.Key(), strconv.FormatInt(d.Now/1e6, 10)
	return post(ctx, h.client, h.url, body, http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {at}, "Webhook-Signature": {"v1," + h.sign(id, at, body)},
	})
}

func (h *Hook) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, h.secret)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// understood are the answers by which a receiver says that it has read the message and will never take
// it. Any other is its own trouble, or a mistake in its address, which somebody may put right.
var understood = map[int]bool{
	http.StatusBadRequest: true, http.StatusGone: true, http.StatusRequestEntityTooLarge: true,
	http.StatusUnsupportedMediaType: true, http.StatusUnprocessableEntity: true,
}

// post sends a JSON body once.
func post(ctx context.Context, client *http.Client, address string, body []byte, header http.Header) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for key, values := range header {
		r.Header[key] = values
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Clause")
	answer, err := client.Do(r)
	if err != nil {
		return &Outage{Reason: "unreachable", Err: withoutAddress(err)}
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	reason := "http-" + strconv.Itoa(answer.StatusCode)
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		return nil
	case understood[answer.StatusCode]:
		return &Refusal{Reason: reason}
	}
	return &Outage{Reason: reason}
}

// withoutAddress leaves the address out of an error: one of a webhook may hold a secret.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
