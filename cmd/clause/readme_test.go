package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeShowsWhatIsSaid runs the commands under "From your own text": every line that README shows
// of their output is one they print, in that order.
func TestReadmeShowsWhatIsSaid(t *testing.T) {
	const heading = "## From your own text"
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), heading+"\n")
	_, after, _ = strings.Cut(after, "```text\n")
	shown, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatalf("README shows no output under %q", heading)
	}
	dir := t.TempDir()
	sample, err := os.ReadFile("../../docs/northwind.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "docs", "northwind.md"), sample, 0o644); err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(own, filepath.Join(dir, "clause")); err != nil { // TestMain runs the program it is called by
		t.Fatal(err)
	}
	var out bytes.Buffer
	for line := range strings.Lines(readmeBlock(t, heading)) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " #")
		shell := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(command, "go run ./cmd/clause", "./clause", 1))
		shell.Dir, shell.Stdout, shell.Stderr = dir, &out, &out
		_ = shell.Run() // check exits with a status of its own
	}
	rest := out.String()
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.TrimSpace(line) == "…" {
			continue
		}
		_, after, found := strings.Cut(rest, line+"\n")
		if !found {
			t.Fatalf("README shows %q, which is not said, or not there, in\n%s", line, out.String())
		}
		rest = after
	}
}
