package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
)

// What the docs show is taken.
func TestReadProviders(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{"../../docs/accounts.md", "../../docs/staff.md"} {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "```yaml\nproviders:")
		src, _, ok := strings.Cut(rest, "```")
		if !ok {
			t.Fatalf("%s shows no file of providers", doc)
		}
		path := filepath.Join(dir, "sign-in.yaml")
		src = "providers:" + strings.ReplaceAll(src, "/run/secrets/sign-in", secret)
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := readProviders(path)
		if err != nil || len(all) == 0 || all[0].Secret != "s3cret" {
			t.Errorf("%s: %+v, %v", doc, all, err)
		}
	}
	none, people, staff := &app.Config{}, &app.Config{PeopleURL: "https://a"}, &app.Config{ConsoleURL: "https://b"}
	for _, c := range []*app.Config{none, people, staff} {
		c.SignIn = []sso.Provider{{ID: "x", Door: sso.People}}
		if err := offered(c); (err == nil) != (c == people) {
			t.Errorf("a provider for people at %+v: %v", c, err)
		}
		c.SignIn[0].Door = sso.Staff
		if err := offered(c); (err == nil) != (c == staff) {
			t.Errorf("a provider for staff at %+v: %v", c, err)
		}
	}
	if all, err := readProviders(""); all != nil || err != nil {
		t.Errorf("without a file: %v, %v", all, err)
	}
	if _, err := readProviders(filepath.Join(dir, "none")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file that is not there: %v", err)
	}
}
