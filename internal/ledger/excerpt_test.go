package ledger_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

func excerpt(t testing.TB, l *ledger.Log, alias string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := l.Excerpt(t.Context(), tenant, alias, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestExcerpt: every entry about the person, no other's, each proven, whatever the chunks of the log are.
func TestExcerpt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		if err := l.Excerpt(t.Context(), tenant, "s1", io.Discard); !fault.Is(err, fault.NotFound) {
			t.Errorf("an excerpt of nothing gives %v", err)
		}
		total := 0
		for _, n := range []int{1, 2, 5, 300, 1, 1, 900, 3, 7} {
			write(t, d, tenant, n)
			total += n
		}
		for i := range 100 {
			write(t, d, tenant, 1+i%3)
			total += 1 + i%3
		}
		want := 0
		for index := int64(0); index < int64(total); index++ {
			e, _, err := l.Inclusion(t.Context(), tenant, index)
			if err == nil && bytes.Contains(e, []byte(`"subject":"s3"`)) {
				want++
			}
		}
		data := excerpt(t, l, "s3")
		saw := 0
		report, err := proof.VerifyExcerpt(bytes.NewReader(data), l.VerifierKey(tenant), func(e proof.Entry) {
			if saw++; e.Subject != "s3" {
				t.Errorf("an entry of %s", e.Subject)
			}
		})
		if err != nil || report.Entries != want || saw != want || want < 100 || report.Checkpoint.Size != int64(total) {
			t.Fatalf("%+v, %v; want %d entries of %d", report, err, want, total)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, data, "", "  "); err != nil {
			t.Fatal(err)
		}
		if _, err := proof.VerifyExcerpt(&indented, "", nil); err != nil {
			t.Errorf("indented it does not verify: %v", err)
		}
		if r, err := proof.VerifyExcerpt(bytes.NewReader(excerpt(t, l, "nobody")), "", nil); err != nil || r.Entries != 0 {
			t.Errorf("nobody's excerpt: %+v, %v", r, err)
		}
	})
}

// TestExcerptIsNotForged: whatever is changed of an excerpt, it does not verify.
func TestExcerptIsNotForged(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	l := newLog(d)
	write(t, d, tenant, 40)
	honest, key := string(excerpt(t, l, "s3")), l.VerifierKey(tenant)
	other, err := proof.KeyFor(key, "other")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(honest, "\n")
	for name, change := range map[string]string{
		"another record":     strings.Replace(honest, `"record":"r10"`, `"record":"r11"`, 1),
		"another index":      strings.Replace(honest, `{"index":10`, `{"index":11`, 1),
		"a negative index":   strings.Replace(honest, `{"index":10`, `{"index":-1`, 1),
		"an index beyond":    strings.Replace(honest, `{"index":10`, `{"index":40`, 1),
		"another person":     strings.Replace(honest, `"subject":"s3","key"`, `"subject":"s4","key"`, 1),
		"an entry twice":     lines[0] + lines[1] + lines[1] + strings.Join(lines[2:], ""),
		"another order":      lines[0] + lines[2] + lines[1] + strings.Join(lines[3:], ""),
		"a longer path":      strings.Replace(honest, `"path":["`, `"path":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","`, 1),
		"a short hash":       strings.Replace(honest, `"path":["`, `"path":["AAAA","`, 1),
		"another size":       strings.Replace(honest, `\n40\n`, `\n41\n`, 1),
		"something after it": honest + "{}",
		"an end too early":   honest[:len(honest)/2],
		"nothing":            "",
		"another format":     strings.Replace(honest, "excerpt/1", "excerpt/2", 1),
		"a member unknown":   strings.Replace(honest, `"path"`, `"more":1,"path"`, 1),
		"members disordered": strings.Replace(honest, `{"format":`, `{"entries":[],"format":`, 1),
	} {
		if change == honest {
			t.Errorf("%s: nothing was changed", name)
		}
		if r, err := proof.VerifyExcerpt(strings.NewReader(change), key, nil); err == nil {
			t.Errorf("%s verifies: %+v", name, r)
		}
	}
	if _, err := proof.VerifyExcerpt(strings.NewReader(honest), other, nil); err == nil {
		t.Error("it verifies by another log's key")
	}
}

// TestExcerptOfDamage: a log that was altered gives no excerpt.
func TestExcerptOfDamage(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	l := newLog(d)
	for range 5 {
		write(t, d, tenant, 10)
	}
	for _, sql := range []string{
		`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 10`,
		`UPDATE ledger_chunks SET entries = zeroblob(8) WHERE tenant_id = $1 AND first = 20`,
	} {
		err := d.Write(t.Context(), tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(sql, tenant)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := l.Excerpt(t.Context(), tenant, "s3", &out); err == nil {
			t.Errorf("after %s: %s", sql, out.String())
		}
	}
}

func FuzzVerifyExcerpt(f *testing.F) {
	d := dbtest.Open(f, dbtest.SQLite(f))
	l := newLog(d)
	write(f, d, tenant, 20)
	var honest bytes.Buffer
	if err := l.Excerpt(f.Context(), tenant, "s3", &honest); err != nil {
		f.Fatal(err)
	}
	f.Add(honest.Bytes())
	f.Add([]byte(`{"format":"clause-ledger-excerpt/1"`))
	key := l.VerifierKey(tenant)
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := proof.VerifyExcerpt(bytes.NewReader(data), key, func(e proof.Entry) {
			if e.Kind != "record.get" {
				t.Errorf("a forged entry: %v", e)
			}
		})
		if err == nil && report.Checkpoint.Size != 20 {
			t.Error(fmt.Sprint("another log: ", report))
		}
	})
}
