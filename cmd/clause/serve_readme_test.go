package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestReadmeIsTrue runs what README says under "Run it for real", line by line, on a free port and
// with this program in place of the one it builds.
func TestReadmeIsTrue(t *testing.T) {
	block := readmeBlock(t, "## Run it for real")
	bin := t.TempDir()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"clause", "call"} { // TestMain runs the program it is called by
		if err := os.Symlink(own, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range []struct{ from, to string }{
		{`go build ./cmd/clause && export PATH=\$PWD:\$PATH`, "export PATH=" + bin + ":$$PATH"},
		{`(?m)^curl --cacert \$CLAUSE_CA -H "Authorization: Bearer \$\(cat shop\.key\)" -X (\S+) https://127\.0\.0\.1:8443(\S+)$`, "call $1 $2 shop.key"},
		{`clause serve `, "clause serve --listen 127.0.0.1:0 "},
		{`https://127\.0\.0\.1:8443`, "$$CLAUSE_URL"},
		{`until test -e ready;.*`, "$0\nexport CLAUSE_URL=https://$$(cat ready)"},
	} {
		pattern := regexp.MustCompile(change.from)
		if !pattern.MatchString(block) {
			t.Fatalf("README says nothing like %s", change.from)
		}
		block = pattern.ReplaceAllString(block, change.to)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", "trap 'kill $(jobs -p)' EXIT\n"+block)
	shell.WaitDelay = 10 * time.Second
	shell.Dir = "../.."
	shell.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, block, out)
	}
	for _, want := range []string{"Set up.", "created  acme", `{"id":"sub_`, "All that was asked for is kept.", "kept, last proven"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q does not come out of\n%s", want, out)
		}
	}
}

// readmeBlock returns the first block of commands under a heading.
func readmeBlock(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), heading+"\n")
	_, rest, opened := strings.Cut(rest, "```sh\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !opened || !closed {
		t.Fatalf("README has no commands under %q", heading)
	}
	return block
}
