package vault

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// full makes a person with data of every kind.
func (w *world) full() (sub, tx string) {
	w.t.Helper()
	sub = w.person()
	w.put(of(sub, "identity", ""), fields("first_name", "Zaynab", "email", sub+"@example.org", "phone", "+97140000000"))
	tx = w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
	_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "text/plain", strings.NewReader("paid in full"), Condition{})
	must(w.t, err)
	w.put(of(sub, "sessions", "").under(security), fields("token", "t"))
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("2 AED"), Condition{}, Idempotency{Key: "key-" + sub})
	must(w.t, err)
	return sub, tx
}

// unreadable fails unless nothing of a person can be had by any call.
func (w *world) unreadable(sub, tx string) {
	w.t.Helper()
	gone := func(err error) {
		w.t.Helper()
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			w.t.Fatalf("an erased person's data: %v", err)
		}
	}
	_, err := w.vault.Get(w.ctx, w.app, of(sub, "identity", single))
	gone(err)
	_, err = w.vault.Get(w.ctx, w.app, of(sub, "transactions", tx).under(taxes))
	gone(err)
	_, _, err = w.vault.List(w.ctx, w.app, of(sub, "transactions", ""), "", 0)
	gone(err)
	_, _, err = w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 0)
	gone(err)
	_, _, err = w.vault.GetBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt")
	gone(err)
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "identity", single), identity("back@example.org"), Condition{}, Idempotency{})
	gone(err)
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "t"), Condition{}, Idempotency{})
	gone(err)
	_, err = w.vault.Standing(w.ctx, w.app, "acme", sub)
	gone(err)
	found, err := w.vault.Find(w.ctx, w.app, of("", "identity", ""), "email", sub+"@example.org")
	if err != nil && !fault.Is(err, fault.Erased) || len(found) != 0 {
		w.t.Fatalf("an erased person is found: %v %v", found, err)
	}
	if h := w.vault.memory.people[person{"acme", sub}]; h != nil {
		w.t.Fatal("an erased person is still in memory")
	}
}

// swept fails unless no row and no file is left of a person.
func (w *world) swept(sub string) {
	w.t.Helper()
	must(w.t, w.vault.Sweep(w.ctx))
	if n := w.rows("acme", sub); n != 0 {
		w.t.Fatalf("%d rows still name the erased person", n)
	}
}

func TestEraseSubject(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		sub, tx := w.full()
		kept, keptTx := w.full()
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		if e := w.newest("acme"); e.Kind != "subject.erase" || e.Answer != "allow" || e.Subject == "" {
			t.Fatalf("entry %+v", e)
		}
		w.unreadable(sub, tx)
		files := len(w.files())
		w.swept(sub)
		if left := len(w.files()); files != 2 || left != 1 {
			t.Fatalf("%d blobs before the sweep, %d after", files, left)
		}
		w.unreadable(sub, tx)
		w.get(of(kept, "identity", single))
		_, body, err := w.vault.GetBlob(w.ctx, w.app, of(kept, "transactions", keptTx), "receipt")
		must(t, err)
		must(t, body.Close())
		want(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub), fault.NotFound)
		want(t, w.vault.EraseSubject(w.ctx, w.app, "acme", "sub_none"), fault.NotFound)
		next := w.reopened()
		people, tenants, err := next.vault.Reconcile(w.ctx)
		if people+tenants != 0 || err != nil {
			t.Fatalf("there was something left to erase: %d %d %v", people, tenants, err)
		}
		next.unreadable(sub, tx)
		next.get(of(kept, "identity", single))
		w.verified("acme", "_org")
	})
}

