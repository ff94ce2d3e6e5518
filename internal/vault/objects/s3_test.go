package objects_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// A prefix has one owner, who is not mistaken for another.
func TestOwner(t *testing.T) {
	store := objectstest.New(t)
	s, ctx := store.Open(t), t.Context()
	want(t, s.Check(ctx, "one"), fault.Invalid, "holds none of this store's blobs")
	must(t, s.Claim(ctx, "one"))
	must(t, s.Check(ctx, "one"))
	want(t, s.Claim(ctx, "one"), fault.Conflict, "something under this prefix already")
	want(t, s.Check(ctx, "two"), fault.Invalid, "belongs to another store")
	put(t, s, "acme", "blob_00some", []byte("x"))
	must(t, s.Release(ctx))
	if names := store.Names(t); len(names) != 0 {
		t.Fatalf("%q are left", names)
	}
	store.Write(t, "something", []byte("of somebody else"))
	want(t, s.Claim(ctx, "one"), fault.Conflict, "something under this prefix already")
	store.Remove(t, "something")
	must(t, s.Claim(ctx, "one"))
}

// Of those who claim a prefix at the same time, one gets it.
func TestClaimRace(t *testing.T) {
	store := objectstest.New(t)
	s := store.Open(t)
	var all sync.WaitGroup
	got := make([]error, 8)
	for i := range got {
		all.Go(func() { got[i] = s.Claim(context.Background(), fmt.Sprint(i)) })
	}
	all.Wait()
	owners := 0
	for _, err := range got {
		if err == nil {
			owners++
		} else if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	}
	if owners != 1 {
		t.Errorf("%d own it", owners)
	}
}

// Whoever looks for what must not be in the bucket sees all that came lately, and always the mark.
func TestEach(t *testing.T) {
	store := objectstest.New(t)
	s := store.Open(t)
	must(t, s.Claim(t.Context(), "one"))
	put(t, s, "acme", "blob_00some", []byte("sealed"))
	store.Write(t, "debug/log", []byte("in plain"))
	see := func(since time.Time) map[string]string {
		seen := map[string]string{}
		must(t, s.Each(t.Context(), since, func(name string, body io.Reader) error {
			data, err := io.ReadAll(body)
			seen[name] = string(data)
			return err
		}))
		return seen
	}
	if seen := see(time.Now().Add(-time.Minute)); len(seen) != 3 || seen["log"] != "in plain" || seen["blob_00some"] != "sealed" {
		t.Errorf("saw %q", seen)
	}
	if seen := see(time.Now().Add(time.Minute)); len(seen) != 1 {
		t.Errorf("saw %q", seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, s.Each(ctx, time.Time{}, func(string, io.Reader) error { return nil }), fault.Unavailable, "")
	want(t, s.RemoveTenant(ctx, "acme"), fault.Unavailable, "")
}

// What an operator may get wrong is said in words of ours; the object store's may hold anything.
func TestRefusedAtStart(t *testing.T) {
	store := objectstest.New(t)
	answer := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `<Error><Code>%s</Code><Message>hunter2</Message><AWSAccessKeyId>hunter2</AWSAccessKeyId></Error>`, code)
		}
	}
	for says, with := range map[string]http.HandlerFunc{
		"no such bucket":    answer(404, "NoSuchBucket"),
		"refuses access":    answer(403, "AccessDenied"),
		"refuses the key":   answer(403, "InvalidAccessKeyId"),
		"another region":    answer(400, "AuthorizationHeaderMalformed"),
		"clocks":            answer(403, "RequestTimeTooSkewed"),
		"status 418":        answer(418, "hunter2"),
		"status 503":        answer(503, "hunter2"),
		"cannot be reached": objectstest.HangUp,
		"answered with": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/hunter2", http.StatusTemporaryRedirect)
		},
		"old versions": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`)
		},
		"something else": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `hunter2`) },
		"than S3 does":   func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `<hunter2></hunter2>`) },
	} {
		store.Break(with)
		_, err := objects.OpenS3(t.Context(), store.Place(t), t.TempDir())
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", says, err)
		}
	}
	store.Break(answer(501, "NotImplemented")) // who knows no versions keeps none
	_, err := objects.OpenS3(t.Context(), store.Place(t), t.TempDir())
	must(t, err)
	store.Mend()
	must(t, store.Backend.SetVersioningConfiguration(objectstest.Bucket, gofakes3.VersioningConfiguration{Status: "Enabled"}))
	_, err = objects.OpenS3(t.Context(), store.Place(t), t.TempDir())
	want(t, err, fault.Invalid, "keeps old versions")
}

// secure is an object store over TLS that knows how to put and get, and keeps objects in files.
func secure(t *testing.T) (objects.Place, string) {
	folder := t.TempDir()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := filepath.Join(folder, filepath.Base(r.URL.Path))
		switch {
		case r.URL.Query().Has("versioning"):
			io.WriteString(w, `<VersioningConfiguration></VersioningConfiguration>`)
		case r.Method == "PUT":
			file, err := os.Create(path)
			if err == nil {
				_, err = io.Copy(file, r.Body)
			}
			if err != nil {
				t.Error(err)
			}
			file.Close()
		default:
			http.ServeFile(w, r, path)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	p, err := objects.ParsePlace("s3://blobs?endpoint=" + server.URL)
	must(t, err)
	p.AccessKey, p.SecretKey = "ours", "hunter2"
	p.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return p, folder
}

func TestCertificate(t *testing.T) {
	p, _ := secure(t)
	_, err := objects.OpenS3(t.Context(), p, t.TempDir())
	must(t, err)
	ca := p.CA
	p.CA = nil
	_, err = objects.OpenS3(t.Context(), p, t.TempDir())
	want(t, err, fault.Unavailable, "certificate")
	p.CA = []byte("none")
	_, err = objects.OpenS3(t.Context(), p, t.TempDir())
	want(t, err, fault.Invalid, "PEM")
	p.CA, p.Endpoint.Scheme = ca, "http"
	_, err = objects.OpenS3(t.Context(), p, t.TempDir())
	if err == nil {
		t.Fatal("it speaks in the clear to a server that does not")
	}
}

// A large object goes up and down in bounded memory, and its file on the way has no name.
func TestLargeObject(t *testing.T) {
	p, _ := secure(t)
	temporary := t.TempDir()
	s, err := objects.OpenS3(t.Context(), p, temporary)
	must(t, err)
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	part, most := noise(1<<20), uint64(0)
	look := func() { runtime.ReadMemStats(&now); most = max(most, now.HeapAlloc) }
	must(t, s.Put(t.Context(), "acme", "blob_00large", func(w io.Writer) error {
		for range 64 {
			if _, err := w.Write(part); err != nil {
				return err
			}
			look()
		}
		left, err := os.ReadDir(temporary)
		if len(left) > 0 {
			t.Errorf("%s would be left by a process that is killed", left[0].Name())
		}
		return err
	}))
	look()
	r, err := s.Open(t.Context(), "acme", "blob_00large")
	must(t, err)
	n := int64(0)
	for err == nil {
		var some int64
		some, err = io.CopyN(io.Discard, r, 1<<20)
		n += some
		look()
	}
	must(t, r.Close())
	if err != io.EOF || n != 64<<20 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if used := most - min(most, before.HeapAlloc); used > 12<<20 {
		t.Errorf("the heap grew by %d KiB", used>>10)
	}
}
