package vault

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func (w *world) upload(t Target, field string, body io.Reader) (Stored, error) {
	return w.vault.PutBlob(w.ctx, w.app, t, field, "image/png", body, Condition{})
}

// files returns the objects of blobs, by their ids and what they hold.
func (w *world) files() map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{}
	if w.bucket != nil {
		for _, name := range w.bucket.Names(w.t) {
			all[filepath.Base(name)] = w.bucket.Read(w.t, name)
		}
		return all
	}
	folder := filepath.Join(w.dir, "blobs")
	for _, f := range search(w.t, folder, "") {
		data, err := os.ReadFile(folder + strings.TrimSuffix(f, " holds "))
		must(w.t, err)
		all[filepath.Base(strings.TrimSuffix(f, " holds "))] = data
	}
	return all
}

// tamper puts other bytes in an object's place.
func (w *world) tamper(id string, data []byte) {
	w.t.Helper()
	if w.bucket != nil {
		w.bucket.Write(w.t, "acme/"+id, data)
		return
	}
	must(w.t, w.vault.Objects.Put(w.ctx, "acme", id, func(to io.Writer) error {
		_, err := to.Write(data)
		return err
	}))
}

func TestBlob(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
		_, _, err := w.vault.GetBlob(w.ctx, w.app, target, "receipt")
		want(t, err, fault.NotFound)
		content := strings.Repeat("paid ", 400_000)
		stored, err := w.upload(target, "receipt", strings.NewReader(content))
		if err != nil || stored.Version != 2 {
			t.Fatal(stored, err)
		}
		wantJSON(t, w.get(target).Fields, `{"date":"2026-01-31","amount":"1 AED","direction":"expense","receipt":{"size":2000000,"content_type":"image/png"}}`)
		info, body, err := w.vault.GetBlob(w.ctx, w.app, target, "receipt")
		must(t, err)
		if e := w.newest("acme"); e.Kind != "blob.read" || e.Record != target.Record || e.Version != 2 {
			t.Fatalf("entry %+v", e)
		}
		data, err := io.ReadAll(body)
		if err != nil || string(data) != content || info != (BlobInfo{"image/png", 2_000_000}) {
			t.Fatalf("%d bytes, %+v, %v", len(data), info, err)
		}
		must(t, body.Close())
		for id, data := range w.files() {
			if bytes.Contains(data, []byte("paid")) {
				t.Fatalf("%s can be read", id)
			}
		}

		// A replaced record keeps its blob; a replaced blob is swept, and so is a deleted record's.
		w.put(target, transaction("2 AED"))
		if got := w.blob(sub, target.Record); got != content {
			t.Fatalf("the blob has %d bytes", len(got))
		}
		_, err = w.upload(target, "receipt", strings.NewReader("second"))
		must(t, err)
		if n := len(w.files()); n != 2 {
			t.Fatalf("%d files", n)
		}
		must(t, w.vault.Sweep(w.ctx))
		if n := len(w.files()); n != 1 || w.blob(sub, target.Record) != "second" {
			t.Fatalf("%d files", n)
		}
		must(t, w.vault.Delete(w.ctx, w.app, target, Condition{}))
		must(t, w.vault.Sweep(w.ctx))
		if n := len(w.files()); n != 0 || w.rows("acme", blobPrefix) != 0 {
			t.Fatalf("%d files, %d rows", n, w.rows("acme", blobPrefix))
		}
	})
}

