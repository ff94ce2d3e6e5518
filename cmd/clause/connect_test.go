package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
)

// TestConnectCheckFindsASoundMapping checks a connector of a database that is as the configuration says: the
// store of a server, which is a SQLite database like others.
func TestConnectCheckFindsASoundMapping(t *testing.T) {
	folder := t.TempDir()
	store := filepath.Join(folder, "store.db")
	d, err := db.Open(context.Background(), db.Config{URL: "sqlite:" + store, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOP", store)
	file := filepath.Join(folder, "connect.yaml")
	mapping := "connectors:\n- {id: shop, kind: sql, engine: sqlite, identifier: customer, dsn: {env: SHOP}, tables: [" +
		"{table: meta, key: key, data: identity, subject: {column: key}, columns: {key: first_name}, erase: delete}]}\n"
	if err := os.WriteFile(file, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := at(t.Context(), time.Now, "connect", "check", "--connect", file, "--policy", "../../examples/clesaro/policy.yaml")
	if status != 0 || out != "sound  shop\n" {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	status, out, errs = at(t.Context(), time.Now, "connect", "check", "--json", "--connect", file, "--policy", "../../examples/clesaro/policy.yaml")
	if status != 0 || !strings.Contains(out, `"remarks": []`) {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
}
