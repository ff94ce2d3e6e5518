package keyring

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func testRoot(t testing.TB) Root {
	t.Helper()
	root, err := FileRoot(filepath.Join(t.TempDir(), "root.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func testRing(t testing.TB) *Ring {
	t.Helper()
	return openRing(t, filepath.Join(t.TempDir(), "keys"), testRoot(t))
}

func openRing(t testing.TB, dir string, root Root) *Ring {
	t.Helper()
	r, err := Open(context.Background(), dir, root, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// must returns v, or ends the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) || err == nil {
		t.Fatalf("got %v, want a failure of kind %v", err, kind)
	}
}

func TestLifeOfTheTree(t *testing.T) {
	ctx := context.Background()
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	r := openRing(t, dir, root)
	tenant, wrappedTenant, err := r.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	subject, wrappedSubject, err := tenant.NewSubjectKey("s1")
	if err != nil {
		t.Fatal(err)
	}
	sealed := must(subject.Seal(nil, []byte("row"), []byte("hello")))(t)

	again := openRing(t, dir, root)
	if again.StoreID() != r.StoreID() || !again.Signer().Equal(r.Signer()) || again.Epoch() != r.Epoch() {
		t.Fatal("a reopened folder is another one")
	}
	tenant2 := must(again.OpenTenantKey("acme", tenant.ID(), 1, wrappedTenant))(t)
	subject2 := must(tenant2.OpenSubjectKey("s1", subject.ID(), wrappedSubject))(t)
	if plain := must(subject2.Open(nil, []byte("row"), sealed))(t); string(plain) != "hello" {
		t.Fatalf("got %q", plain)
	}
	if tenant.Lookup("people", "email", "a@b") != tenant2.Lookup("people", "email", "a@b") {
		t.Fatal("the look-up hash changed over a reopening")
	}

	epoch, err := again.Turn(ctx, noon.Add(time.Hour))
	if err != nil || epoch.Number != 2 {
		t.Fatal(epoch, err)
	}
	next, _, err := again.NewTenantKey("acme")
	if err != nil || next.Epoch() != 2 {
		t.Fatal(err)
	}
	rewrapped := must(next.Rewrap("s1", subject2))(t)
	if err := again.DestroyEpoch(ctx, 1, noon.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err = again.OpenTenantKey("acme", tenant.ID(), 1, wrappedTenant)
	wantKind(t, err, fault.Erased)
	subject3 := must(next.OpenSubjectKey("s1", subject.ID(), rewrapped))(t)
	if plain := must(subject3.Open(nil, []byte("row"), sealed))(t); string(plain) != "hello" {
		t.Fatalf("got %q", plain)
	}
	if _, err := os.Stat(filepath.Join(dir, "epoch-1.key")); !os.IsNotExist(err) {
		t.Fatal("the destroyed epoch's key is still there")
	}

	if err := again.Destroy([]ID{subject.ID()}, noon.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err = next.OpenSubjectKey("s1", subject.ID(), rewrapped)
	wantKind(t, err, fault.Erased)
	_, err = subject3.Open(nil, []byte("row"), sealed)
	wantKind(t, err, fault.Erased)
}