// raw returns what the store holds of a person's keys and data, as bytes.
func (w *world) raw(sub string) (all []string) {
	w.t.Helper()
	must(w.t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
		for _, query := range []string{
			`SELECT wrapped FROM subjects WHERE subject_id = $1`, `SELECT sealed FROM subjects WHERE subject_id = $1`,
			`SELECT sealed FROM records WHERE subject_id = $1`, `SELECT hash FROM lookups WHERE subject_id = $1 AND field = 'email'`,
		} {
			err := tx.Each(query, []any{sub}, func(scan func(...any) error) error {
				var b []byte
				err := scan(&b)
				all = append(all, string(b))
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return append(all, sub)
}

// After the sweep the store's files hold neither the person's wrapped key nor a sealed byte.
func TestErasedBytesLeaveTheFiles(t *testing.T) {
	w := sqliteWorld(t)
	sub, _ := w.full()
	for range 3 {
		w.full()
	}
	secrets := w.raw(sub)
	if len(secrets) < 7 {
		t.Fatalf("%d secrets", len(secrets))
	}
	if found := search(t, w.dir, secrets...); len(found) < len(secrets) {
		t.Fatalf("the test does not find what is there: %d of %d", len(found), len(secrets))
	}
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
	w.swept(sub)
	if found := search(t, w.dir, secrets...); len(found) > 0 {
		for _, f := range found {
			t.Errorf("%q", f)
		}
	}
}

// A scrub that could not be done is done the next time, though nothing is left to sweep.
func TestScrubIsRepeated(t *testing.T) {
	w := sqliteWorld(t)
	sub, _ := w.full()
	secrets := w.raw(sub)
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
	reading, let := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			var n int64
			err := tx.One(`SELECT COUNT(*) FROM subjects`, nil, &n)
			close(reading)
			<-let
			return err
		})
	}()
	<-reading
	want(t, w.vault.Sweep(w.ctx), fault.Unavailable) // a reader is in the way
	close(let)
	must(t, <-done)
	must(t, w.vault.Sweep(w.ctx))
	if found := search(t, w.dir, secrets...); len(found) > 0 {
		t.Fatalf("%q", found)
	}
}

// keyIDOf returns the id of a person's key.
func (w *world) keyIDOf(sub string) keyring.ID {
	w.t.Helper()
	var text string
	must(w.t, w.db.Get(w.ctx, "acme", `SELECT key_id FROM subjects WHERE tenant_id = 'acme' AND subject_id = $1`, []any{sub}, &text))
	id, err := keyring.ParseID(text)
	must(w.t, err)
	return id
}

// The server dies between the destruction of the key and the deletion of its row.
func TestErasureCutShort(t *testing.T) {
	for name, finish := range map[string]func(t *testing.T, w *world, sub string){
		"by the next start": func(t *testing.T, w *world, sub string) {
			people, tenants, err := w.vault.Reconcile(w.ctx)
			if people != 1 || tenants != 0 || err != nil {
				t.Fatalf("reconciled %d people, %d tenants, %v", people, tenants, err)
			}
			if e := w.newest("acme"); e.Kind != "subject.erase-again" {
				t.Fatalf("entry %+v", e)
			}
		},
		"by the next call": func(t *testing.T, w *world, sub string) {
			must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
			if e := w.newest("acme"); e.Kind != "subject.erase" {
				t.Fatalf("entry %+v", e)
			}
		},
		"by an epoch": func(t *testing.T, w *world, sub string) {
			w.clock.forward(epochFor)
			must(t, w.vault.RunKeys(w.ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				sub, tx := w.full()
				kept, _ := w.full()
				must(t, w.ring.Destroy([]keyring.ID{w.keyIDOf(sub)}, w.clock.now()))
				next := w.reopened()
				next.unreadable(sub, tx)
				if page, err := next.vault.Find(w.ctx, w.app, of("", "identity", ""), "phone", "+97140000000"); err != nil || len(page) != 1 {
					t.Fatalf("one person erased by half spoils the search: %v %v", page, err)
				}
				finish(t, next, sub)
				next.unreadable(sub, tx)
				next.swept(sub)
				people, _, err := next.vault.Reconcile(w.ctx)
				if people != 0 || err != nil {
					t.Fatalf("still %d people to erase: %v", people, err)
				}
				next.get(of(kept, "identity", single))
				next.verified("acme", "_org")
			})
		})
	}
}

// Erasure and writes at the same time: whichever comes first, nothing is readable afterwards.
func TestEraseRace(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for range 3 {
			sub, tx := w.full()
			errs := together(16, func(i int) error {
				switch {
				case i == 7 || i == 8:
					return w.vault.EraseSubject(w.ctx, w.app, "acme", sub)
				case i%3 == 0:
					_, err := w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, Idempotency{})
					return err
				case i%3 == 1:
					_, err := w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "t"), Condition{}, Idempotency{})
					return err
				}
				_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "", strings.NewReader("again"), Condition{})
				return err
			})
			for i, err := range errs {
				if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
					t.Fatalf("call %d: %v", i, err)
				}
			}
			w.unreadable(sub, tx)
			w.swept(sub)
			if found := w.files(); len(found) > 0 {
				t.Fatalf("%d files are left", len(found))
			}
		}
		w.verified("acme")
	})
}

// A row moved to another person, tenant or version does not open.
func TestBoundToItsPlace(t *testing.T) {
	for name, statement := range map[string]string{
		"another person's record": `UPDATE records SET sealed = (SELECT sealed FROM records WHERE subject_id = $1) WHERE subject_id = $2`,
		"another version":         `UPDATE records SET version = 1 WHERE subject_id = $2 AND $1 <> ''`,
		"another data set":        `UPDATE records SET data_set = 'files' WHERE subject_id = $2 AND $1 <> ''`,
		"another person's key": `UPDATE subjects SET wrapped = (SELECT wrapped FROM subjects WHERE subject_id = $1),
 key_id = (SELECT key_id FROM subjects WHERE subject_id = $1) WHERE subject_id = $2`,
		"another person's standing": `UPDATE subjects SET sealed = (SELECT sealed FROM subjects WHERE subject_id = $1) WHERE subject_id = $2`,
		"another epoch":             `UPDATE tenant_keys SET epoch = 7 WHERE $1 <> $2`,
		"an altered key":            `UPDATE tenant_keys SET wrapped = (SELECT wrapped FROM subjects WHERE subject_id = $1) WHERE $2 <> ''`,
	} {
		w := sqliteWorld(t)
		a, b := w.person(), w.person()
		w.put(of(a, "identity", ""), identity("a@example.org"))
		w.put(of(b, "identity", ""), identity("b@example.org"))
		w.put(of(b, "identity", single), identity("c@example.org"))
		must(t, w.db.Write(w.ctx, "acme", func(tx *db.Tx) error {
			n, err := tx.Exec(statement, a, b)
			if n == 0 {
				t.Errorf("%s: nothing was altered", name)
			}
			return err
		}))
		next, target := w.reopened(), of(b, "identity", single)
		if name == "another data set" {
			target.DataSet = "files"
		}
		if r, err := next.vault.Get(w.ctx, w.app, target); err == nil || r.Fields != nil {
			t.Errorf("%s opens", name)
		}
	}
}