func TestBlobRefused(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
	missing := of(sub, "transactions", newRecordID(w.clock.now()))
	_, err := w.upload(missing, "receipt", strings.NewReader("x"))
	want(t, err, fault.NotFound)
	_, err = w.upload(target, "note", strings.NewReader("x"))
	want(t, err, fault.Invalid)
	_, err = w.upload(target, "undeclared", strings.NewReader("x"))
	want(t, err, fault.Refused)
	_, err = w.vault.PutBlob(w.ctx, w.app, target, "receipt", strings.Repeat("x", maxContentType+1), strings.NewReader("x"), Condition{})
	want(t, err, fault.Invalid)
	_, err = w.vault.PutBlob(w.ctx, w.app, target, "receipt", "", &unread{t}, Condition{true, 9})
	want(t, err, fault.Stale) // before the body is read
	_, _, err = w.vault.GetBlob(w.ctx, w.app, target, "note")
	want(t, err, fault.Invalid)
	_, err = w.vault.Put(w.ctx, w.app, target, fields("date", "2026-01-31", "amount", "1 AED", "direction", "income", "receipt", "forged"), Condition{}, Idempotency{})
	want(t, err, fault.Invalid)
	if n := len(w.files()); n != 0 {
		t.Fatalf("%d files", n)
	}
}

// unread must not be read.
type unread struct{ t *testing.T }

func (u *unread) Read([]byte) (int, error) { u.t.Error("the body was read"); return 0, io.EOF }

// What fails midway leaves the record as it was, and no file.
func TestUploadFails(t *testing.T) {
	places(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
		_, err := w.upload(target, "receipt", strings.NewReader("first"))
		must(t, err)
		for name, c := range map[string]struct {
			body io.Reader
			kind fault.Kind
		}{
			"the sender fails":      {io.MultiReader(strings.NewReader("some"), failing{}), fault.Invalid},
			"the sender fails late": {io.MultiReader(io.LimitReader(zeros{}, 2<<20), failing{}), fault.Invalid},
			"it is too large":       {io.LimitReader(zeros{}, 3<<20+1), fault.TooLarge},
			"it has no end":         {zeros{}, fault.TooLarge},
			"the record changes":    {&acting{func() { w.put(target, transaction("2 AED")) }}, fault.Stale},
		} {
			version := w.get(target).Version
			_, err := w.vault.PutBlob(w.ctx, w.app, target, "receipt", "", c.body, Condition{true, version})
			if !fault.Is(err, c.kind) {
				t.Errorf("%s: %v (%s)", name, err, fault.KindOf(err))
			}
			if got := w.blob(sub, target.Record); got != "first" {
				t.Errorf("%s: the blob is %q", name, got)
			}
			if n := len(w.files()); n != 1 {
				t.Errorf("%s: %d files", name, n)
			}
		}
		_, err = w.upload(target, "receipt", io.LimitReader(zeros{}, 3<<20)) // the largest
		must(t, err)
		w.clock.forward(blobWritingFor + time.Hour)
		must(t, w.vault.Sweep(w.ctx))
		if n, files := w.rows("acme", blobPrefix), len(w.files()); n != 1 || files != 1 {
			t.Fatalf("%d rows, %d files of uploads that failed are left", n, files)
		}
	})
}

// acting acts while it is read.
type acting struct{ act func() }

func (a *acting) Read(p []byte) (int, error) {
	if a.act == nil {
		return 0, io.EOF
	}
	a.act()
	a.act = nil
	return copy(p, "body"), nil
}

func TestErasedWhileUploading(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for name, act := range map[string]func(sub string) error{
			"person": func(sub string) error { return w.vault.EraseSubject(w.ctx, w.app, "acme", sub) },
			"person, swept": func(sub string) error {
				return errors.Join(w.vault.EraseSubject(w.ctx, w.app, "acme", sub), w.vault.Sweep(w.ctx))
			},
		} {
			sub := w.person()
			target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
			_, err := w.upload(target, "receipt", &acting{func() { must(t, act(sub)) }})
			if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
				t.Fatalf("%s: %v", name, err)
			}
			w.swept(sub)
			if n := len(w.files()); n != 0 {
				t.Fatalf("%s: %d files", name, n)
			}
		}
	})
}

// A download under way ends when the person is erased.
func TestErasedWhileDownloading(t *testing.T) {
	places(t, func(t *testing.T, w *world) {
		sub, tx := w.full()
		_, body, err := w.vault.GetBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt")
		must(t, err)
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		data, err := io.ReadAll(body)
		if !fault.Is(err, fault.Erased) || len(data) != 0 {
			t.Fatalf("%q %v", data, err)
		}
		must(t, body.Close())
	})
}

