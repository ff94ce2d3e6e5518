package vault

import "testing"

// Holds are listed by page, for who may manage people or audit, and told in the ledger.
func TestHoldsAreListed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.allow("identity.email")
		var people []string
		for range 3 {
			people = append(people, w.person())
			w.hold(people[len(people)-1], "identity.email")
		}
		seen, cursor := map[string]bool{}, ""
		for {
			page, next, err := w.vault.Holds(w.ctx, w.app, "acme", cursor, 2)
			if err != nil || len(page) > 2 {
				t.Fatal(page, err)
			}
			for _, h := range page {
				if h.Reason != "case-1" || len(h.Keeps) != 1 || seen[h.Subject] {
					t.Errorf("%+v", h)
				}
				seen[h.Subject] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		for _, subject := range people {
			if !seen[subject] {
				t.Errorf("the hold on %s is not listed", subject)
			}
		}
		if e := w.newest("_org"); e.Kind != "hold.list" || e.Answer != "allow" {
			t.Errorf("the ledger has %+v", e)
		}
		if _, _, err := w.vault.Holds(w.ctx, w.foreign, "acme", "", 2); err == nil {
			t.Error("another tenant's credential lists holds")
		}
	})
}
