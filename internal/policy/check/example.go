package check

import (
	"embed"
	"slices"
	"strings"
)

// The examples are policies, or the parts of them that matter: the rest stands in testdata/base.yaml.
//
//go:embed testdata/*/bad.yaml testdata/*/good.yaml
var examples embed.FS

// Examples returns a part of a policy in which the finding is, its line marked, and one in which it is
// not; "" for a code nobody knows. Of long ones it is what sets them apart.
func Examples(code string) (bad, good string) {
	b, g := example(code, "bad"), example(code, "good")
	return strings.Join(abridged(b, g), "\n"), strings.Join(abridged(g, b), "\n")
}

func example(code, name string) []string {
	src, err := examples.ReadFile("testdata/" + code + "/" + name + ".yaml")
	if err != nil {
		return nil
	}
	return strings.Split(strings.Trim(string(src), "\n")+"\n", "\n")
}

// An example of more than longExample lines is abridged to those that differ, with nearby lines.
const (
	longExample = 28
	nearby      = 3
)

// abridged keeps of a long example the lines that the other has not, those nearby, and those that they
// are part of.
func abridged(lines, other []string) []string {
	if len(lines) <= longExample {
		return lines
	}
	keep := make([]bool, len(lines))
	for i, line := range lines {
		if slices.Contains(other, line) && !strings.Contains(line, "# ←") && !strings.Contains(line, "# ↓") {
			continue
		}
		for j := max(0, i-nearby); j <= min(i+nearby, len(lines)-1); j++ {
			keep[j] = true
		}
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if keep[i] {
			keepParents(lines, i, keep)
		}
	}
	var all []string
	for i, line := range lines {
		switch {
		case keep[i] || i == len(lines)-1:
			all = append(all, line)
		case len(all) == 0 || !strings.HasSuffix(all[len(all)-1], "# …"):
			all = append(all, strings.Repeat(" ", indentOf(line))+"# …")
		}
	}
	return all
}

// keepParents keeps the lines of the keys that line i is under.
func keepParents(lines []string, i int, keep []bool) {
	depth := indentOf(lines[i])
	for j := i - 1; j >= 0 && depth > 0; j-- {
		if d := indentOf(lines[j]); d < depth && strings.TrimSpace(lines[j]) != "" {
			keep[j], depth = true, d
		}
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
