package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// tiles reads the log as a foreign client of tlog-tiles does: by the library's own tile reader.
type tiles struct {
	t   *testing.T
	log *ledger.Log
}

func (r tiles) Height() int { return 8 }
func (r tiles) ReadTiles(want []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range want {
		body, err := r.log.Serve(context.Background(), tenant, proof.TilePath(tile.L, tile.N, tile.W))
		if err != nil {
			return nil, err
		}
		if !body.Immutable || body.ContentType != "application/octet-stream" {
			r.t.Errorf("%+v is served as %s", tile, body.ContentType)
		}
		data = append(data, body.Body)
	}
	return data, nil
}
func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// TestForeignClient reads checkpoint and tiles with golang.org/x/mod alone and proves every 97th
// entry of a log of three tile levels' worth.
func TestForeignClient(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	l := newLog(d)
	const size = 66000 // over 256², so that there is a tile of level 2
	for range size / 3000 {
		write(t, d, tenant, 3000)
	}
	served, err := l.Serve(context.Background(), tenant, "checkpoint")
	if err != nil || served.Immutable {
		t.Fatal(served, err)
	}
	key, err := l.Serve(context.Background(), tenant, "key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(strings.TrimSpace(string(key.Body)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(served.Body, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	var root tlog.Hash
	var gotSize int64
	var hash, origin string
	if _, err := fmt.Sscanf(n.Text, "%s\n%d\n%s\n", &origin, &gotSize, &hash); err != nil || origin != "clause.test/acme" || gotSize != size {
		t.Fatal(n.Text, err)
	}
	if root, err = tlog.ParseHash(hash); err != nil {
		t.Fatal(err)
	}
	// TileHashReader checks every tile that it reads against the root.
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{t, l})
	for i := int64(0); i < size; i += 9973 {
		entry, inclusion, err := l.Inclusion(context.Background(), tenant, i)
		if err != nil {
			t.Fatal(err)
		}
		path, err := tlog.ProveRecord(size, i, reader)
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if err := tlog.CheckRecord(path, size, root, i, tlog.RecordHash(entry)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
		p, err := proof.ParseInclusion(inclusion)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(entry, l.VerifierKey(tenant)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	if _, err := l.Tile(context.Background(), tenant, 2, 0, 1); err != nil {
		t.Errorf("the tile of level 2: %v", err)
	}
}

// TestTilesThatDoNotExist: nothing is served that the log has not grown to, and no path of another
// form.
func TestTilesThatDoNotExist(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		write(t, d, tenant, 300)
		write(t, d, tenant, 7)
		for _, path := range []string{
			"tile/entries/000", "tile/entries/001.p/51", "tile/entries/000.p/255", "tile/entries/001.p/7",
			"tile/0/000", "tile/0/000.p/9", "tile/0/001.p/51", "tile/1/000.p/1",
		} {
			r, err := l.Serve(context.Background(), tenant, path)
			if err != nil || len(r.Body) == 0 {
				t.Errorf("%s: %v", path, err)
			}
		}
		for _, path := range []string{
			"", "tile/entries/001", "tile/entries/001.p/52", "tile/entries/002.p/1", "tile/0/001", "tile/0/001.p/52", "tile/1/000",
			"tile/1/000.p/2", "tile/2/000.p/1", "tile/7/000", "tile/7/999", "tile/0/0", "tile/entries/x999/x999/x999/x999/x999/999",
			"tile/0/x999/x999/x999/x999/x999/x999/999", "../key", "Checkpoint", "tile/7/x999/x999/x999/x999/x999/999",
		} {
			if r, err := l.Serve(context.Background(), tenant, path); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %d bytes, %v", path, len(r.Body), err)
			}
		}
		if _, err := l.Serve(context.Background(), "nobody", "checkpoint"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a tenant that does not exist: %v", err)
		}
		for _, index := range []int64{-1, 307, 1 << 40} {
			if _, _, err := l.Inclusion(context.Background(), tenant, index); !fault.Is(err, fault.NotFound) {
				t.Errorf("proof of entry %d: %v", index, err)
			}
		}
	})
}

