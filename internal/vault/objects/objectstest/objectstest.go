// Package objectstest has an object store for tests, in this process and on loopback, that a test can look
// into behind everybody's back, and break.
package objectstest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"clause.dev/clause/internal/vault/objects"
)

// Bucket is the name of the only bucket, Prefix what the tests' objects are under.
const (
	Bucket = "clause-blobs"
	Prefix = "test/"
)

// Store is a running object store with one bucket.
type Store struct {
	Backend *s3mem.Backend
	honest  http.Handler
	server  *httptest.Server
	breaks  atomic.Pointer[http.HandlerFunc]
}

// New starts an object store that ends with the test.
func New(t testing.TB) *Store {
	t.Helper()
	s := &Store{Backend: s3mem.New()}
	if err := s.Backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	s.honest = gofakes3.New(s.Backend).Server()
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken := s.breaks.Load(); broken != nil {
			(*broken)(w, r)
			return
		}
		s.honest.ServeHTTP(w, r)
	}))
	t.Cleanup(s.server.Close)
	return s
}

// URL is the store's address as an operator writes it.
func (s *Store) URL() string { return "s3://" + Bucket + "/" + Prefix + "?endpoint=" + s.server.URL }

// Place is the store's address with keys, which it does not check.
func (s *Store) Place(t testing.TB) objects.Place {
	t.Helper()
	p, err := objects.ParsePlace(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	p.AccessKey, p.SecretKey = "test", "test-secret"
	return p
}

// Open opens the bucket as a server does.
func (s *Store) Open(t testing.TB) *objects.S3 {
	t.Helper()
	o, err := objects.OpenS3(context.Background(), s.Place(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Break has the handler answer in place of the store, until Mend.
func (s *Store) Break(with http.HandlerFunc) { s.breaks.Store(&with) }

// BreakOnly has the handler answer what is meant, and the store the rest.
func (s *Store) BreakOnly(meant func(*http.Request) bool, with http.HandlerFunc) {
	s.Break(func(w http.ResponseWriter, r *http.Request) {
		if meant(r) {
			with(w, r)
			return
		}
		s.honest.ServeHTTP(w, r)
	})
}

// Deaf does what is meant, up to n times, and hangs up in place of an answer.
func (s *Store) Deaf(meant func(*http.Request) bool, n int64) {
	var done atomic.Int64
	s.BreakOnly(func(r *http.Request) bool { return meant(r) && done.Add(1) <= n }, func(w http.ResponseWriter, r *http.Request) {
		s.honest.ServeHTTP(httptest.NewRecorder(), r)
		HangUp(w, r)
	})
}

// Mend ends what Break began.
func (s *Store) Mend() { s.breaks.Store(nil) }

// HangUp closes the connection without an answer.
func HangUp(w http.ResponseWriter, _ *http.Request) {
	panic(http.ErrAbortHandler)
}

// Names returns the names of all objects, without the tests' prefix.
func (s *Store) Names(t testing.TB) []string {
	t.Helper()
	found, err := s.Backend.ListBucket(Bucket, &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range found.Contents {
		names = append(names, strings.TrimPrefix(o.Key, Prefix))
	}
	slices.Sort(names)
	return names
}

// Read returns an object's bytes.
func (s *Store) Read(t testing.TB, name string) []byte {
	t.Helper()
	o, err := s.Backend.GetObject(Bucket, Prefix+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Contents.Close()
	data, err := io.ReadAll(o.Contents)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Write puts an object behind the server's back.
func (s *Store) Write(t testing.TB, name string, data []byte) {
	t.Helper()
	meta := map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}
	if _, err := s.Backend.PutObject(Bucket, Prefix+name, meta, bytes.NewReader(data), int64(len(data)), nil); err != nil {
		t.Fatal(err)
	}
}

// Remove removes an object behind the server's back.
func (s *Store) Remove(t testing.TB, name string) {
	t.Helper()
	if _, err := s.Backend.DeleteObject(Bucket, Prefix+name); err != nil {
		t.Fatal(err)
	}
}
