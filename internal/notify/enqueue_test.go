package notify_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// Mistakes are seen where they are made.
func TestEnqueueRefuses(t *testing.T) {
	w := one(t)
	for name, change := range map[string]func(*notify.Message){
		"no event":             func(m *notify.Message) { m.Event = "" },
		"a name as an event":   func(m *notify.Message) { m.Event = "Zoe Smith" },
		"an address as a role": func(m *notify.Message) { m.Subject, m.Owner = "", "dpo@acme.example" },
		"nobody":               func(m *notify.Message) { m.Subject = "" },
		"two readers":          func(m *notify.Message) { m.Owner = "privacy" },
		"no such channel":      func(m *notify.Message) { m.Channel = "pigeon" },
		"a pager to a person":  func(m *notify.Message) { m.Channel = notify.Pager },
		"a letter to a role":   func(m *notify.Message) { m.Subject, m.Owner, m.Channel = "", "privacy", notify.Letter },
		"no words":             func(m *notify.Message) { m.Template = "rumour" },
		"words of elsewhere":   func(m *notify.Message) { m.Template = "../en/clock" },
		"terms as words":       func(m *notify.Message) { m.Template = "terms" },
		"a lack":               func(m *notify.Message) { m.Details = map[string]string{"request": "req_1", "right": " "} },
		"no language":          func(m *notify.Message) { m.Language = "en\r\nBcc: x" },
		"a strange detail":     func(m *notify.Message) { m.Details["Due Date"] = "x" },
		"too much":             func(m *notify.Message) { m.Details["text"] = strings.Repeat("x", 40<<10) },
	} {
		m := request("req_1:received", notify.Email)
		change(&m)
		err := w.outbox.DB.Write(t.Context(), tenant, func(tx *db.Tx) error { return notify.Enqueue(tx, m) })
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(w.rows()); n != 0 {
		t.Errorf("%d messages are there", n)
	}
}
