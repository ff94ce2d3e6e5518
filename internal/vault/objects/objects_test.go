package objects_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// each runs a test on every place in which objects can be kept: all must do the same.
func each(t *testing.T, run func(t *testing.T, o vault.Objects)) {
	t.Run("folder", func(t *testing.T) {
		f, err := objects.NewFolder(filepath.Join(t.TempDir(), "blobs"))
		must(t, err)
		run(t, f)
	})
	t.Run("s3", func(t *testing.T) { run(t, objectstest.New(t).Open(t)) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, err error, kind fault.Kind, says string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v (%s), want %s that says %q", err, fault.KindOf(err), kind, says)
	}
}

func put(t testing.TB, o vault.Objects, tenant, id string, data []byte) {
	t.Helper()
	must(t, o.Put(t.Context(), tenant, id, func(w io.Writer) error {
		for part := range slices.Chunk(data, 70_001) {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}))
}

// holds fails unless the object is data, or with nil is not there.
func holds(t testing.TB, o vault.Objects, tenant, id string, data []byte) {
	t.Helper()
	r, err := o.Open(t.Context(), tenant, id)
	if data == nil {
		want(t, err, fault.NotFound, "")
		return
	}
	must(t, err)
	got, err := io.ReadAll(r)
	must(t, errors.Join(err, r.Close()))
	if !bytes.Equal(got, data) {
		t.Fatalf("%s/%s has %d bytes, or others than it should", tenant, id, len(got))
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func TestObjects(t *testing.T) {
	each(t, func(t *testing.T, o vault.Objects) {
		holds(t, o, "acme", "blob_00none", nil)
		for _, size := range []int{1, 28, 4096, 131_100, 5<<20 + 3, 17<<20 + 1} {
			data := noise(size)
			put(t, o, "acme", "blob_00some", data)
			holds(t, o, "acme", "blob_00some", data)
		}
		first, second := noise(100), noise(50)
		put(t, o, "acme", "blob_00some", first)
		put(t, o, "acme", "blob_00some", second) // replaced whole
		holds(t, o, "acme", "blob_00some", second)
		holds(t, o, "other", "blob_00some", nil)
		put(t, o, "other", "blob_00some", first)
		must(t, o.Remove(t.Context(), "acme", "blob_00some"))
		must(t, o.Remove(t.Context(), "acme", "blob_00some")) // gone already
		must(t, o.Remove(t.Context(), "acme"))
		holds(t, o, "acme", "blob_00some", nil)
		holds(t, o, "other", "blob_00some", first)
	})
}

func TestRemoveMany(t *testing.T) {
	each(t, func(t *testing.T, o vault.Objects) {
		var ids []string
		for i := range 1005 {
			ids = append(ids, fmt.Sprintf("blob_%04d", i))
			put(t, o, "acme", ids[i], []byte("x"))
		}
		put(t, o, "acme-2", "blob_0000", []byte("y")) // whose name begins like the other's
		must(t, o.Remove(t.Context(), "acme", append([]string{"blob_9999"}, ids[:1002]...)...))
		holds(t, o, "acme", ids[1001], nil)
		holds(t, o, "acme", ids[1002], []byte("x"))
		must(t, o.RemoveTenant(t.Context(), "acme"))
		for _, id := range ids[1002:] {
			holds(t, o, "acme", id, nil)
		}
		holds(t, o, "acme-2", "blob_0000", []byte("y"))
		must(t, o.RemoveTenant(t.Context(), "acme"))
		must(t, o.RemoveTenant(t.Context(), "nobody"))
	})
}

// What the writer says is passed on as it is, and what it left can be removed.
func TestPutFails(t *testing.T) {
	each(t, func(t *testing.T, o vault.Objects) {
		mine := fault.New("test", fault.TooLarge, "too much")
		err := o.Put(t.Context(), "acme", "blob_00part", func(w io.Writer) error {
			_, err := w.Write(noise(100_000))
			return errors.Join(err, mine)
		})
		want(t, err, fault.TooLarge, "too much")
		must(t, o.Remove(t.Context(), "acme", "blob_00part"))
		holds(t, o, "acme", "blob_00part", nil)
	})
}

func TestObjectsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, o vault.Objects) {
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				id, data := fmt.Sprintf("blob_%02d", i), noise(200_000+i)
				err := o.Put(context.Background(), "acme", id, func(w io.Writer) error { _, err := w.Write(data); return err })
				if err != nil {
					t.Error(err)
					return
				}
				holds(t, o, "acme", id, data)
				if i%2 == 0 {
					if err := o.Remove(context.Background(), "acme", id); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}
