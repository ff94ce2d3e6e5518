package ledger_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// A log of 600 entries in rows of 50, anchored at 300 and 600, in whose rows somebody writes behind
// the server's back.
type victim struct {
	t        *testing.T
	db       *db.DB
	log      *ledger.Log
	at550    headRow
	newest   proof.Head // as a stranger remembers it
	anchored []proof.Head
}

type headRow struct {
	size, updated int64
	edge          []byte
}

func newVictim(t *testing.T, d *db.DB) *victim {
	v := &victim{t: t, db: d, log: newLog(d)}
	v.exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, $1, 'r', 'test', 'active', 0)`, tenant)
	for i := range 12 {
		if i == 6 {
			v.anchor()
		}
		if i == 11 {
			v.at550 = v.head()
		}
		write(t, d, tenant, 50)
	}
	v.anchor()
	v.newest = headOf(wantVerified(t, v.log, tenant, 600))
	v.anchored = orgHeads(t, v.log)
	wantHealthy(t, v.log, tenant, 600)
	return v
}

func (v *victim) anchor() {
	v.t.Helper()
	if err := v.log.Anchor(context.Background()); err != nil {
		v.t.Fatal(err)
	}
}

// orgHeads verifies the organisation's log and returns the heads that it holds.
func orgHeads(t testing.TB, l *ledger.Log) (heads []proof.Head) {
	t.Helper()
	r, err := proof.Verify(context.Background(), source{l, db.Organisation}, proof.Options{
		Key: l.VerifierKey(db.Organisation),
		Each: func(e proof.Entry) {
			if of, h, ok := proof.TenantHead(e); ok && of == tenant {
				heads = append(heads, h)
			}
		},
	})
	if err != nil || !r.Verified() {
		t.Fatalf("the organisation's log: %+v %v", r.Findings, err)
	}
	return heads
}

func (v *victim) exec(query string, args ...any) {
	v.t.Helper()
	err := v.db.Write(context.Background(), tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			v.t.Errorf("%s changed nothing", query)
		}
		return err
	})
	if err != nil {
		v.t.Fatalf("%s: %v", query, err)
	}
}

func (v *victim) head() (h headRow) {
	v.t.Helper()
	err := v.db.Read(context.Background(), tenant, func(tx *db.Tx) error {
		return tx.One(`SELECT size, edge, updated_at FROM ledger_heads WHERE tenant_id = $1`, []any{tenant}, &h.size, &h.edge, &h.updated)
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return h
}

func (v *victim) setHead(h headRow) {
	v.t.Helper()
	v.exec(`UPDATE ledger_heads SET size = $2, edge = $3, updated_at = $4 WHERE tenant_id = $1`, tenant, h.size, h.edge, h.updated)
}

// replace changes bytes in a column of the row that begins at entry first.
func (v *victim) replace(first int, column, old, new string) {
	v.t.Helper()
	var data []byte
	err := v.db.Read(context.Background(), tenant, func(tx *db.Tx) error {
		return tx.One(`SELECT `+column+` FROM ledger_chunks WHERE tenant_id = $1 AND first = $2`, []any{tenant, first}, &data)
	})
	if err != nil || !bytes.Contains(data, []byte(old)) {
		v.t.Fatalf("row %d has no %q: %v", first, old, err)
	}
	data = bytes.Replace(data, []byte(old), []byte(new), 1)
	v.exec(`UPDATE ledger_chunks SET `+column+` = $3 WHERE tenant_id = $1 AND first = $2`, tenant, first, data)
}

const unseen = -2 // no finding at all

func firstIndex(r proof.Report) int64 {
	if r.Verified() {
		return unseen
	}
	return r.Findings[0].Index
}

func TestTampering(t *testing.T) {
	for name, c := range map[string]struct {
		do       func(v *victim)
		alone    int64 // what a stranger finds who knows the key alone: an index, -1 no index, unseen
		informed int64 // … who remembers an earlier checkpoint or has the organisation's log
		check    int64 // what Check finds
		refused  bool  // the server itself no longer signs
	}{
		"a word of an entry": {
			do:    func(v *victim) { v.replace(300, "entries", `"seq":333,`, `"seq":334,`) },
			alone: 333, informed: 333, check: 333,
		},
		"another word of the same length": {
			do: func(v *victim) {
				v.replace(350, "entries", `kind":"record.get","actor":"app","subject":"s0","record":"r49"`, `kind":"record.put","actor":"app","subject":"s0","record":"r49"`)
			},
			alone: 399, informed: 399, check: 399,
		},
		"an entry of the newest row": {
			do:    func(v *victim) { v.replace(550, "entries", `"record":"r7"`, `"record":"r8"`) },
			alone: 557, informed: 557, check: 557,
		},
		"a row deleted": {
			do:    func(v *victim) { v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 300`, tenant) },
			alone: 300, informed: 300, check: 300,
		},
		"the first row deleted": {
			do:    func(v *victim) { v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 0`, tenant) },
			alone: 0, informed: 0, check: 0,
		},
		"the newest row deleted": {
			do:    func(v *victim) { v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 550`, tenant) },
			alone: -1, informed: 550, check: 550, refused: true,
		},
		"two rows swapped": {
			do: func(v *victim) {
				for _, move := range [][2]int{{300, 9000}, {350, 300}, {9000, 350}} {
					v.exec(`UPDATE ledger_chunks SET first = $3 WHERE tenant_id = $1 AND first = $2`, tenant, move[0], move[1])
				}
			},
			alone: 300, informed: 300, check: 300,
		},
		"rows emptied": {
			do: func(v *victim) {
				v.exec(`UPDATE ledger_chunks SET entries = $2 WHERE tenant_id = $1`, tenant, []byte{})
			},
			alone: 0, informed: 0, check: 0,
		},
		"an older head, the rows left": {
			do:    func(v *victim) { v.setHead(v.at550) },
			alone: -1, informed: 550, check: 550, refused: true,
		},
		"the head's edge": {
			do: func(v *victim) {
				h := v.head()
				h.edge[40] ^= 1
				v.setHead(h)
			},
			alone: -1, informed: -1, check: 600, refused: true,
		},
		"the head's size": {
			do: func(v *victim) {
				h := v.head()
				h.size = 601
				v.setHead(h)
			},
			alone: -1, informed: 0, check: -1, refused: true,
		},
		"the head's time, which would date all to come": {
			do: func(v *victim) {
				h := v.head()
				h.updated += 1e15
				v.setHead(h)
			},
			alone: unseen, informed: unseen, check: 600,
		},
		"rolled back, the rows with it": {
			do: func(v *victim) {
				v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first >= 550`, tenant)
				v.setHead(v.at550)
			},
			alone: unseen, informed: 550, check: 550,
		},
		"rolled back and written anew": {
			do: func(v *victim) {
				v.exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first >= 550`, tenant)
				v.setHead(v.at550)
				write(v.t, v.db, tenant, 80)
			},
			alone: unseen, informed: 300, check: 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
				v := newVictim(t, open())
				c.do(v)
				if got := firstIndex(verify(t, v.log, tenant)); got != c.alone {
					t.Errorf("alone: %d, want %d", got, c.alone)
				}
				for who, heads := range map[string][]proof.Head{"remembering": {v.newest}, "with the organisation's log": v.anchored} {
					want := c.informed
					if want == 300 && c.alone == unseen && who == "remembering" {
						want = 0 // one head alone does not narrow it down
					}
					if got := firstIndex(verify(t, v.log, tenant, heads...)); got != want {
						t.Errorf("%s: %d, want %d", who, got, want)
					}
				}
				v.wantCheck(c.check)
				_, err := v.log.Checkpoint(context.Background(), tenant)
				if refused := fault.KindOf(err) == fault.Other && err != nil; refused != c.refused {
					t.Errorf("refused to sign: %v (%v)", refused, err)
				}
				if c.alone == unseen && c.informed != unseen {
					if err := v.log.Anchor(context.Background()); fault.KindOf(err) != fault.Other || err == nil {
						t.Errorf("anchored a rewritten log: %v", err)
					}
				}
			})
		})
	}
}

