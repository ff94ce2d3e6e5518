package control_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// TestProbesOfABucket runs the probes that look for what must not be stored against a server whose blobs
// are in a bucket: what is there in plain is found, and what cannot be looked at proves nothing.
func TestProbesOfABucket(t *testing.T) {
	store := objectstest.New(t)
	place := store.Place(t)
	w := newWorld(t, sabotage{blobs: &place})
	for _, name := range []string{"encryption-at-rest", "memory-only", "erasure"} {
		t.Run(name, func(t *testing.T) {
			w.keeps(t, name)
			for _, f := range w.probe(t, name, w.System()) {
				if facts := strings.Join(f.Facts, "\n"); !strings.Contains(facts, "object") {
					t.Errorf("it did not look into the bucket: %s", facts)
				}
			}
			for form, of := range map[string]func([]byte) []byte{
				"in plain":       func(b []byte) []byte { return b },
				"in hexadecimal": func(b []byte) []byte { return []byte(hex.EncodeToString(b)) },
			} {
				t.Run("a copy "+form, func(t *testing.T) { w.breaks(t, name, spills(t, store, of)) })
			}
			t.Run("a bucket that is away", func(t *testing.T) {
				sys := w.System()
				look := sys.Objects
				sys.Objects = func(ctx context.Context, see func(string, io.Reader) error) error {
					store.Break(objectstest.HangUp)
					defer store.Mend()
					return look(ctx, see)
				}
				w.unable(t, name, sys, "not every object could be searched: the object store cannot be reached")
			})
			t.Run("a bucket that shows nothing", func(t *testing.T) {
				sys := w.System()
				sys.Objects = func(context.Context, func(string, io.Reader) error) error { return nil }
				w.unable(t, name, sys, "not every object could be searched")
			})
		})
	}
}

// spills is a sabotage that keeps a copy of what is sent in the bucket.
func spills(t *testing.T, store *objectstest.Store, of func([]byte) []byte) sabotage {
	var n atomic.Int64
	t.Cleanup(func() {
		for i := range n.Load() {
			store.Remove(t, fmt.Sprintf("debug/copy-%d", i+1))
		}
	})
	return sabotage{says: "in the object copy-", front: leaking(func(body []byte) {
		store.Write(t, fmt.Sprintf("debug/copy-%d", n.Add(1)), of(body))
	})}
}

// unable wants a probe to say that it could not see.
func (w *world) unable(t *testing.T, name string, sys *control.System, says string) {
	t.Helper()
	for _, f := range w.probe(t, name, sys) {
		if f.Outcome != control.Unable || !strings.Contains(f.Summary, says) {
			t.Errorf("it is %s: %s", f.Outcome, f.Summary)
		}
	}
}
