package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"clause.dev/clause/internal/fault"
)

// PagerDuty calls whoever is on duty, by PagerDuty's Events API v2.
type PagerDuty struct {
	url, key, source string
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
	if !idForm.MatchString(key) || len(key) < 16 {
		return nil, fault.New(op, fault.Invalid, "the pager's key is no key of an integration").WithHint("PagerDuty shows it at the service: Integrations, Events API V2")
	}
	return &PagerDuty{url: address, key: key, source: line(source), client: direct(client)}, nil
}

// event is what PagerDuty takes.
type event struct {
	RoutingKey string       `json:"routing_key"`
	Action     string       `json:"event_action"`
	DedupKey   string       `json:"dedup_key"`
	Payload    eventPayload `json:"payload"`
}

type eventPayload struct {
	Summary  string `json:"summary"`
	Source   string `json:"source"`
	Severity string `json:"severity"`
}

// Send raises an alert, one for each message: PagerDuty makes one of those with the same dedup_key, so
// that a try that was cut off calls nobody twice.
func (p *PagerDuty) Send(ctx context.Context, d *Dispatch) error {
	body, err := json.Marshal(event{
		RoutingKey: p.key, Action: "trigger", DedupKey: "clause-" + d.Key(),
		Payload: eventPayload{Summary: d.Words.Subject, Source: p.source, Severity: severityOf(&d.Message)},
	})
	if err != nil {
		return err
	}
	return post(ctx, p.client, p.url, body, nil)
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
