package vault

import (
	"testing"

	"clause.dev/clause/internal/fault"
)

// TestWhose: by a unique value, also of somebody whose data is restricted; nobody else, and each is recorded.
func TestWhose(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.person()
		w.put(of(a, "identity", ""), fields("first_name", "A", "email", "a@example.org"))
		must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", a, true))
		whose := func(c Caller, field, value string) (string, error) {
			return w.vault.Whose(w.ctx, c, "acme", "identity", field, value)
		}
		got, err := whose(w.app, "email", "A@Example.org")
		must(t, err)
		if got != a {
			t.Fatalf("it is of %q", got)
		}
		if e := w.newest("acme"); e.Kind != "subject.find" || e.Answer != "allow" || e.Subject == "" {
			t.Fatalf("entry %+v", e)
		}
		_, err = whose(w.app, "email", "b@example.org")
		want(t, err, fault.NotFound)
		if e := w.newest("acme"); e.Kind != "subject.find" || e.Subject != "" {
			t.Fatalf("entry %+v", e)
		}
		_, err = whose(w.app, "email", "no address")
		want(t, err, fault.Invalid)
		_, err = whose(w.app, "phone", "+97140000000") // not unique
		want(t, err, fault.Invalid)
		_, err = w.vault.Whose(w.ctx, w.app, "acme", "nothing", "email", "a@example.org")
		want(t, err, fault.Invalid)
		_, err = whose(w.foreign, "email", "a@example.org")
		want(t, err, fault.Refused)
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", a))
		_, err = whose(w.app, "email", "a@example.org")
		want(t, err, fault.NotFound)
	})
}
