package vault

import (
	"slices"
	"testing"

	"clause.dev/clause/internal/fault"
)

// Consents count in the edition they were given in, and in no other, whatever else a person consented to.
func TestConsentsOfAnotherEdition(t *testing.T) {
	first, second := &Vault{}, &Vault{editions: map[string]string{"tips": "e2"}}
	given := first.stamped([]string{"insights", "tips"})
	if got := first.standingConsents(given); !slices.Equal(got, []string{"insights", "tips"}) {
		t.Errorf("in the first edition %q stand", got)
	}
	if got := second.standingConsents(given); !slices.Equal(got, []string{"insights"}) {
		t.Errorf("once tips outgrew them %q stand", got)
	}
	anew := second.stamped([]string{"insights", "tips"})
	if got := second.standingConsents(anew); !slices.Equal(got, []string{"insights", "tips"}) {
		t.Errorf("given anew %q stand", got)
	}
	if got := first.standingConsents(anew); !slices.Equal(got, []string{"insights"}) {
		t.Errorf("what was given to the second edition counts in the first: %q", got)
	}
}

// A purpose that outgrows its consents can read nothing of anybody who does not consent anew.
func TestAPurposeOutgrowsItsConsents(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
		get := func() error {
			_, err := w.vault.Get(w.ctx, w.app, of(sub, "transactions", tx).under(insights))
			return err
		}
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		must(t, get())
		w.vault.SetEditions(map[string]string{insights: "next"})
		want(t, get(), fault.Refused)
		if st, err := w.vault.Standing(w.ctx, w.app, "acme", sub); err != nil || len(st.Consents) != 0 {
			t.Errorf("standing is %+v, %v", st, err)
		}
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		must(t, get())
	})
}
