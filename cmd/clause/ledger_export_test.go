package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// export runs the command and returns what it printed.
func (s *ledgerStory) export(want int, args ...string) string {
	s.t.Helper()
	var out bytes.Buffer
	got := run(append([]string{"ledger", "export"}, args...), &env{Stdout: &out, Stderr: &out, Context: context.Background()})
	if got != want {
		s.t.Errorf("%v: status %d, want %d:\n%s", args, got, want, out.String())
	}
	if strings.Contains(out.String(), auditor) {
		s.t.Errorf("%v: the credential was printed", args)
	}
	return out.String()
}

func TestALedgerIsExportedAndVerifiedWithoutItsServer(t *testing.T) {
	s := newLedgerStory(t)
	to := s.path("acme.tar")
	s.export(0, s.server("--tenant", "acme", "--to", to)...)
	s.verify(0, []string{to, "--key", s.log.VerifierKey(organisation)}, "verified  acme: 300 entries")

	// What is there is never written over.
	before, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	s.export(2, s.server("--tenant", "beta", "--to", to)...)
	if after, err := os.ReadFile(to); err != nil || !bytes.Equal(before, after) {
		t.Error("an export wrote over another")
	}

	// A ledger that cannot be read to its end leaves no file, and tells so.
	half := s.path("half.tar")
	s.export(3, s.url, "--ca", s.path("ca.pem"), "--tenant", "acme", "--to", half)
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("half an export is left behind: %v", err)
	}
}
