package sso_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
)

const good = `
providers:
  - {id: google, title: Google Workspace, issuer: "https://accounts.google.com", client: c, secret: {env: SECRET}, door: people, domains: [acme.example]}
  - id: staff
    title: Our directory
    issuer: https://id.acme.example
    client: c
    door: staff
    groups-claim: groups
    roles: {managers: [the manager], all: [engineer]}
    verified-claim: xms_edov
    second-factor: {amr: [mfa, hwk]}
`

// written is a secret that somebody wrote into the file, where it does not belong.
const written = "c0rrect-h0rse"

func variables(name string) (string, bool) {
	return map[string]string{"SECRET": " s3cret\n"}[name], true
}

func TestParse(t *testing.T) {
	all, err := sso.Parse([]byte(good), variables)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if p := all[0]; p.Secret != "s3cret" || p.DomainClaim != "hd" { // an address says nothing of a Workspace
		t.Errorf("%+v", p)
	}
	if p := all[1]; p.VerifiedClaim != "xms_edov" {
		t.Errorf("%+v", p)
	}
	if got := all[1].RolesOf([]string{"all", "unknown", "managers", "all"}); strings.Join(got, ",") != "engineer,the manager" {
		t.Errorf("roles %q", got)
	}
}

func TestParseRefuses(t *testing.T) {
	open := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(open, []byte("s3cret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, says string }{
		{good, "", "names 0 providers"},
		{good, "providers: 7", "cannot be read"},
		{"id: google", "id: Google", "the id is"},
		{"id: staff", "id: google", "there twice"},
		{"title: Google Workspace", "title: ''", "title"},
		{"https://accounts.google.com", "http://accounts.google.com", "issuer"},
		{"https://accounts.google.com", "https://user:word@accounts.google.com", "issuer"},
		{"client: c, ", "", "client"},
		{"door: people", "door: window", "door is"},
		{"domains: [acme.example]", "domains: ['*']", "no domain"},
		{"domains: [acme.example]", "domain-claim: hd", "needs domains"},
		{"domains: [acme.example]", "groups: [a]", "groups-claim"},
		{"domains: [acme.example]", "roles: {a: [b]}, groups-claim: g", "for staff"},
		{"domains: [acme.example]", "unknown: 1", "cannot be read"},
		{"domains: [acme.example]", "domains: &a [acme.example], groups-claim: g, groups: *a", "aliases"},
		{"{env: SECRET}", "{env: OTHER}", "not set"},
		{"{env: SECRET}", "{}", "where it is"},
		{"{env: SECRET}", written, "cannot be read"},
		{"{env: SECRET}", "{file: " + open + "}", "every user can read"},
		{"{env: SECRET}", "{file: /none}", "does not hold"},
		{"{amr: [mfa, hwk]}", "{amr: [mfa], always: true}", "always there"},
		{"roles: {managers: [the manager], all: [engineer]}", "", "roles says"},
		{"managers: [the manager]", "managers: []", "makes somebody something"},
		{"client: c\n", "client: c\n    ca: /none\n", "cannot be read"},
		{"client: c\n", "client: c\n    ca: " + open + "\n", "cannot be read"},
	} {
		src := strings.Replace(good, c.from, c.to, 1)
		if c.from == good {
			src = c.to
		}
		_, err := sso.Parse([]byte(src), variables)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q → %q: %v, want it to say %q", c.from, c.to, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), written) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if _, err := sso.Parse(make([]byte, 2<<20), variables); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a huge file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("providers: [&a {id: x}, *a]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		all, err := sso.Parse(src, variables)
		if err == nil && len(all) == 0 {
			t.Error("nothing was read, and nothing said")
		}
	})
}
