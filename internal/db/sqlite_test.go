package db_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

func TestSecondServer(t *testing.T) {
	c := dbtest.SQLite(t)
	first := dbtest.Open(t, c)
	_, err := db.Open(t.Context(), c)
	wantKind(t, err, fault.Conflict)
	// By another name of the same file too.
	link := filepath.Join(t.TempDir(), "other.db")
	if err := os.Symlink(first.Path(), link); err != nil {
		t.Fatal(err)
	}
	other := c
	other.URL = "sqlite:" + link
	_, err = db.Open(t.Context(), other)
	wantKind(t, err, fault.Conflict)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	dbtest.Open(t, c)
}

func TestFileModes(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	write(t, d, "", putMeta, "k", []byte{})
	names, err := filepath.Glob(filepath.Dir(d.Path()) + "/*")
	if err != nil || len(names) != 4 {
		t.Fatalf("%v, %v: want the file, its lock, its log and the log's index", names, err)
	}
	for _, name := range append(names, filepath.Dir(d.Path())) {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("not a database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]db.Config{
		"no URL":         {Now: time.Now},
		"unknown engine": {URL: "mysql://x", Now: time.Now},
		"no clock":       {URL: "sqlite:" + filepath.Join(dir, "a.db")},
		"no file":        {URL: "sqlite:", Now: time.Now},
		"memory":         {URL: "sqlite::memory:", Now: time.Now},
		"garbage":        {URL: "sqlite:" + garbage, Now: time.Now},
		"a folder":       {URL: "sqlite:" + dir, Now: time.Now},
	}
	for name, c := range cases {
		if d, err := db.Open(t.Context(), c); err == nil {
			d.Close()
			t.Errorf("%s was opened", name)
		}
	}
}

// TestOddPaths: names with a meaning in URLs are just names.
func TestOddPaths(t *testing.T) {
	c := db.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "a ?b=c#d%20 ü.db"), Now: time.Now}
	d := dbtest.Open(t, c)
	write(t, d, "", putMeta, "k", []byte{})
	if _, err := os.Stat(d.Path()); err != nil {
		t.Error(err)
	}
}

