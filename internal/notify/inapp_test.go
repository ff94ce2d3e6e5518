package notify_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// In-app messages: the person's alone, the newest first, in their language, seen once.
func TestInbox(t *testing.T) {
	each(t, func(w *world) {
		other := request("req_9", notify.InApp)
		other.Subject = "sub_other"
		mail := request("req_9", notify.Email)
		w.enqueue(other, mail)
		for i := range 5 {
			w.now = w.now.Add(time.Second)
			w.enqueue(request(fmt.Sprintf("req_%d", i), notify.InApp))
		}
		w.run(0)
		var events []string
		cursor, first := "", ""
		for {
			page, next, err := w.outbox.Inbox(w.Context(), tenant, zoe, "ar-AE", cursor, 2)
			if err != nil {
				w.Fatal(err)
			}
			for _, n := range page {
				if first == "" {
					first = n.ID
				}
				events = append(events, n.Event)
				if n.Words.Language != "ar" || !strings.Contains(n.Words.Text, "وصلنا طلبك") || n.State != notify.Sent {
					w.Errorf("shown is %+v", n)
				}
			}
			if cursor = next; next == "" {
				break
			}
		}
		if want := []string{"req_4", "req_3", "req_2", "req_1", "req_0"}; !reflect.DeepEqual(events, want) {
			w.Errorf("the inbox is %q, want %q", events, want)
		}
		for range 2 {
			if n, err := w.outbox.See(w.Context(), tenant, zoe, first); err != nil || n.State != notify.Seen || n.Ended.IsZero() || n.Words.Text == "" {
				w.Errorf("%+v, %v", n, err)
			}
		}
		if _, err := w.outbox.See(w.Context(), tenant, "sub_other", first); !fault.Is(err, fault.NotFound) {
			w.Errorf("somebody else saw it: %v", err)
		}
		seen := slices.DeleteFunc(w.entries(), func(e string) bool { return !strings.HasPrefix(e, "message.seen") })
		if !slices.Equal(seen, []string{"message.seen p_zoe"}) {
			w.Errorf("the ledger has %q", seen)
		}
		for _, cursor := range []string{"x", "~.~", "1."} {
			if _, _, err := w.outbox.Inbox(w.Context(), tenant, zoe, "", cursor, 2); err != nil && !fault.Is(err, fault.Invalid) {
				w.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}
