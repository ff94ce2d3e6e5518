package keyring

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

// sealedThing is a subject with one sealed record, and every wrapped copy ever made of its keys: what a
// thief of the store and of all backups would hold.
type sealedThing struct {
	subject string
	key     ID
	sealed  []byte
	copies  []wrappedCopy
}

type wrappedCopy struct {
	tenantWrapped, subjectWrapped []byte
	tenantID                      ID
	epoch                         int64
}

// world is two servers on one folder, and the plain truth about what may still be opened.
type world struct {
	dir       string
	root      Root
	rings     []*Ring
	things    []*sealedThing
	destroyed map[ID]bool
	living    map[int64]bool
	newest    int64
	now       time.Time
}

func (w *world) ring(t *rapid.T) *Ring {
	r := w.rings[rapid.IntRange(0, 1).Draw(t, "server")]
	if err := r.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r
}

// copyOf makes a new tenant key and wraps the thing's key under it, as the turn of an epoch does.
func (w *world) copyOf(t *rapid.T, r *Ring, thing *sealedThing, s *SubjectKey) {
	tenant, wrapped, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		if s, _, err = tenant.NewSubjectKey(thing.subject); err != nil {
			t.Fatal(err)
		}
		thing.key = s.ID()
		thing.sealed, _ = s.Seal(nil, []byte(thing.subject), []byte("secret of "+thing.subject))
	}
	inner, err := tenant.Rewrap(thing.subject, s)
	if err != nil {
		t.Fatal(err)
	}
	thing.copies = append(thing.copies, wrappedCopy{
		tenantWrapped: wrapped, subjectWrapped: inner, tenantID: tenant.ID(), epoch: tenant.Epoch(),
	})
}

// open tries a wrapped copy on a ring.
func (c wrappedCopy) open(r *Ring, thing *sealedThing) (*SubjectKey, error) {
	tenant, err := r.OpenTenantKey("acme", c.tenantID, c.epoch, c.tenantWrapped)
	if err != nil {
		return nil, err
	}
	return tenant.OpenSubjectKey(thing.subject, thing.key, c.subjectWrapped)
}

func (w *world) check(t *rapid.T) {
	for _, r := range w.rings {
		if err := r.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, thing := range w.things {
			for _, c := range thing.copies {
				s, err := c.open(r, thing)
				may := w.living[c.epoch] && !w.destroyed[c.tenantID] && !w.destroyed[thing.key]
				if !may && !fault.Is(err, fault.Erased) {
					t.Fatalf("what is erased opens: %v", err)
				}
				if !may {
					continue
				}
				if err != nil {
					t.Fatal("what lives does not open:", err)
				}
				plain, err := s.Open(nil, []byte(thing.subject), thing.sealed)
				if err != nil || !bytes.Equal(plain, []byte("secret of "+thing.subject)) {
					t.Fatal(err)
				}
			}
		}
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	ctx := context.Background()
	pick := func(t *rapid.T) *sealedThing {
		if len(w.things) == 0 {
			w.things = append(w.things, &sealedThing{subject: NewID().String()})
			w.copyOf(t, w.ring(t), w.things[0], nil)
		}
		return w.things[rapid.IntRange(0, len(w.things)-1).Draw(t, "thing")]
	}
	return map[string]func(*rapid.T){
		"": w.check,
		"create": func(t *rapid.T) {
			thing := &sealedThing{subject: NewID().String()}
			w.copyOf(t, w.ring(t), thing, nil)
			w.things = append(w.things, thing)
		},
		"rewrap": func(t *rapid.T) {
			thing, r := pick(t), w.ring(t)
			if s, err := thing.copies[len(thing.copies)-1].open(r, thing); err == nil {
				w.copyOf(t, r, thing, s)
			}
		},
		"erase": func(t *rapid.T) {
			thing := pick(t)
			id := thing.key
			if rapid.Bool().Draw(t, "the tenant") {
				id = thing.copies[len(thing.copies)-1].tenantID
			}
			if err := w.ring(t).Destroy([]ID{id}, w.now); err != nil {
				t.Fatal(err)
			}
			w.destroyed[id] = true
		},
		"turn": func(t *rapid.T) {
			epoch, err := w.ring(t).Turn(ctx, w.now)
			if err != nil || epoch.Number != w.newest+1 {
				t.Fatal(epoch, err)
			}
			w.newest++
			w.living[w.newest] = true
			w.now = w.now.Add(50 * time.Hour)
		},
		"destroy epoch": func(t *rapid.T) {
			number := rapid.Int64Range(1, w.newest).Draw(t, "epoch")
			err := w.ring(t).DestroyEpoch(ctx, number, w.now)
			if (err == nil) != (number < w.newest) {
				t.Fatal(number, err)
			}
			if err == nil {
				delete(w.living, number)
			}
		},
		"prune": func(t *rapid.T) {
			if err := w.ring(t).Prune(w.now); err != nil {
				t.Fatal(err)
			}
		},
		"restart": func(t *rapid.T) {
			r, err := Open(ctx, w.dir, w.root, w.now)
			if err != nil {
				t.Fatal(err)
			}
			w.rings[rapid.IntRange(0, 1).Draw(t, "server")] = r
		},
	}
}

// No sequence of events on two servers ever opens what was erased, or loses what was not. In particular
// Prune forgets no id that a wrapped copy somewhere could still need.
func TestErasedStaysErasedAndTheRestLives(t *testing.T) {
	root, base := testRoot(t), t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(base, NewID().String())
		w := &world{dir: dir, root: root, destroyed: map[ID]bool{}, living: map[int64]bool{1: true}, newest: 1, now: noon}
		w.rings = []*Ring{openRing(t, dir, root), openRing(t, dir, root)}
		w.now = noon.Add(50 * time.Hour)
		rt.Repeat(w.actions())
	})
}
