package keyring

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

type crash struct{ at string }

// change is one thing a server does to its key folder. done says, from a ring opened afterwards, whether
// it happened; both answers are right after a crash, but nothing in between.
type change struct {
	name    string
	prepare func(t *testing.T, r *Ring)
	do      func(r *Ring) error
	done    func(r *Ring) bool
}

var victim = ID{0xde, 0xad}

func changes() []change {
	ctx, later := context.Background(), noon.Add(100*24*time.Hour)
	turn := func(t *testing.T, r *Ring) { must(r.Turn(ctx, later))(t) }
	return []change{
		{
			"turn", func(*testing.T, *Ring) {},
			func(r *Ring) error { _, err := r.Turn(ctx, later); return err },
			func(r *Ring) bool { return r.Epoch().Number >= 2 },
		},
		{
			"destroy an epoch", turn,
			func(r *Ring) error { return r.DestroyEpoch(ctx, 1, later) },
			func(r *Ring) bool { return !r.Epochs()[0].Destroyed.IsZero() },
		},
		{
			"destroy a key", func(*testing.T, *Ring) {},
			func(r *Ring) error { return r.Destroy([]ID{victim}, later) },
			func(r *Ring) bool { return r.Destroyed(victim) },
		},
		{
			"prune", func(t *testing.T, r *Ring) {
				turn(t, r)
				err := errors.Join(r.Destroy([]ID{victim}, noon), r.DestroyEpoch(ctx, 1, later))
				if err != nil {
					t.Fatal(err)
				}
			},
			func(r *Ring) error { return r.Prune(later) },
			func(r *Ring) bool { return !r.Destroyed(victim) },
		},
	}
}

// The process is killed before each single change to the disk. The folder must open again as it was
// before or after; what it did not do can be done then; nothing else is lost.
func TestCrashAtEveryStep(t *testing.T) {
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			for n := 0; ; n++ {
				dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
				r := openRing(t, dir, root)
				c.prepare(t, r)
				kept := ID{0x11}
				if err := r.Destroy([]ID{kept}, noon.Add(200*24*time.Hour)); err != nil {
					t.Fatal(err)
				}
				where := killAt(r, n, c.do)
				again := openRing(t, dir, root)
				if where == "" {
					if !c.done(again) {
						t.Fatal("what was acknowledged is lost")
					}
					return
				}
				if again.StoreID() != r.StoreID() || !again.Destroyed(kept) || !again.Signer().Equal(r.Signer()) {
					t.Fatalf("killed at %q: something else was lost", where)
				}
				if err := c.do(again); err != nil {
					t.Fatalf("killed at %q, then repeated: %v", where, err)
				}
				if last := openRing(t, dir, root); !c.done(last) || !last.Destroyed(kept) {
					t.Fatalf("killed at %q, then repeated: not done", where)
				}
				assertClean(t, dir, again)
			}
		})
	}
}

// killAt runs do and stops it before its n-th change to the disk, as a kill would: no clean-up runs but
// the kernel's. It returns the step, "" if do ended before it.
func killAt(r *Ring, n int, do func(*Ring) error) (where string) {
	defer func() {
		if stop, ok := recover().(crash); ok {
			where = stop.at
		}
	}()
	r.dir.step = func(what string) error {
		if n--; n < 0 {
			panic(crash{what})
		}
		return nil
	}
	if err := do(r); err != nil {
		panic(err)
	}
	return ""
}

