package keyring

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// Two servers turn the epoch at the same moment: neither may overwrite the other's key.
func TestTurnOnTwoServersAtOnce(t *testing.T) {
	ctx := context.Background()
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	one, two := openRing(t, dir, root), openRing(t, dir, root)
	second := make(chan error, 1)
	one.dir.step = func(what string) error {
		if what == "place "+epochName(2) {
			go func() { _, err := two.Turn(ctx, noon); second <- err }()
			time.Sleep(100 * time.Millisecond) // time enough for the second, if nothing held it up
		}
		return nil
	}
	must(one.Turn(ctx, noon))(t)
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	fresh := openRing(t, dir, root)
	for _, r := range []*Ring{one, two} {
		tenant, wrapped, err := r.NewTenantKey("acme")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fresh.OpenTenantKey("acme", tenant.ID(), tenant.Epoch(), wrapped); err != nil {
			t.Fatalf("a key made under epoch %d was lost: %v", tenant.Epoch(), err)
		}
	}
}

// A list that was pruned and has grown past its former size since is read from its beginning.
func TestRefreshSeesThatTheListWasReplaced(t *testing.T) {
	ctx, later := context.Background(), noon.Add(100*24*time.Hour)
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	one, two := openRing(t, dir, root), openRing(t, dir, root)
	must(one.Turn(ctx, later))(t)
	if err := one.Destroy(ids(3), noon); err != nil {
		t.Fatal(err)
	}
	if err := two.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if err := one.DestroyEpoch(ctx, 1, later); err != nil {
		t.Fatal(err)
	}
	if err := one.Prune(later); err != nil {
		t.Fatal(err)
	}
	late := ids(5)
	if err := one.Destroy(late, later); err != nil {
		t.Fatal(err)
	}
	if err := two.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range late {
		if !two.Destroyed(id) {
			t.Fatal("an erasure on another server was missed")
		}
	}
}
