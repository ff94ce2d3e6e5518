package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// What follows is about blobs in a bucket, which can be away, be slow and break off as a disk cannot.

func inBucket(t *testing.T) *world { return sqliteWorld(t).onS3(objectstest.New(t)) }

func is(method string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && !strings.HasSuffix(r.URL.Path, "/") }
}

func (w *world) receipts() (sub string, target Target) {
	w.t.Helper()
	sub = w.person()
	return sub, of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
}

// states returns how many rows of blobs there are in each state.
func (w *world) states() map[string]int {
	w.t.Helper()
	all := map[string]int{}
	must(w.t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
		return tx.Each(`SELECT state FROM blobs WHERE tenant_id = 'acme'`, nil, func(scan func(...any) error) error {
			var state string
			err := scan(&state)
			all[state]++
			return err
		})
	}))
	return all
}

// A blob that the object store does not take is not acknowledged, and the record is as it was.
func TestBucketAwayDuringPut(t *testing.T) {
	for name, c := range map[string]struct {
		meant func(*http.Request) bool
		with  http.HandlerFunc
	}{
		"all of it": {func(*http.Request) bool { return true }, objectstest.HangUp},
		"for writes": {is("PUT"), func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusServiceUnavailable)
		}},
		"amid the upload": {is("PUT"), func(w http.ResponseWriter, r *http.Request) {
			io.CopyN(io.Discard, r.Body, 1000)
			panic(http.ErrAbortHandler)
		}},
		"in words": {is("PUT"), func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>hunter2</Message></Error>`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := inBucket(t)
			sub, target := w.receipts()
			_, err := w.upload(target, "receipt", strings.NewReader("first"))
			must(t, err)
			w.bucket.BreakOnly(c.meant, c.with)
			_, err = w.upload(target, "receipt", io.LimitReader(zeros{}, 1<<20))
			want(t, err, fault.Unavailable)
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "127.0.0.1") && strings.Contains(err.Error(), "://") {
				t.Errorf("the error says too much: %v", err)
			}
			w.bucket.Mend()
			if got := w.blob(sub, target.Record); got != "first" || w.get(target).Version != 2 {
				t.Fatalf("the blob is %q, the record %+v", got, w.get(target))
			}
			_, err = w.upload(target, "receipt", strings.NewReader("second"))
			must(t, err)
			if got := w.blob(sub, target.Record); got != "second" {
				t.Fatalf("the blob is %q", got)
			}
			w.clock.forward(blobWritingFor + time.Hour)
			must(t, w.vault.Sweep(w.ctx))
			if rows := w.states(); len(w.files()) != 1 || len(rows) != 1 || rows[blobStored] != 1 {
				t.Fatalf("%d objects and the rows %v are left", len(w.files()), rows)
			}
		})
	}
}

// An upload that the object store took, though the answer was lost, is sent again; if no answer comes at
// all, the sweep removes what it left.
func TestAnswerLost(t *testing.T) {
	w := inBucket(t)
	sub, target := w.receipts()
	w.bucket.Deaf(is("PUT"), 1)
	_, err := w.upload(target, "receipt", strings.NewReader("first"))
	must(t, err)
	if got := w.blob(sub, target.Record); got != "first" {
		t.Fatalf("the blob is %q", got)
	}
	w.bucket.Deaf(func(r *http.Request) bool { return r.Method != "GET" }, 100)
	_, err = w.upload(target, "receipt", strings.NewReader("second"))
	want(t, err, fault.Unavailable)
	w.bucket.Mend()
	if got := w.blob(sub, target.Record); got != "first" {
		t.Fatalf("the blob is %q", got)
	}
	w.clock.forward(blobWritingFor + time.Hour)
	must(t, w.vault.Sweep(w.ctx))
	if n := len(w.files()); n != 1 {
		t.Fatalf("%d objects are left", n)
	}
}

// Erasure needs no object store. Its sweep does, and goes on until it has removed what there was.
func TestBucketAwayDuringErasure(t *testing.T) {
	for name, erase := range map[string]func(w *world, sub string) error{
		"a person": func(w *world, sub string) error { return w.vault.EraseSubject(w.ctx, w.app, "acme", sub) },
		"a tenant": func(w *world, sub string) error { return w.vault.EraseTenant(w.ctx, w.admin, "acme") },
	} {
		t.Run(name, func(t *testing.T) {
			w := inBucket(t)
			sub, tx := w.full()
			w.bucket.Break(objectstest.HangUp)
			must(t, erase(w, sub))
			w.unreadable(sub, tx)
			for range 2 {
				want(t, w.vault.Sweep(w.ctx), fault.Unavailable)
			}
			for _, e := range w.entries("acme") {
				if e.Kind == "erasure.swept" {
					t.Fatal("the ledger says that it was swept")
				}
			}
			w.bucket.Mend()
			if n := len(w.files()); n != 1 {
				t.Fatalf("%d objects", n)
			}
			must(t, w.vault.Sweep(w.ctx))
			if e := w.newest("acme"); e.Kind != "erasure.swept" || len(w.files()) != 0 {
				t.Fatalf("entry %+v, %d objects", e, len(w.files()))
			}
			w.verified("acme", "_org")
		})
	}
}

// What the object store does not say is gone counts as there.
func TestHalfRemoved(t *testing.T) {
	w := inBucket(t)
	for range 2 {
		_, target := w.receipts()
		_, err := w.upload(target, "receipt", strings.NewReader("x"))
		must(t, err)
	}
	must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
	for name, answer := range map[string]string{
		"one of them": `<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`,
		"none":        `<DeleteResult></DeleteResult>`,
		"no sense":    `<html>`,
	} {
		w.bucket.BreakOnly(func(r *http.Request) bool { return r.Method == "POST" }, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		if err := w.vault.Sweep(w.ctx); !fault.Is(err, fault.Unavailable) || w.states()[blobStored] != 2 {
			t.Errorf("%s: %v, rows %v", name, err, w.states())
		}
	}
	w.bucket.Mend()
	must(t, w.vault.Sweep(w.ctx))
	if len(w.files()) != 0 || len(w.states()) != 0 {
		t.Fatalf("%d objects, rows %v", len(w.files()), w.states())
	}
}

// An upload that ends after its person was erased and swept leaves its object where it cannot remove
// it; the row that still speaks of it, and of nobody, brings the sweep there.
func TestOrphanOfTheErased(t *testing.T) {
	w := inBucket(t)
	sub, target := w.receipts()
	_, err := w.upload(target, "receipt", &acting{func() {
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		w.swept(sub)
		w.bucket.BreakOnly(func(r *http.Request) bool { return r.Method == "DELETE" || r.Method == "POST" }, objectstest.HangUp)
	}})
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
		t.Fatal(err)
	}
	w.bucket.Mend()
	if n := len(w.files()); n != 1 || w.rows("acme", sub) != 0 {
		t.Fatalf("%d objects, %d rows name the person", n, w.rows("acme", sub))
	}
	w.clock.forward(blobWritingFor + time.Hour)
	must(t, w.vault.Sweep(w.ctx))
	if len(w.files()) != 0 || len(w.states()) != 0 {
		t.Fatalf("%d objects, rows %v", len(w.files()), w.states())
	}
}

// cutting answers reads with the beginning of what they ask for.
func (w *world) cutting(n int) {
	w.bucket.BreakOnly(is("GET"), func(to http.ResponseWriter, r *http.Request) {
		data := w.bucket.Read(w.t, strings.TrimPrefix(r.URL.Path, "/"+objectstest.Bucket+"/"+objectstest.Prefix))
		to.Header().Set("Content-Length", "1000000")
		to.Header().Set("Last-Modified", "Mon, 02 Mar 2026 10:00:00 GMT")
		to.Write(data[:n])
		http.NewResponseController(to).Flush()
		panic(http.ErrAbortHandler)
	})
}

// A connection that breaks is no end: neither for a reader nor for a backup, which would have taken the
// beginning for the whole.
func TestBrokenOff(t *testing.T) {
	w := inBucket(t)
	_, target := w.receipts()
	_, err := w.upload(target, "receipt", io.LimitReader(zeros{}, 200_000))
	must(t, err)
	whole := w.backup()
	for _, n := range []int{0, 10, 100_000, 150_000} {
		w.cutting(n)
		_, body, err := w.vault.GetBlob(w.ctx, w.app, target, "receipt")
		must(t, err)
		data, err := io.ReadAll(body)
		if !fault.Is(err, fault.Unavailable) || len(data) > n || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %d: %d bytes, %v", n, len(data), err)
		}
		must(t, body.Close())
		_, err = w.vault.Backup(w.ctx, io.Discard, nil)
		want(t, err, fault.Unavailable)
	}
	w.bucket.Mend()
	if again := w.backup(); len(again) < len(whole) {
		t.Errorf("the backup has %d bytes, the first had %d", len(again), len(whole))
	}
	w.bucket.Break(objectstest.HangUp)
	_, _, err = w.vault.GetBlob(w.ctx, w.app, target, "receipt")
	want(t, err, fault.Unavailable)
	_, err = w.vault.Backup(w.ctx, io.Discard, nil)
	want(t, err, fault.Unavailable)
}

// A caller who goes away in the midst leaves nothing behind.
func TestCallerGone(t *testing.T) {
	w := inBucket(t)
	_, target := w.receipts()
	ctx, cancel := context.WithCancel(w.ctx)
	_, err := w.vault.PutBlob(ctx, w.app, target, "receipt", "", &acting{cancel}, Condition{})
	if err == nil {
		t.Fatal("it was acknowledged")
	}
	if n := len(w.files()); n != 0 {
		t.Fatalf("%d objects", n)
	}
}

// A backup of blobs in either place restores into either.
func TestBackupOfBuckets(t *testing.T) {
	for name, way := range map[string][2]bool{"bucket to bucket": {true, true}, "bucket to folder": {true, false}, "folder to bucket": {false, true}} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			if way[0] {
				w.onS3(objectstest.New(t))
			}
			sub, tx := w.full()
			erased, _ := w.full()
			large := io.LimitReader(zeros{}, 3<<20)
			_, err := w.upload(of(sub, "transactions", tx), "receipt", large)
			must(t, err)
			backup := w.backup()
			must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", erased))
			next := w.empty()
			if way[1] {
				next.onS3(objectstest.New(t))
			}
			report, people, _, err := next.vault.Restore(w.ctx, bytes.NewReader(backup), nil)
			if err != nil || people != 1 || report.Blobs != 2 {
				t.Fatalf("%+v, %d people, %v", report, people, err)
			}
			next.swept(erased)
			if got := next.blob(sub, tx); got != strings.Repeat("\x00", 3<<20) || len(next.files()) != 1 {
				t.Fatalf("%d bytes, %d objects", len(got), len(next.files()))
			}
		})
	}
}

// A restore that the object store does not take does not count as done.
func TestBucketAwayDuringRestore(t *testing.T) {
	w := sqliteWorld(t)
	w.full()
	backup := w.backup()
	next := w.empty().onS3(objectstest.New(t))
	next.bucket.BreakOnly(is("PUT"), objectstest.HangUp)
	_, _, _, err := next.vault.Restore(w.ctx, bytes.NewReader(backup), nil)
	want(t, err, fault.Unavailable)
	want(t, CheckWhole(w.ctx, next.db), fault.Invalid)
}

// A backup says how many blobs it should hold and did not find; those of the erased it does not miss.
func TestMissingBlobs(t *testing.T) {
	places(t, func(t *testing.T, w *world) {
		sub, _ := w.full()
		w.full()
		erased, _ := w.full()
		gone := func(sub string) {
			must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
				var id string
				if err := tx.One(`SELECT blob_id FROM blobs WHERE tenant_id = 'acme' AND subject_id = $1`, []any{sub}, &id); err != nil {
					return err
				}
				return w.vault.Objects.Remove(w.ctx, "acme", id)
			}))
		}
		gone(sub)
		gone(erased)
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", erased))
		report, err := w.vault.Backup(w.ctx, io.Discard, nil)
		if err != nil || report.Blobs != 1 || report.Missing != 1 {
			t.Fatalf("%+v %v", report, err)
		}
	})
}

// An object that cannot be removed keeps neither what is another tenant's nor the scrub.
func TestSweepGoesOn(t *testing.T) {
	w := inBucket(t)
	sub, _ := w.full()
	theirs, err := w.vault.CreateSubject(w.ctx, w.app, "other", Idempotency{})
	must(t, err)
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
	must(t, w.vault.EraseSubject(w.ctx, w.app, "other", theirs))
	w.bucket.Break(objectstest.HangUp)
	want(t, w.vault.Sweep(w.ctx), fault.Unavailable)
	if e := w.newest("other"); e.Kind != "erasure.swept" || w.vault.unscrubbed.Load() {
		t.Fatalf("entry %+v", e)
	}
}
