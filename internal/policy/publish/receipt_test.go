package publish_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy/publish"
)

// TestReceipts: a receipt names whose it is and when, and nothing in it waits to be filled in.
func TestReceipts(t *testing.T) {
	p := policies(t)["clesaro"]
	for _, lang := range []string{"en", "ar"} {
		all, err := publish.Receipts(p, options(lang))
		if err != nil || len(all["insights"]) == 0 {
			t.Fatalf("%v: %d templates", err, len(all))
		}
		for given, state := range map[bool]string{true: "ConsentGiven", false: "ConsentWithdrawn"} {
			at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
			out, err := publish.ConsentReceipt(all["insights"], publish.Expressed{Record: "con_1", Principal: "sub_1", At: at, Given: given})
			if err != nil {
				t.Fatal(err)
			}
			var r struct {
				Header     map[string]string
				Processing map[string]any
				Events     []map[string]string
			}
			if err := json.Unmarshal(out, &r); err != nil {
				t.Fatal(err)
			}
			if r.Header["record_id"] != "con_1" || r.Header["receipt_id"] != "con_1.receipt" || r.Header["pii_principal_id"] != "sub_1" || r.Processing["language"] != lang {
				t.Errorf("%s: %v %v", lang, r.Header, r.Processing["language"])
			}
			if e := r.Events[0]; len(r.Events) != 1 || e["event_time"] != "2026-03-04T05:06:07Z" || e["entity_id"] != "sub_1" || !strings.HasSuffix(e["event_state"], state) {
				t.Errorf("%s: %v", lang, r.Events)
			}
			if strings.Contains(string(out), `"{`) {
				t.Errorf("something waits to be filled in: %s", out)
			}
		}
	}
	if _, err := publish.Receipts(p, options("xx")); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown language: %v", err)
	}
	if _, err := publish.ConsentReceipt([]byte("{"), publish.Expressed{}); err == nil {
		t.Error("half a template makes a receipt")
	}
}
