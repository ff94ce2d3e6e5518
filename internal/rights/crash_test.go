package rights_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

var errCrash = errors.New("the machine is gone")

// TestACrashAtEachStep: whatever a crash cuts short, the next start ends it, once: the request is answered,
// its clocks discharged, the message told, the right carried out.
func TestACrashAtEachStep(t *testing.T) {
	each(t, func(w *world) {
		for _, right := range []rights.Right{rights.Erasure, rights.Restriction, rights.Objection, rights.Withdrawal} {
			for _, crash := range []string{"before the vault acts", "before it is answered"} {
				w.crashes(right, crash)
			}
		}
	})
}

func (w *world) crashes(right rights.Right, crash string) {
	w.Helper()
	sub := w.person()
	w.put(sub, "identity", "account", fields("name", "Zoe", "email", "zoe."+sub+"@example.com"))
	note := w.put(sub, "notes", "account", fields("text", "hello"))
	w.must(w.vault.SetConsent(w.Context(), w.app, tenant, sub, "insights", true))
	r := w.open(sub, right)
	switch crash {
	case "before the vault acts": // what the first transaction has left
		w.must(w.vault.DB.Write(w.Context(), tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE requests SET state = 'carrying-out' WHERE tenant_id = $1 AND request_id = $2`, tenant, r.ID)
			return err
		}))
	case "before it is answered":
		dying := *w.desk
		dying.Tell = func(tx *db.Tx, m notify.Message) error { return errCrash }
		dying.Erase = func(ctx context.Context, c vault.Caller, of, subject, _ string) error {
			return errors.Join(w.vault.EraseSubject(ctx, c, of, subject), errCrash)
		}
		if _, _, err := dying.Answer(w.Context(), w.app, tenant, r.ID, nil); !errors.Is(err, errCrash) {
			w.Fatalf("%s: nothing crashed: %v", right, err)
		}
	}
	if now := w.get(r.ID); now.State != rights.CarryingOut {
		w.Fatalf("%s %s: it is %s", right, crash, now.State)
	}
	if _, err := w.desk.Refuse(w.Context(), w.app, tenant, r.ID, "legal-claims"); err == nil {
		w.Errorf("%s %s: what is being carried out was refused", right, crash)
	}
	sent := len(w.sent)
	again := w.newDesk()
	for i := range 2 {
		if n, err := again.Finish(w.Context(), tenant); err != nil || n != 1-i {
			w.Errorf("%s %s: finished %d, %v", right, crash, n, err)
		}
	}
	now := w.get(r.ID)
	if now.State != rights.Answered || slices.ContainsFunc(now.Clocks, func(c obligation.Clock) bool { return c.State != obligation.Done }) {
		w.Errorf("%s %s: it is %+v", right, crash, now)
	}
	answered := 0
	for _, kind := range kinds(w.entries(r.ID)) {
		if kind == "request.answered" {
			answered++
		}
	}
	if told := len(w.sent) - sent; answered != 1 || right != rights.Erasure && told != 2 {
		w.Errorf("%s %s: answered %d times, told %d times", right, crash, answered, told)
	}
	_, err := w.name(sub)
	switch right {
	case rights.Erasure:
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) || now.Subject != "" {
			w.Errorf("after %s: %v, %q", crash, err, now.Subject)
		}
	case rights.Restriction:
		w.want(err, fault.Refused)
	case rights.Objection:
		w.want(w.read(sub, note, "security"), fault.Refused)
	case rights.Withdrawal:
		w.want(w.read(sub, note, "insights"), fault.Refused)
	}
}

// TestARefusalOfTheVaultPutsTheRequestBack: what can never be carried out does not hang.
func TestARefusalOfTheVaultPutsTheRequestBack(t *testing.T) {
	w := sqliteWorld(t)
	r := w.open(w.person(), rights.Erasure)
	refusing := *w.desk
	refusing.Erase = func(context.Context, vault.Caller, string, string, string) error {
		return fault.New("test", fault.Refused, "not here")
	}
	_, _, err := refusing.Answer(t.Context(), w.app, tenant, r.ID, nil)
	w.want(err, fault.Refused)
	if now := w.get(r.ID); now.State != rights.InProgress {
		t.Errorf("it is %s", now.State)
	}
	w.answer(r.ID)
}

// TestTheErasedAskNoMore: somebody whom another way erased: their request for erasure is answered, what
// else they asked is void, and no clock of theirs runs on.
func TestTheErasedAskNoMore(t *testing.T) {
	each(t, func(w *world) {
		for _, swept := range []bool{false, true} {
			sub := w.person()
			erasure, access, objection := w.open(sub, rights.Erasure), w.open(sub, rights.Access), w.open(sub, rights.Objection)
			w.must(w.vault.EraseSubject(w.Context(), w.app, tenant, sub))
			if swept {
				w.must(w.vault.Sweep(w.Context()))
			}
			if n, err := w.desk.Finish(w.Context(), tenant); err != nil || n == 0 {
				w.Errorf("finished %d, %v", n, err)
			}
			for id, want := range map[string]rights.State{erasure.ID: rights.Answered, access.ID: rights.Void, objection.ID: rights.Void} {
				now := w.get(id)
				if now.State != want || now.Subject != "" || !now.Due.IsZero() {
					w.Errorf("swept %v: it is %s of %q, due %s", swept, now.State, now.Subject, now.Due)
				}
			}
		}
	})
}

// TestARectificationThatWasCutShort: sent again, each correction is written once.
func TestARectificationThatWasCutShort(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person()
		w.put(sub, "identity", "account", fields("name", "Zoe", "email", "zoe@example.com"))
		r := w.open(sub, rights.Rectification)
		fix := rights.Correction{Purpose: "account", DataSet: "identity", Record: "main", Fields: fields("name", "Zaynab")}
		dying := *w.desk
		dying.Tell = func(*db.Tx, notify.Message) error { return errCrash }
		if _, _, err := dying.Answer(w.Context(), w.app, tenant, r.ID, []rights.Correction{fix}); !errors.Is(err, errCrash) {
			w.Fatalf("nothing crashed: %v", err)
		}
		if n, err := w.newDesk().Finish(w.Context(), tenant); n != 0 || err != nil {
			w.Errorf("finished %d, %v: nobody has the correction any more", n, err)
		}
		w.answer(r.ID, fix)
		record, err := w.vault.Get(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: sub, DataSet: "identity", Record: "main", Purpose: "account"})
		w.must(err)
		if record.Version != 2 {
			w.Errorf("the record is of version %d", record.Version)
		}
	})
}

// TestMissedClocksStayLate: an answer after the limit is an answer, and late.
func TestMissedClocksStayLate(t *testing.T) {
	w := sqliteWorld(t)
	r := w.open(w.person(), rights.Access)
	w.clock.Forward(31 * 24 * time.Hour)
	_, err := w.desk.Extend(t.Context(), w.app, tenant, r.ID, "complexity")
	w.want(err, fault.Conflict) // it would hide it
	_, err = w.desk.AskIdentity(t.Context(), w.app, tenant, r.ID, "1 week")
	w.want(err, fault.Conflict)
	done, _ := w.answer(r.ID)
	for _, c := range done.Clocks {
		if c.State != obligation.Done || !c.Late(w.clock.Now()) {
			t.Errorf("the clock %s is %s", c.Duty.Kind, c.State)
		}
	}
}
