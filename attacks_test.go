package clause_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryAttackHasItsTest reads docs/attacks.md: each test that it names is there.
func TestEveryAttackHasItsTest(t *testing.T) {
	source, err := os.ReadFile("docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	house, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, r := range house {
		for _, f := range r.tests {
			for _, d := range f.Decls {
				if in, ok := d.(*ast.FuncDecl); ok && in.Recv == nil {
					tests[r.dir+" "+in.Name.Name] = true
				}
			}
		}
	}
	own, err := filepath.Glob("*_test.go") // which read leaves out
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range own {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			tests[". "+m[1]] = true
		}
	}
	rows := 0
	for line := range strings.Lines(string(source)) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || strings.Contains(line, "| test |") {
			continue
		}
		rows++
		named := regexp.MustCompile("`([a-z/.]+)` `(Test\\w+)`").FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test is named: %s", line)
		}
		for _, m := range named {
			if !tests[m[1]+" "+m[2]] {
				t.Errorf("there is no test %s of %s", m[2], m[1])
			}
		}
	}
	if rows < 30 {
		t.Errorf("%d attacks were read", rows)
	}
}