// A file that was cut, altered, reordered or put in another's place gives an error, and no byte of what
// is wrong.
func TestBlobTampered(t *testing.T) {
	places(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
		const part = 128 << 10
		plain := bytes.Repeat([]byte("0123456789abcdef"), part*5/2/16) // two and a half chunks
		_, err := w.upload(target, "receipt", bytes.NewReader(plain))
		must(t, err)
		var id string
		var sealed []byte
		for id, sealed = range w.files() {
		}
		peer := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
		_, err = w.upload(peer, "receipt", bytes.NewReader(plain))
		must(t, err)
		var swapped []byte
		for other, data := range w.files() {
			if other != id {
				swapped = data
			}
		}
		const chunk = part + 28
		flipped := bytes.Clone(sealed)
		flipped[chunk+100] ^= 1
		for name, c := range map[string]struct {
			file  []byte
			bytes int // that may be released before the error
		}{
			"another blob's":     {swapped, 0},
			"cut within a chunk": {sealed[:len(sealed)-1], 2 * part},
			"cut between chunks": {sealed[:2*chunk], part},
			"empty":              {nil, 0},
			"lengthened":         {append(bytes.Clone(sealed), 0), 2 * part},
			"chunks swapped":     {append(append(bytes.Clone(sealed[chunk:2*chunk]), sealed[:chunk]...), sealed[2*chunk:]...), 0},
			"a chunk left out":   {append(bytes.Clone(sealed[:chunk]), sealed[2*chunk:]...), part},
			"a chunk twice":      {append(bytes.Clone(sealed[:chunk]), sealed...), part},
			"a bit flipped":      {flipped, part},
		} {
			w.tamper(id, c.file)
			_, body, err := w.vault.GetBlob(w.ctx, w.app, target, "receipt")
			must(t, err)
			got, err := io.ReadAll(body)
			if err == nil {
				t.Errorf("%s: it is read to the end", name)
			}
			if len(got) > c.bytes || !bytes.Equal(got, plain[:len(got)]) {
				t.Errorf("%s: %d bytes were released", name, len(got))
			}
			must(t, body.Close())
		}
		must(t, w.vault.Objects.Remove(w.ctx, "acme", id))
		_, _, err = w.vault.GetBlob(w.ctx, w.app, target, "receipt")
		want(t, err, fault.Unavailable)
	})
}

// A large blob goes in and out in bounded memory.
func TestBlobInBoundedMemory(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	target := of(sub, "files", w.put(of(sub, "files", ""), fields("name", "film")).Record)
	const size = 64 << 20
	peak := watchHeap(t)
	_, err := w.upload(target, "body", io.LimitReader(zeros{}, size))
	must(t, err)
	_, body, err := w.vault.GetBlob(w.ctx, w.app, target, "body")
	must(t, err)
	n, err := io.Copy(io.Discard, body)
	must(t, body.Close())
	if n != size || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if used := peak(); used > 16<<20 {
		t.Fatalf("the heap grew by %d MiB", used>>20)
	}
}

// watchHeap returns a function that stops watching and says by how many bytes the heap grew at most.
func watchHeap(t *testing.T) func() uint64 {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(2 * time.Millisecond):
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return max(<-most, before.HeapAlloc) - before.HeapAlloc
	}
}

// An upload that the sweep took for abandoned is not attached to a file that is gone.
func TestSweptUpload(t *testing.T) {
	places(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "transactions", w.put(of(sub, "transactions", ""), transaction("1 AED")).Record)
		_, err := w.upload(target, "receipt", &acting{func() {
			w.clock.forward(blobWritingFor + time.Minute)
			must(t, w.vault.Sweep(w.ctx))
		}})
		want(t, err, fault.Conflict)
		if n, files := w.rows("acme", blobPrefix), len(w.files()); n != 0 || files != 0 {
			t.Fatalf("%d rows, %d files", n, files)
		}
		if w.get(target).Version != 1 {
			t.Fatal("the record was changed")
		}
	})
}