func TestNewerSchemaRefused(t *testing.T) {
	c := dbtest.SQLite(t)
	d := dbtest.Open(t, c)
	d.Close()
	handle, err := sql.Open("sqlite", d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	if _, err := handle.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	_, err = db.Open(t.Context(), c)
	wantKind(t, err, fault.Conflict)
}

// TestRecordsMove: a store whose records lie as they came keeps each of them when they are laid by person, and a
// person's then lie together.
func TestRecordsMove(t *testing.T) {
	c := dbtest.SQLite(t)
	file := strings.TrimPrefix(c.URL, "sqlite:")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	handle, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	steps, err := fs.Sub(db.Migrations(), "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	before, err := goose.NewProvider(goose.DialectSQLite3, handle, steps, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.UpTo(t.Context(), 21); err != nil {
		t.Fatal(err)
	}
	const people, each = 50, 3
	for i := range people * each {
		_, err := handle.Exec(putRecord, "t", fmt.Sprintf("s%d", i%people), "d", fmt.Sprintf("r%d", i/people), []byte{byte(i)}, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	handle.Close()
	d := dbtest.Open(t, c)
	for i := range people * each {
		var sealed []byte
		var at int64
		err := d.Get(t.Context(), "t", `SELECT sealed, created_at FROM records WHERE tenant_id = $1 AND subject_id = $2 AND record_id = $3`,
			[]any{"t", fmt.Sprintf("s%d", i%people), fmt.Sprintf("r%d", i/people)}, &sealed, &at)
		if err != nil || !bytes.Equal(sealed, []byte{byte(i)}) || at != int64(i) {
			t.Fatalf("record %d is %x of %d, %v", i, sealed, at, err)
		}
	}
	var rows int
	if err := d.Get(t.Context(), "t", `SELECT COUNT(*) FROM records`, nil, &rows); err != nil || rows != people*each {
		t.Errorf("%d records, %v", rows, err)
	}
	if verdict, err := d.Check(); err != nil || verdict != "ok" {
		t.Errorf("the file is %q, %v", verdict, err)
	}
	if err := d.Get(t.Context(), "t", `SELECT rowid FROM records LIMIT 1`, nil, &rows); err == nil {
		t.Error("records still lie as they came")
	}
}

// TestScrub: what was deleted is in none of the store's files.
func TestScrub(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	canary := []byte("CANARY-7f3a9c-PLAINTEXT")
	for i := range 50 {
		write(t, d, "t", putRecord, "t", fmt.Sprintf("%s-%d", canary, i), "d", "r", bytes.Repeat(canary, 1+i*20), 0)
	}
	if found := search(t, d, canary); len(found) == 0 {
		t.Fatal("the search finds nothing even before the deletion")
	}
	write(t, d, "t", `UPDATE records SET sealed = $2 WHERE tenant_id = $1`, "t", []byte("short"))
	write(t, d, "t", `DELETE FROM records WHERE tenant_id = $1`, "t")
	if err := d.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := search(t, d, canary); len(found) > 0 {
		t.Errorf("still in %v", found)
	}
}

// TestScrubUnderLoad: readers and writers in full swing do not keep the log from being emptied.
func TestScrubUnderLoad(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	write(t, d, "", putMeta, "k", []byte("v"))
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for !stop.Load() {
				var value []byte
				if err := d.Get(t.Context(), "", getMeta, []any{"k"}, &value); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for !stop.Load() {
			write(t, d, "", `UPDATE meta SET value = $1`, []byte("w"))
		}
	})
	for range 10 {
		if err := d.Scrub(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	all.Wait()
}

func search(t *testing.T, d *db.DB, needle []byte) (found []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Dir(d.Path()) + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, needle) {
			found = append(found, filepath.Base(name))
		}
	}
	return found
}

// TestFullDisk: refused, nothing half done, and it goes on by itself once there is room.
func TestFullDisk(t *testing.T) {
	for name, makeRoom := range map[string]func(t *testing.T) (d *db.DB, fill, free func()){
		"file system": smallDisk, "page limit": pageLimit,
	} {
		t.Run(name, func(t *testing.T) {
			d, fill, free := makeRoom(t)
			write(t, d, "t", putRecord, "t", "before", "d", "r", []byte("x"), 0)
			fill()
			var all sync.WaitGroup
			for i := range 16 {
				all.Go(func() {
					err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
						if _, err := tx.Exec(putMeta, fmt.Sprint(i), []byte("half")); err != nil {
							return err
						}
						_, err := tx.Exec(putRecord, "t", fmt.Sprint(i), "d", "r", make([]byte, 3<<20), 0)
						return err
					})
					if !fault.Is(err, fault.Unavailable) {
						t.Errorf("on a full disk: %v", err)
					}
				})
			}
			all.Wait()
			var n int
			if err := d.Get(t.Context(), "t", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 0 {
				t.Errorf("%d rows are half done, %v", n, err)
			}
			free()
			write(t, d, "t", putRecord, "t", "after", "d", "r", make([]byte, 1<<20), 0)
			if err := d.Get(t.Context(), "t", `SELECT count(*) FROM records WHERE tenant_id = $1`, []any{"t"}, &n); err != nil || n != 2 {
				t.Errorf("%d records, %v", n, err)
			}
			if verdict, err := d.Check(); err != nil || verdict != "ok" {
				t.Errorf("integrity: %s, %v", verdict, err)
			}
		})
	}
}

// smallDisk opens a store on a file system of 8 MiB. Without the right to mount it limits the size
// of files this process may write instead, which the kernel enforces at the same place.
func smallDisk(t *testing.T) (d *db.DB, fill, free func()) {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("clause", dir, "tmpfs", 0, "size=8m"); err != nil {
		return limitedFiles(t, dir)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	d = dbtest.Open(t, db.Config{URL: "sqlite:" + dir + "/clause.db", Now: time.Now})
	filler := dir + "/filler"
	fill = func() {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for chunk := make([]byte, 64<<10); err == nil; {
			_, err = f.Write(chunk)
		}
	}
	return d, fill, func() {
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
}

func limitedFiles(t *testing.T, dir string) (d *db.DB, fill, free func()) {
	t.Helper()
	d = dbtest.Open(t, db.Config{URL: "sqlite:" + dir + "/clause.db", Now: time.Now})
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(limit unix.Rlimit) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(before) })
	return d, func() { set(unix.Rlimit{Cur: 1 << 20, Max: before.Max}) }, func() { set(before) }
}

func pageLimit(t *testing.T) (d *db.DB, fill, free func()) {
	t.Helper()
	d = dbtest.Open(t, dbtest.SQLite(t))
	limit := func(pages int64) {
		if err := d.LimitPages(pages); err != nil {
			t.Fatal(err)
		}
	}
	return d, func() {
		pages, err := d.Pages()
		if err != nil {
			t.Fatal(err)
		}
		limit(pages + 4)
	}, func() { limit(0) }
}
