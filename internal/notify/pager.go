package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"

	"clause.dev/clause/internal/fault"
)

// PagerDuty calls whoever is on duty, by PagerDuty's Events API v2.
type PagerDuty struct {
	url, key, source string
	keys             map[string]string // of roles that have an integration of their own
	client           *http.Client
}

// pagerURL is where events go.
const pagerURL = "https://events.pagerduty.com/v2/enqueue"

// NewPagerDuty returns the pager of an integration's key. source names this server. An empty address is
// PagerDuty's own.
func NewPagerDuty(key, source, address string, client *http.Client) (*PagerDuty, error) {
	const op = "notify.NewPagerDuty"
	if address == "" {
		address = pagerURL
	}
	if err := checkWeb(op, "the pager", address); err != nil {
		return nil, err
	}
	if err := checkKey(op, key); err != nil {
		return nil, err
	}
	return &PagerDuty{url: address, key: key, source: line(source), client: direct(client)}, nil
}

// Own gives roles keys of integrations of their own, so that each calls somebody else.
func (p *PagerDuty) Own(keys map[string]string) error {
	for _, key := range keys {
		if err := checkKey("notify.Own", key); err != nil {
			return err
		}
	}
	p.keys = keys
	return nil
}

func checkKey(op, key string) error {
	if idForm.MatchString(key) && len(key) >= 16 {
		return nil
	}
	return fault.New(op, fault.Invalid, "the pager's key is no key of an integration").WithHint("PagerDuty shows it at the service: Integrations, Events API V2")
}

// event is what PagerDuty takes.
type event struct {
	RoutingKey string        `json:"routing_key"`
	Action     string        `json:"event_action"`
	DedupKey   string        `json:"dedup_key"`
	Payload    *eventPayload `json:"payload,omitempty"` // of a trigger
}

type eventPayload struct {
	Summary  string `json:"summary"`
	Source   string `json:"source"`
	Severity string `json:"severity"`
}

// What PagerDuty does with an event.
const (
	trigger = "trigger" // calls whoever is on duty
	resolve = "resolve"
)

// Send raises an alert, one for each message: PagerDuty makes one of those with the same dedup_key, so
// that a try that was cut off calls nobody twice. A message whose detail action says so acknowledges or
// resolves what an earlier one of the same detail page raised.
func (p *PagerDuty) Send(ctx context.Context, d *Dispatch) error {
	action := trigger
	if a := d.Details["action"]; a == "acknowledge" || a == resolve {
		action = a
	}
	return p.post(ctx, d, action)
}

// Rehearse tries the way to the pager without calling anybody: what it resolves was never raised.
func (p *PagerDuty) Rehearse(ctx context.Context, d *Dispatch) error { return p.post(ctx, d, resolve) }

func (p *PagerDuty) post(ctx context.Context, d *Dispatch, action string) error {
	e := event{RoutingKey: cmp.Or(p.keys[d.Owner], p.key), Action: action, DedupKey: "clause-" + pageKey(d)}
	if action == trigger {
		e.Payload = &eventPayload{Summary: d.Words.Subject, Source: p.source, Severity: severityOf(&d.Message)}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return post(ctx, p.client, p.url, body, nil)
}

// pageKey names what is raised and later resolved, over all tenants, and tells nothing about it.
func pageKey(d *Dispatch) string {
	page := d.Details["page"]
	if page == "" {
		return d.Key()
	}
	sum := sha256.Sum256([]byte(d.Tenant + "\x00" + page + "\x00" + d.Owner))
	return hex.EncodeToString(sum[:16])
}

// severityOf is how bad it is: what the message says, or what its event tells.
func severityOf(m *Message) string {
	if s := m.Details["severity"]; slices.Contains([]string{"critical", "error", "warning", "info"}, s) {
		return s
	}
	switch m.Details["what"] {
	case "target-passed", "limit-near", "pause-ended":
		return "warning"
	case "escalated":
		return "critical"
	}
	return "error"
}
