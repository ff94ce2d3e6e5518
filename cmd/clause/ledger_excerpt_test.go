package main

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// TestAPersonVerifiesTheirPartOfTheLedger: from the package or the file in it, without the server; and what
// was touched up does not verify.
func TestAPersonVerifiesTheirPartOfTheLedger(t *testing.T) {
	s := newLedgerStory(t)
	for range 3 {
		err := s.db.Write(t.Context(), "acme", func(tx *db.Tx) error {
			return ledger.Append(tx, proof.Entry{Kind: "record.read", Subject: "p_zoe", Answer: proof.Allow})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var text bytes.Buffer
	if err := s.log.Excerpt(context.Background(), "acme", "p_zoe", &text); err != nil {
		t.Fatal(err)
	}
	pack := func(name string, body []byte) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	forged := strings.Replace(text.String(), `"record.read"`, `"record.list"`, 1)
	for name, data := range map[string][]byte{
		"ledger.json": text.Bytes(), "data.zip": pack("ledger.json", text.Bytes()), "forged.json": []byte(forged), "forged.zip": pack("ledger.json", []byte(forged)),
		"other.zip": pack("other.json", text.Bytes()), "half.zip": pack("ledger.json", text.Bytes())[:100], "other.json": []byte(`{"a":1}`),
	} {
		s.put(name, data)
	}
	key := []string{"--key", s.log.VerifierKey(organisation)}
	for _, name := range []string{"ledger.json", "data.zip"} {
		s.verify(0, append([]string{s.path(name)}, key...), "verified  acme: 3 entries about p_zoe, of 303")
		s.verify(0, []string{s.path(name)}, "its key is the one it says itself")
		s.verify(0, append([]string{s.path(name), "--json"}, key...), `"subject": "p_zoe"`, `"entries": 3`)
		s.verify(1, append([]string{s.path(name), "--tenant", "beta"}, key...), "ALTERED")
	}
	for _, name := range []string{"forged.json", "forged.zip"} {
		s.verify(1, append([]string{s.path(name)}, key...), "ALTERED   acme", "not in the log")
	}
	for name, why := range map[string]string{"other.zip": "holds no ledger.json", "half.zip": "not whole", "other.json": "not an excerpt"} {
		s.verify(3, []string{s.path(name)}, why)
	}
}