// wantCheck wants Check to find the index, or, for -1, to fail at the head.
func (v *victim) wantCheck(index int64) {
	v.t.Helper()
	h, err := v.log.Check(context.Background(), tenant)
	switch {
	case index < 0 && (err == nil || fault.KindOf(err) != fault.Other):
		v.t.Errorf("check: %+v %v, want a failure", h, err)
	case index >= 0 && (err != nil || !h.Altered || h.Index != index):
		v.t.Errorf("check: %+v %v, want %d", h, err, index)
	}
}

// TestNothingIsAppendedToADamagedLog: an older head would make two entries of one number.
func TestNothingIsAppendedToADamagedLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		v := newVictim(t, open())
		v.setHead(v.at550)
		err := v.db.Write(context.Background(), tenant, func(tx *db.Tx) error { return ledger.Append(tx, entry(1)) })
		if err == nil {
			t.Error("appended behind an older head")
		}
		h := v.at550
		h.size = 3
		v.setHead(h)
		err = v.db.Write(context.Background(), tenant, func(tx *db.Tx) error { return ledger.Append(tx, entry(1)) })
		if fault.KindOf(err) != fault.Other || err == nil {
			t.Errorf("appended behind a broken head: %v", err)
		}
	})
}

// TestCheckFindsAlteredHashes: hashes of inner nodes that no entry shows, and leaves whose hash was
// made to match.
func TestCheckFindsAlteredHashes(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	v := newVictim(t, d)
	var hashes []byte
	err := d.Read(context.Background(), tenant, func(tx *db.Tx) error {
		return tx.One(`SELECT hashes FROM ledger_chunks WHERE tenant_id = $1 AND first = 0`, []any{tenant}, &hashes)
	})
	if err != nil {
		t.Fatal(err)
	}
	// Stored order: leaf 0, leaf 1, node 0–1, leaf 2, leaf 3, node 2–3, node 0–3, …
	for place, want := range map[int]int64{0: 0, 1: 1, 2: 0, 3: 2, 6: 0} {
		changed := bytes.Clone(hashes)
		changed[place*32] ^= 1
		v.exec(`UPDATE ledger_chunks SET hashes = $2 WHERE tenant_id = $1 AND first = 0`, tenant, changed)
		v.wantCheck(want)
	}
	v.exec(`UPDATE ledger_chunks SET hashes = $2 WHERE tenant_id = $1 AND first = 0`, tenant, append(bytes.Clone(hashes), make([]byte, 32)...))
	v.wantCheck(49)
	v.exec(`UPDATE ledger_chunks SET hashes = $2 WHERE tenant_id = $1 AND first = 0`, tenant, hashes)
	wantHealthy(t, v.log, tenant, 600)
}

// TestCheckFindsAnOlderHeadBeforeItIsAnchored: the rows alone tell.
func TestCheckFindsAnOlderHeadBeforeItIsAnchored(t *testing.T) {
	v := newVictim(t, dbtest.Open(t, dbtest.SQLite(t)))
	at600 := v.head()
	write(t, v.db, tenant, 5)
	v.setHead(at600)
	v.wantCheck(600)
}

// TestAClockSetBackBehindTheWriter: an entry dated before the one before it is found, though all
// hashes are right.
func TestAClockSetBackBehindTheWriter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		now := time.Now()
		v := newVictim(t, open(func(c *db.Config) { c.Now = func() time.Time { return now } }))
		h := v.head()
		h.updated = 0
		v.setHead(h)
		now = now.Add(-time.Hour)
		write(t, v.db, tenant, 3)
		v.wantCheck(600)
		if got := firstIndex(verify(t, v.log, tenant)); got != 600 {
			t.Errorf("%d", got)
		}
	})
}
