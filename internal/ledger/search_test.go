package ledger_test

import (
	"slices"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// TestSearch: those entries that have all that is asked, wherever else the words stand.
func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		err := d.Write(t.Context(), tenant, func(tx *db.Tx) error {
			for _, e := range []proof.Entry{
				{Kind: "record.read", Actor: "app", Subject: "s1", Answer: proof.Allow, Clauses: []string{"c-1", "c-2"}},
				{Kind: "record.read", Actor: "mia", Subject: "s1", Answer: proof.Refuse, Clauses: []string{"c-2"}, Detail: map[string]string{"actor": "app", "answer": "allow"}},
				{Kind: "record", Actor: "app", Subject: "s2", Answer: proof.Allow},
				{Kind: "recorder.read", Actor: "app", Subject: "s2", Detail: map[string]string{"item": "c-1", "kind": "record.read"}},
				{Kind: "record.read.all", Actor: "apple", Clauses: []string{"c-10"}},
			} {
				if err := ledger.Append(tx, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			by   ledger.Filter
			want []int64
		}{
			{ledger.Filter{}, []int64{4, 3, 2, 1, 0}},
			{ledger.Filter{Kind: "record.read"}, []int64{4, 1, 0}},
			{ledger.Filter{Kind: "record"}, []int64{4, 2, 1, 0}},
			{ledger.Filter{Kind: "recor"}, nil},
			{ledger.Filter{Kind: "record."}, nil},
			{ledger.Filter{Actor: "app"}, []int64{3, 2, 0}},
			{ledger.Filter{Subject: "s1"}, []int64{1, 0}},
			{ledger.Filter{Answer: proof.Allow}, []int64{2, 0}},
			{ledger.Filter{Clause: "c-1"}, []int64{0}},
			{ledger.Filter{Clause: "c-2"}, []int64{1, 0}},
			{ledger.Filter{Kind: "record", Actor: "app", Subject: "s1", Clause: "c-2", Answer: proof.Allow}, []int64{0}},
			{ledger.Filter{Actor: "mia", Answer: proof.Allow}, nil},
			{ledger.Filter{Actor: `app","subject":"s1`}, nil},
		} {
			p, err := l.Search(t.Context(), tenant, c.by, 0, 10)
			if err != nil || !slices.Equal(seqs(p.Entries), c.want) || p.Before != 0 {
				t.Errorf("%+v: %v, want %v, %v", c.by, seqs(p.Entries), c.want, err)
			}
		}
		if p, err := l.Search(t.Context(), tenant, ledger.Filter{Actor: "app"}, 3, 1); err != nil || !slices.Equal(seqs(p.Entries), []int64{2}) || p.Before != 2 {
			t.Errorf("a page: %+v, %v", p, err)
		}
	})
}
