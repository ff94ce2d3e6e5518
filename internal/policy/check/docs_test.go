package check_test

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy/check"
)

var update = flag.Bool("update", false, "write docs/findings.md")

const findingsFile = "../../../docs/findings.md"

//go:embed testdata/findings.head.md
var findingsHead string

// docs/findings.md is written from the rules: what a person reads is what clause check does.
func TestFindingsAreDocumented(t *testing.T) {
	want := findings()
	if *update {
		if err := os.WriteFile(findingsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(findingsFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/findings.md is not what the rules say: go test ./internal/policy/check -run Documented -update")
	}
}

func findings() string {
	var b strings.Builder
	b.WriteString(findingsHead)
	b.WriteString("\n## All codes\n\n| code | severity | what is wrong |\n|---|---|---|\n")
	for _, r := range check.Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.Code, r.Code, r.Severity, r.Title)
	}
	for _, r := range check.Rules() {
		bad, good := check.Examples(r.Code)
		fmt.Fprintf(&b, "\n## %s\n\n**%s**: %s.\n\n%s\n\n", r.Code, r.Severity, r.Title, r.Explanation)
		if r.RestsOn != "" {
			fmt.Fprintf(&b, "Rests on: %s.\n\n", strings.TrimSuffix(r.RestsOn, "."))
		}
		fmt.Fprintf(&b, "What to do: %s.\n\nA policy that has it:\n\n```yaml\n%s```\n\nOne that does not:\n\n```yaml\n%s```\n", strings.TrimSuffix(r.Remedy, "."), printable(bad), printable(good))
	}
	return b.String()
}

// printable shows control characters, which an example of what is refused may hold, as YAML writes them.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0x7f {
			return '␇'
		}
		return c
	}, s)
}
