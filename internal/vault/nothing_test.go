package vault

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
)

// What comes to nothing leaves a trace: whoever tries e-mail addresses until one is taken, or ids until
// one is there, is in the ledger.
func TestWhatComesToNothingIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub, peer := w.person(), w.person()
		w.put(of(sub, "identity", ""), identity("taken@example.org"))
		session := w.session(sub, "t")
		nobody := newID(subjectPrefix)
		for _, c := range []struct {
			name   string
			try    func() error
			kind   fault.Kind
			reason string
		}{
			{"put for nobody", func() error { return w.tryPut(of(nobody, "identity", ""), identity("n@example.org"), Condition{}) }, fault.NotFound, "not found"},
			{"put a value that is taken", func() error { return w.tryPut(of(peer, "identity", ""), identity("taken@example.org"), Condition{}) }, fault.Conflict, "conflict"},
			{"put twice", func() error { return w.tryPut(of(sub, "identity", ""), identity("b@example.org"), Condition{}) }, fault.Conflict, "conflict"},
			{"put an old version", func() error {
				return w.tryPut(of(sub, "identity", single), identity("b@example.org"), Condition{true, 7})
			}, fault.Stale, "stale version"},
			{"delete for nobody", func() error { return w.vault.Delete(w.ctx, w.app, of(nobody, "identity", single), Condition{}) }, fault.NotFound, "not found"},
			{"delete what is not there", func() error { return w.vault.Delete(w.ctx, w.app, of(peer, "identity", single), Condition{}) }, fault.NotFound, "not found"},
			{"delete an old version", func() error { return w.vault.Delete(w.ctx, w.app, of(sub, "identity", single), Condition{true, 7}) }, fault.Stale, "stale version"},
			{"a blob for nobody", func() error {
				_, err := w.upload(of(nobody, "transactions", newRecordID(w.clock.now())), "receipt", strings.NewReader("x"))
				return err
			}, fault.NotFound, "not found"},
			{"restrict nobody", func() error { return w.vault.SetRestriction(w.ctx, w.app, "acme", nobody, true) }, fault.NotFound, "not found"},
			{"ask of nobody", func() error { _, err := w.vault.Standing(w.ctx, w.app, "acme", nobody); return err }, fault.NotFound, "not found"},
			{"an old version in memory", func() error {
				return w.tryPut(of(sub, "sessions", session).under(security), fields("token", "u"), Condition{true, 7})
			}, fault.Stale, "stale version"},
		} {
			before := w.size("acme")
			want(t, c.try(), c.kind)
			if n := w.size("acme") - before; n != 1 {
				t.Errorf("%s: %d entries", c.name, n)
			} else if e := w.newest("acme"); e.Reason != c.reason {
				t.Errorf("%s: the entry says %q", c.name, e.Reason)
			}
		}
		w.verified("acme")
	})
}

func (w *world) tryPut(t Target, f Fields, cond Condition) error {
	_, err := w.vault.Put(w.ctx, w.app, t, f, cond, Idempotency{})
	return err
}