func TestExport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		v := newVictim(t, open())
		var first, second bytes.Buffer
		for _, b := range []*bytes.Buffer{&first, &second} {
			if err := v.log.Export(context.Background(), tenant, b); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Error("two exports of one log differ")
		}
		name := filepath.Join(t.TempDir(), "log.tar")
		if err := os.WriteFile(name, first.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		e, err := proof.OpenExport(f)
		if err != nil {
			t.Fatal(err)
		}
		r, err := proof.Verify(context.Background(), e, proof.Options{Key: v.log.VerifierKey(tenant), Heads: v.anchored})
		if err != nil || !r.Verified() || r.Read != 600 {
			t.Errorf("%+v %v", r, err)
		}
		v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 300`, tenant)
		if err := v.log.Export(context.Background(), tenant, &bytes.Buffer{}); err == nil {
			t.Error("exported a log with a hole")
		}
	})
}

func TestRecentAndPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		if got, err := l.Recent(context.Background(), tenant, "s1", 10); err != nil || len(got) != 0 {
			t.Errorf("of no log: %v %v", got, err)
		}
		var want []int64 // of subject s1, newest first
		for i, n := range []int{10, 1, 200, 3, 50} {
			write(t, d, tenant, n)
			for j := range n {
				if j%7 == 1 {
					want = append(want, int64([]int{0, 10, 11, 211, 214}[i]+j))
				}
			}
		}
		slices.Reverse(want)
		got, err := l.Recent(context.Background(), tenant, "s1", 1000)
		if err != nil || !slices.Equal(seqs(got), want) {
			t.Fatalf("%v, want %v, %v", seqs(got), want, err)
		}
		if got, err = l.Recent(context.Background(), tenant, "s1", 5); err != nil || !slices.Equal(seqs(got), want[:5]) {
			t.Errorf("five: %v %v", seqs(got), err)
		}
		var paged []int64
		for before := int64(0); ; {
			p, err := l.Page(context.Background(), tenant, "s1", before, 3)
			if err != nil || len(p.Entries) > 3 {
				t.Fatal(p, err)
			}
			paged = append(paged, seqs(p.Entries)...)
			if before = p.Before; before == 0 {
				break
			}
		}
		if !slices.Equal(paged, want) {
			t.Errorf("paged: %v, want %v", paged, want)
		}
		if all, err := l.Recent(context.Background(), tenant, "", 1000); err != nil || len(all) != 264 {
			t.Errorf("all: %d %v", len(all), err)
		}
		for _, alias := range []string{"s", "s11", "nobody", `s1","record":"r1`} {
			if got, err := l.Recent(context.Background(), tenant, alias, 10); err != nil || len(got) != 0 {
				t.Errorf("%s: %v %v", alias, seqs(got), err)
			}
		}
		err = d.Write(context.Background(), tenant, func(tx *db.Tx) error {
			return ledger.Append(tx, proof.Entry{Kind: "x", Subject: "s2", Detail: map[string]string{"a": "b", "subject": "nobody"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Recent(context.Background(), tenant, "nobody", 10); err != nil || len(got) != 0 {
			t.Errorf("a detail passed for the subject: %v %v", got, err)
		}
		if _, err := l.Page(context.Background(), tenant, "", -1, 1); !fault.Is(err, fault.Invalid) {
			t.Errorf("a negative cursor: %v", err)
		}
	})
}

func seqs(entries []proof.Entry) (s []int64) {
	for _, e := range entries {
		s = append(s, e.Seq)
	}
	return s
}

// TestAnchor: each head once, only of logs that grew.
func TestAnchor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		v := newVictim(t, d)
		if len(v.anchored) != 2 || v.anchored[0].Size != 300 || v.anchored[1].Size != 600 {
			t.Fatalf("%+v", v.anchored)
		}
		v.anchor()
		if again := orgHeads(t, v.log); len(again) != 2 {
			t.Errorf("an unchanged log was anchored again: %+v", again)
		}
		v.exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ('empty', '', 'r', 'test', 'active', 0)`)
		write(t, d, tenant, 1)
		v.anchor()
		heads := orgHeads(t, v.log)
		if len(heads) != 3 || heads[2].Size != 601 {
			t.Errorf("%+v", heads)
		}
		wantVerified(t, v.log, tenant, 601, heads...)
	})
}

// TestOneDamagedLogDoesNotStopTheOthers anchors what can be anchored.
func TestOneDamagedLogDoesNotStopTheOthers(t *testing.T) {
	v := newVictim(t, dbtest.Open(t, dbtest.SQLite(t)))
	v.exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ('zeta', '', 'r', 'test', 'active', 0)`)
	write(t, v.db, "zeta", 2)
	v.setHead(v.at550)
	if err := v.log.Anchor(context.Background()); fault.KindOf(err) != fault.Other || err == nil {
		t.Errorf("%v", err)
	}
	found := false
	_, err := proof.Verify(context.Background(), source{v.log, db.Organisation}, proof.Options{Key: v.log.VerifierKey(db.Organisation), Each: func(e proof.Entry) {
		of, h, ok := proof.TenantHead(e)
		found = found || ok && of == "zeta" && h.Size == 2
	}})
	if err != nil || !found {
		t.Errorf("zeta was not anchored: %v", err)
	}
}

func TestOriginThatCannotStandInANote(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	write(t, d, tenant, 1)
	l := ledger.New(d, testKey(), "two words")
	if _, err := l.Checkpoint(context.Background(), tenant); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
