package app_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// opened opens a store in a folder with its blobs in a place, and closes it again.
func opened(t *testing.T, folder string, blobs *objects.Place) error {
	t.Helper()
	root, err := keyring.FileRoot(filepath.Join(folder, "root.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), app.Config{
		Policy: apptest.Parse(t, nil), Data: filepath.Join(folder, "data"), Keys: filepath.Join(folder, "keys"),
		Root: root, Blobs: blobs, Now: time.Now,
	})
	if err == nil {
		err = a.Close()
	}
	return err
}

// Where a store keeps its blobs does not change, also if it was made before that could be chosen.
func TestPlaceOfBlobsStays(t *testing.T) {
	store := objectstest.New(t)
	place := store.Place(t)
	refused := func(err error, says string) {
		t.Helper()
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), says) {
			t.Fatalf("%v does not say %q", err, says)
		}
	}
	folder := t.TempDir()
	for _, old := range []bool{false, true} {
		if err := opened(t, folder, nil); err != nil {
			t.Fatal(err)
		}
		if old {
			forget(t, folder)
		}
		refused(opened(t, folder, &place), "keeps its blobs in the data folder")
	}
	if names := store.Names(t); len(names) != 0 {
		t.Fatalf("a refused start left %q in the bucket", names)
	}
	other := t.TempDir()
	for range 2 {
		if err := opened(t, other, &place); err != nil {
			t.Fatal(err)
		}
	}
	refused(opened(t, other, nil), "keeps its blobs in an object store")
	store.Remove(t, "clause.store")
	refused(opened(t, other, &place), "none of this store's blobs")
	store.Write(t, "clause.store", []byte("another"))
	refused(opened(t, other, &place), "belongs to another store")
}

// forget makes a store one of before buckets.
func forget(t *testing.T, folder string) {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(folder, "data", "clause.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Write(t.Context(), db.Organisation, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM meta WHERE key = 'blobs'`)
		if n != 1 {
			t.Errorf("%d marks", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A store that does not come to be gives its bucket up; one whose bucket is away is not made.
func TestBucketOfNoStore(t *testing.T) {
	store := objectstest.New(t)
	place := store.Place(t)
	folder := t.TempDir()
	store.Break(objectstest.HangUp)
	if err := opened(t, folder, &place); !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	store.Mend()
	if err := opened(t, folder, &place); err != nil {
		t.Fatal(err)
	}
	if err := opened(t, t.TempDir(), &place); !fault.Is(err, fault.Conflict) {
		t.Fatal(err)
	}
	if names := store.Names(t); len(names) != 1 {
		t.Fatalf("%q", names)
	}
}
