package keyring

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/internal/fault"
)

func TestFileRootOpensItsOwnSealsOnly(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	one := must(FileRoot(filepath.Join(dir, "one"), true))(t)
	two := must(FileRoot(filepath.Join(dir, "two"), true))(t)
	again := must(FileRoot(filepath.Join(dir, "one"), false))(t)
	sealed := must(one.Seal(ctx, []byte("key"), []byte("here")))(t)
	if plain := must(again.Open(ctx, sealed, []byte("here")))(t); string(plain) != "key" {
		t.Fatalf("got %q", plain)
	}
	_, err := two.Open(ctx, sealed, []byte("here"))
	wantKind(t, err, fault.Invalid)
	_, err = one.Open(ctx, sealed, []byte("there"))
	wantKind(t, err, fault.Invalid)
}

func TestFileRootRefuses(t *testing.T) {
	good := strings.Repeat("A", 43) + "=\n"
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		kind       fault.Kind
	}{
		{"missing", "", 0, fault.NotFound},
		{"group can read", good, 0o640, fault.Invalid},
		{"others can read", good, 0o604, fault.Invalid},
		{"executable", good, 0o700, fault.Invalid},
		{"empty", "", 0o600, fault.Invalid},
		{"16 bytes", strings.Repeat("A", 22) + "==\n", 0o600, fault.Invalid},
		{"33 bytes", strings.Repeat("A", 44) + "\n", 0o600, fault.Invalid},
		{"not base64", strings.Repeat("*", 44), 0o600, fault.Invalid},
		{"trailing bits", strings.Repeat("A", 42) + "B=\n", 0o600, fault.Invalid},
		{"huge", strings.Repeat("A", maxFileSize+1), 0o600, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "root.key")
			if c.mode != 0 {
				writeFile(t, path, []byte(c.text), c.mode)
			}
			_, err := FileRoot(path, false)
			wantKind(t, err, c.kind)
			if c.text != "" && strings.Contains(err.Error(), strings.TrimSpace(c.text)) {
				t.Fatal("the error shows the key")
			}
		})
	}
	path := filepath.Join(t.TempDir(), "root.key")
	writeFile(t, path, []byte(good), 0o400)
	must(FileRoot(path, true))(t)
}

func TestFileRootNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "root.key")
	must(FileRoot(path, true))(t)
	before := must(os.ReadFile(path))(t)
	must(FileRoot(path, true))(t)
	if !bytes.Equal(before, must(os.ReadFile(path))(t)) {
		t.Fatal("the root key was replaced")
	}
	if info := must(os.Stat(path))(t); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %o", info.Mode().Perm())
	}
}

// Two servers that start at once on an empty folder must end with the same root key.
func TestFileRootMadeAtOnce(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "root.key")
	roots := make([]Root, 8)
	var group sync.WaitGroup
	for i := range roots {
		group.Go(func() { roots[i], _ = FileRoot(path, true) })
	}
	group.Wait()
	sealed := must(roots[0].Seal(ctx, []byte("key"), nil))(t)
	for _, root := range roots {
		must(root.Open(ctx, sealed, nil))(t)
	}
}

func writeFile(t testing.TB, path string, text []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