// assertClean says that no destroyed key and no temporary file is left.
func assertClean(t *testing.T, dir string, r *Ring) {
	t.Helper()
	for _, epoch := range r.Epochs() {
		left, _ := filepath.Glob(filepath.Join(dir, epochName(epoch.Number)))
		if !epoch.Destroyed.IsZero() && len(left) > 0 {
			t.Fatalf("the key of destroyed epoch %d is still there", epoch.Number)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*")); len(left) > 0 {
		t.Fatalf("left over: %v", left)
	}
}

func TestCrashWhileTheFolderIsMade(t *testing.T) {
	for n := 0; ; n++ {
		dir, root := folder{path: filepath.Join(t.TempDir(), "keys")}, testRoot(t)
		steps, where := n, ""
		dir.step = func(what string) error {
			if steps--; steps < 0 {
				panic(crash{what})
			}
			return nil
		}
		func() {
			defer func() {
				if stop, ok := recover().(crash); ok {
					where = stop.at
				}
			}()
			must(open(context.Background(), dir, root, noon))(t)
		}()
		r := openRing(t, dir.path, root)
		again := openRing(t, dir.path, root)
		if again.StoreID() != r.StoreID() || again.Epoch() != r.Epoch() || r.Epoch().Number != 1 {
			t.Fatalf("killed at %q: not one folder", where)
		}
		assertClean(t, dir.path, again)
		if where == "" {
			return
		}
	}
}

// A full disk fails a step without killing the server, which must go on with the same ring.
func TestFailureAtEveryStep(t *testing.T) {
	full := errors.New("no space left on device")
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			for n, failed := 0, true; failed; n++ {
				dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
				r := openRing(t, dir, root)
				c.prepare(t, r)
				steps := n
				r.dir.step = func(string) error {
					if steps--; steps == -1 {
						return full
					}
					return nil
				}
				err := c.do(r)
				if failed = err != nil; failed {
					wantKind(t, err, fault.Unavailable)
					if !errors.Is(err, full) {
						t.Fatal(err)
					}
				}
				if !failed && !c.done(r) {
					t.Fatal("acknowledged but not done")
				}
				if err := c.do(r); failed && err != nil {
					t.Fatalf("step %d: cannot be repeated: %v", n, err)
				}
				if again := openRing(t, dir, root); !c.done(r) || !c.done(again) {
					t.Fatalf("step %d: repeated but not done", n)
				}
				assertClean(t, dir, r)
			}
		})
	}
}

// What the disk can show after a power cut while an epoch's key is shredded: its tombstone, and a key
// file that is whole, noise, shorter, or empty.
func TestHalfShreddedEpochIsFinished(t *testing.T) {
	ctx := context.Background()
	for _, length := range []int{0, 1, 100, 300} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
			r := openRing(t, dir, root)
			tenant, wrapped, err := r.NewTenantKey("acme")
			if err != nil {
				t.Fatal(err)
			}
			must(r.Turn(ctx, noon))(t)
			if err := r.DestroyEpoch(ctx, 1, noon); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, epochName(1)), pattern(length), 0o600)
			again := openRing(t, dir, root)
			assertClean(t, dir, again)
			_, err = again.OpenTenantKey("acme", tenant.ID(), 1, wrapped)
			wantKind(t, err, fault.Erased)
		})
	}
}

// A key file copied back after its epoch was destroyed must not bring the epoch back.
func TestTombstoneOutranksARestoredKey(t *testing.T) {
	ctx := context.Background()
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	r := openRing(t, dir, root)
	tenant, wrapped, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	copied := must(r.dir.read(epochName(1)))(t)
	must(r.Turn(ctx, noon))(t)
	if err := r.DestroyEpoch(ctx, 1, noon); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, epochName(1)), copied, 0o600)
	if err := r.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*Ring{r, openRing(t, dir, root)} {
		_, err = ring.OpenTenantKey("acme", tenant.ID(), 1, wrapped)
		wantKind(t, err, fault.Erased)
	}
}

// Once the tombstone is written the epoch is over in memory too, though its key cannot be removed yet.
func TestEpochIsOverBeforeItsKeyIsShredded(t *testing.T) {
	ctx, r := context.Background(), testRing(t)
	tenant, wrapped, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	must(r.Turn(ctx, noon))(t)
	r.dir.step = func(what string) error {
		if what == "overwrite "+epochName(1) {
			return errors.New("the disk is read-only")
		}
		return nil
	}
	wantKind(t, r.DestroyEpoch(ctx, 1, noon), fault.Unavailable)
	_, err = r.OpenTenantKey("acme", tenant.ID(), 1, wrapped)
	wantKind(t, err, fault.Erased)
}
