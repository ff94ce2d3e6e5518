package keyring

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
)

func TestOpenMakesAPrivateFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "keys")
	openRing(t, dir, testRoot(t))
	if info := must(os.Stat(dir))(t); info.Mode().Perm() != 0o700 {
		t.Fatalf("folder mode %o", info.Mode().Perm())
	}
	for _, entry := range must(os.ReadDir(dir))(t) {
		if info := must(entry.Info())(t); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", entry.Name(), info.Mode().Perm())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	mode := func(name string, mode os.FileMode) func(string) error {
		return func(dir string) error { return os.Chmod(filepath.Join(dir, name), mode) }
	}
	replace := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	}
	for _, c := range []struct {
		name   string
		change func(dir string) error
		want   string
	}{
		{"folder open to others", mode(".", 0o755), "mode 0755"},
		{"epoch key open to others", mode("epoch-2.key", 0o644), "other users can open epoch-2.key"},
		{"ledger key open to the group", mode("ledger.key", 0o640), "other users can open ledger.key"},
		{"list open to others", mode("destroyed.log", 0o604), "other users can open destroyed.log"},
		{"store id open to others", mode("store.id", 0o644), "other users can open store.id"},
		{"epoch key lost", remove("epoch-2.key"), "epoch-2.key is missing"},
		{"tombstone lost", remove("epoch-1.gone"), "epoch-1.key is missing"},
		{"ledger key lost", remove("ledger.key"), "ledger.key is missing"},
		{"list lost", remove("destroyed.log"), "destroyed.log is missing"},
		{"store id lost", remove("store.id"), "the key folder holds epochs but no store.id"},
		{"store id damaged", replace("store.id", "rubbish"), "in store.id"},
		{"epoch key damaged", replace("epoch-3.key", "rubbish"), "in epoch-3.key"},
		{"ledger key damaged", replace("ledger.key", ""), "in ledger.key"},
		{"epoch key renamed", func(dir string) error {
			return os.Rename(filepath.Join(dir, "epoch-3.key"), filepath.Join(dir, "epoch-4.key"))
		}, "in epoch-4.key"},
		{"epoch key a folder", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "epoch-3.key")), os.Mkdir(filepath.Join(dir, "epoch-3.key"), 0o600))
		}, "epoch-3.key is not a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
			r := openRing(t, dir, root)
			must(r.Turn(context.Background(), noon))(t)
			must(r.Turn(context.Background(), noon))(t)
			if err := r.DestroyEpoch(context.Background(), 1, noon); err != nil {
				t.Fatal(err)
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			_, err := Open(context.Background(), dir, root, noon)
			wantKind(t, err, fault.Invalid)
			var f *fault.Error
			if errors.As(err, &f); !strings.Contains(err.Error(), c.want) || f.Hint == "" {
				t.Fatalf("got %q with hint %q", err, f.Hint)
			}
		})
	}
}

func TestOpenWithAnotherRootKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	openRing(t, dir, testRoot(t))
	_, err := Open(context.Background(), dir, testRoot(t), noon)
	wantKind(t, err, fault.Invalid)
	var f *fault.Error
	if errors.As(err, &f); !strings.Contains(err.Error(), "the root key does not match this key folder") || f.Hint == "" {
		t.Fatalf("got %q with hint %q", err, f.Hint)
	}
}

// Files of two folders under the same root key must not be mixed.
func TestOpenWithAnotherStoresFile(t *testing.T) {
	root := testRoot(t)
	one, two := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "keys")
	openRing(t, one, root)
	openRing(t, two, root)
	for _, name := range []string{"epoch-1.key", "ledger.key", "store.id"} {
		path := filepath.Join(one, name)
		own := must(os.ReadFile(path))(t)
		writeFile(t, path, must(os.ReadFile(filepath.Join(two, name)))(t), 0o600)
		_, err := Open(context.Background(), one, root, noon)
		wantKind(t, err, fault.Invalid)
		if !strings.Contains(err.Error(), "belongs to another store") {
			t.Fatal(err)
		}
		writeFile(t, path, own, 0o600)
	}
	openRing(t, one, root)
}

// An epoch key that says another number or time than it was sealed with does not open.
func TestEpochFileIsBoundToWhatItSays(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	openRing(t, dir, root)
	path := filepath.Join(dir, "epoch-1.key")
	file := must(parseKeyFile(kindEpoch, must(os.ReadFile(path))(t)))(t)
	file.began = file.began.AddDate(0, 0, 30)
	writeFile(t, path, file.encode(), 0o600)
	_, err := Open(context.Background(), dir, root, noon)
	wantKind(t, err, fault.Invalid)
}

type downRoot struct{ Root }

func (downRoot) Open(context.Context, []byte, []byte) ([]byte, error) {
	return nil, fault.New("test", fault.Unavailable, "down")
}

func TestOpenWithRootDown(t *testing.T) {
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	openRing(t, dir, root)
	_, err := Open(context.Background(), dir, downRoot{root}, noon)
	wantKind(t, err, fault.Unavailable)
}

// That an epoch is over must reach a server even while its root is down.
func TestRefreshForgetsWithoutTheRoot(t *testing.T) {
	ctx := context.Background()
	dir, root := filepath.Join(t.TempDir(), "keys"), testRoot(t)
	one, two := openRing(t, dir, root), openRing(t, dir, root)
	tenant, wrapped, err := two.NewTenantKey("acme")
	if err != nil {
		t.Fatal(err)
	}
	must(one.Turn(ctx, noon))(t)
	if err := one.DestroyEpoch(ctx, 1, noon); err != nil {
		t.Fatal(err)
	}
	two.root = downRoot{root}
	wantKind(t, two.Refresh(ctx), fault.Unavailable)
	_, err = two.OpenTenantKey("acme", tenant.ID(), 1, wrapped)
	wantKind(t, err, fault.Erased)
	_, _, err = tenant.NewSubjectKey("s1")
	wantKind(t, err, fault.Erased)
	two.root = root
	if err := two.Refresh(ctx); err != nil || two.Epoch() != one.Epoch() {
		t.Fatal(err)
	}
}
