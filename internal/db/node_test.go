package db_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

// TestNode: a store in one file has one node; of two, it is seen which answers, and what was acknowledged is
// with the one that took over.
func TestNode(t *testing.T) {
	if _, err := dbtest.Open(t, dbtest.SQLite(t)).Node(t.Context()); !fault.Is(err, fault.Invalid) {
		t.Errorf("of a file: %v", err)
	}
	pair := dbtest.NewPair(t)
	d := dbtest.Open(t, pair.Config)
	before, err := d.Node(t.Context())
	if err != nil || before.Timeline != "00000001" {
		t.Fatal(before, err)
	}
	put := func(key string) error {
		return d.Write(t.Context(), db.Organisation, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2)`, key, []byte("x"))
			return err
		})
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	pair.SwitchOver(t)
	for range 600 { // the connections to the first node have to be found dead
		if err = put("after"); err == nil || fault.Is(err, fault.Conflict) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil && !fault.Is(err, fault.Conflict) {
		t.Fatalf("nothing is written after the switch-over: %v", err)
	}
	after, err := d.Node(t.Context())
	if err != nil || after == before || after.Timeline != "00000002" {
		t.Errorf("before %v, after %v, %v", before, after, err)
	}
	var kept int
	if err := d.Get(t.Context(), "", `SELECT COUNT(*) FROM meta WHERE key IN ('before', 'after')`, nil, &kept); err != nil || kept != 2 {
		t.Errorf("%d of 2 are there: %v", kept, err)
	}
}
