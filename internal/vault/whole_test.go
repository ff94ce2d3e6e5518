package vault

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// TestWhole: everything of the person, whatever the purpose, stored or in memory, pages and blobs; nobody
// else's; and the answer is in the ledger.
func TestWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		sub, other := w.person(), w.person()
		w.put(of(sub, "identity", ""), identity("whole@example.com"))
		w.put(of(other, "identity", ""), identity("other@example.com"))
		var ids []string
		for i := range 2*wholePage + 1 {
			ids = append(ids, w.put(of(sub, "transactions", ""), transaction(fmt.Sprint(i, " AED"))).Record)
		}
		w.put(of(sub, "sessions", "").under(security), fields("token", "t1"))
		slices.Sort(ids)
		target := of(sub, "transactions", ids[7])
		_, err := w.upload(target, "receipt", strings.NewReader("a picture"))
		must(t, err)
		must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", sub, true)) // does not keep people from their own data

		whole, err := w.vault.Whole(w.ctx, w.app, "acme", sub)
		must(t, err)
		if e := w.newest("acme"); e.Kind != "subject.export" || e.Subject != whole.Alias || e.Answer != proof.Allow {
			t.Errorf("the entry is %+v", e)
		}
		sets, err := whole.DataSets(w.ctx)
		must(t, err)
		seen := map[string][]string{}
		for _, set := range sets {
			must(t, whole.Records(w.ctx, set, func(r *Record) error {
				if r.Subject != sub || r.DataSet != set || r.Version < 1 || r.Created.IsZero() {
					t.Errorf("a record %+v", r)
				}
				if set == "transactions" && r.ID == ids[7] && !strings.Contains(string(r.Fields), `"receipt":{"size":9,"content_type":"image/png"}`) {
					t.Errorf("the blob is shown as %s", r.Fields)
				}
				seen[set] = append(seen[set], r.ID)
				return nil
			}))
		}
		if !slices.Equal(seen["transactions"], ids) || len(seen["identity"]) != 1 || len(seen["sessions"]) != 1 || len(seen) != 3 {
			t.Errorf("seen: %d transactions, %v", len(seen["transactions"]), seen["sessions"])
		}
		info, body, err := whole.Blob(w.ctx, "transactions", ids[7], "receipt")
		must(t, err)
		content, err := io.ReadAll(body)
		must(t, err)
		must(t, body.Close())
		if string(content) != "a picture" || info.ContentType != "image/png" {
			t.Errorf("the blob is %q of %s", content, info.ContentType)
		}

		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		for _, set := range sets {
			if err := whole.Records(w.ctx, set, func(*Record) error { return nil }); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
				t.Errorf("%s after the erasure: %v", set, err)
			}
		}
		if _, _, err := whole.Blob(w.ctx, "transactions", ids[7], "receipt"); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			t.Errorf("the blob after the erasure: %v", err)
		}
	})
}

// TestWholeIsGuarded: who may not handle the person gets nothing, and that is recorded.
func TestWholeIsGuarded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		mere := w.app
		mere.Scopes = []string{ScopeData}
		for _, c := range []Caller{w.foreign, mere, {}} {
			if _, err := w.vault.Whole(w.ctx, c, "acme", sub); !fault.Is(err, fault.Refused) && !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s gets %v", c.Credential.ID, err)
			}
		}
		_, err := w.vault.Whole(w.ctx, w.app, "acme", "sub_none")
		want(t, err, fault.NotFound)
		_, err = w.vault.Whole(w.ctx, w.app, "other", sub)
		want(t, err, fault.NotFound)
	})
}

// TestWholeKeepsWhatThePolicyDropped: a field and a data set that the policy no longer declares are the
// person's all the same, and the keys of a dropped field's blobs are nobody's.
func TestWholeKeepsWhatThePolicyDropped(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("whole@example.com"))
	file := w.put(of(sub, "files", ""), fields("name", "passport")).Record
	_, err := w.upload(of(sub, "files", file), "body", strings.NewReader("scan"))
	must(t, err)
	laxer := *w.vault.Policy
	laxer.Data = slices.DeleteFunc(slices.Clone(laxer.Data), func(d policy.DataSet) bool { return d.ID == "files" })
	delete(w.vault.sets, "files")
	w.vault.Policy = &laxer

	whole, err := w.vault.Whole(w.ctx, w.app, "acme", sub)
	must(t, err)
	sets, err := whole.DataSets(w.ctx)
	must(t, err)
	if !slices.Contains(sets, "files") {
		t.Fatalf("the data sets are %v", sets)
	}
	must(t, whole.Records(w.ctx, "files", func(r *Record) error {
		if text := string(r.Fields); !strings.Contains(text, "passport") || strings.Contains(text, "key") {
			t.Errorf("the record is %s", text)
		}
		return nil
	}))
	_, body, err := whole.Blob(w.ctx, "files", file, "body")
	must(t, err)
	if content, err := io.ReadAll(body); err != nil || string(content) != "scan" {
		t.Errorf("the blob is %q, %v", content, err)
	}
	must(t, body.Close())
}

// TestDataSubject: what a duty seals opens for the same thing alone, and for nobody once they are erased.
func TestDataSubject(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		var d *DataSubject
		var sealed []byte
		must(t, w.db.Write(w.ctx, "acme", func(tx *db.Tx) (err error) {
			if d, err = w.vault.DataSubject(tx, sub); err == nil {
				sealed, err = d.Seal("request", "req_1", []byte("ar"))
			}
			return err
		}))
		if !slices.Equal(d.Consents, []string{insights}) || !strings.HasPrefix(d.Alias, "p_") {
			t.Errorf("%+v", d.Standing)
		}
		if plain, err := d.Open("request", "req_1", sealed); err != nil || string(plain) != "ar" {
			t.Errorf("%q, %v", plain, err)
		}
		for _, bad := range [][2]string{{"request", "req_2"}, {"notice", "req_1"}} {
			if _, err := d.Open(bad[0], bad[1], sealed); err == nil {
				t.Errorf("it opens as %v", bad)
			}
		}
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		_, err := d.Open("request", "req_1", sealed)
		want(t, err, fault.Erased)
		err = w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			_, err := w.vault.DataSubject(tx, sub)
			return err
		})
		want(t, err, fault.NotFound)
	})
}

// TestHeld: a hold is told of while it stands, and no longer.
func TestHeld(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.allow("identity.email")
		sub, other := w.person(), w.person()
		w.hold(sub, "identity.email")
		held := func(subject string) (reason string, ok bool) {
			must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
				reason, _, ok = w.vault.Held(tx, "acme", subject)
				return nil
			}))
			return reason, ok
		}
		if reason, ok := held(sub); !ok || reason != "case-1" {
			t.Errorf("held is %q, %v", reason, ok)
		}
		if _, ok := held(other); ok {
			t.Error("nobody's hold is told of")
		}
		w.clock.forward(32 * 24 * time.Hour)
		if _, ok := held(sub); ok {
			t.Error("a hold is told of after its end")
		}
	})
}
