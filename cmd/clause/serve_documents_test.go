package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

// A server hands out the documents that the policy means, and no others.
func TestDocumentsAreReadAsThePolicyNamesThem(t *testing.T) {
	sum := sha256.Sum256([]byte("# Terms"))
	pol := &policy.Policy{Documents: []policy.Document{
		{ID: "terms-of-use", SHA256: hex.EncodeToString(sum[:])}, {ID: "overview"}, {ID: "elsewhere", SHA256: strings.Repeat("0", 64)},
	}}
	for _, row := range []struct {
		name  string
		files map[string]string
		says  string // part of the refusal; "" for none
	}{
		{"as published", map[string]string{"terms-of-use.md": "# Terms", "overview.pdf": "%PDF-1.7", "other.txt": "not named"}, ""},
		{"altered", map[string]string{"terms-of-use.md": "# Other terms"}, "is not the document that the policy names"},
		{"two of one", map[string]string{"terms-of-use.md": "# Terms", "terms-of-use.txt": "# Terms"}, "two files"},
		{"none", map[string]string{"terms.md": "# Terms"}, "none of the documents"},
		{"too large", map[string]string{"overview.txt": strings.Repeat("x", largestDocument+1)}, "larger than"},
	} {
		t.Run(row.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, body := range row.files {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			held, err := readDocuments(folder, pol)
			if row.says != "" {
				if err == nil || !strings.Contains(err.Error(), row.says) {
					t.Fatalf("said %v", err)
				}
				return
			}
			if err != nil || len(held) != 2 || held["terms-of-use"].MediaType != "text/markdown; charset=utf-8" || held["overview"].MediaType != "application/pdf" || string(held["terms-of-use"].Bytes) != "# Terms" {
				t.Errorf("read %v, %v", held, err)
			}
		})
	}
	if _, err := readDocuments(filepath.Join(t.TempDir(), "missing"), pol); err == nil {
		t.Error("a folder that is not there was read")
	}
	if held, err := readDocuments("", pol); held != nil || err != nil {
		t.Errorf("no folder gives %v, %v", held, err)
	}
}
