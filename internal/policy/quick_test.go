package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"
	"pgregory.net/rapid"
)

// sameAsLibrary reports whether quick reads the text, and complains if the library reads it otherwise.
func sameAsLibrary(t interface{ Errorf(string, ...any) }, src string) bool {
	src = trimmed(src)
	q := newQuick(src)
	root := q.document()
	if root == nil {
		return false
	}
	library, errs := (&reader{}).document(src)
	if library == nil {
		t.Errorf("the library refuses %q: %v", src, errs)
	} else if got, want := outline(root), outline(library); got != want {
		t.Errorf("of %q quick makes\n%sthe library\n%s", src, got, want)
	}
	if tokens := lexer.Tokenize(src); q.signs != len(tokens) {
		t.Errorf("in %q quick counts %d words and signs, the library %d", src, q.signs, len(tokens))
	}
	return true
}

// outline is a tree as text, a node to a line.
func outline(n *node) string {
	var b strings.Builder
	var write func(n *node, role string, depth int)
	write = func(n *node, role string, depth int) {
		fmt.Fprintf(&b, "%s%s%s %d:%d+%d %q\n", strings.Repeat("  ", depth), role, n.kind, n.pos.Line, n.pos.Column, n.width, n.value)
		for _, item := range n.items {
			write(item, "- ", depth+1)
		}
		for _, p := range n.pairs {
			write(p.key, "? ", depth+1)
			write(p.value, ": ", depth+1)
		}
	}
	write(n, "", 0)
	return b.String()
}

func readable(src string) bool { return (&reader{}).readable([]byte(src)) }

// FuzzQuick: what quick reads, the library reads too, and makes the same of it.
func FuzzQuick(f *testing.F) {
	for _, src := range quickCases {
		f.Add(src)
	}
	for _, pattern := range []string{"../../examples/*/policy.yaml", "testdata/broken/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if readable(src) {
			sameAsLibrary(t, src)
		}
	})
}

// quickCases are texts that quick reads.
var quickCases = []string{
	"a: b\n", "a: b", "a:\n  b: c\n", "a:\n- b\n- c\n", "a:\n  - b\n  - c: d\n    e: f\n  -   g: h\n      i: j\n",
	"a: >\n  b\n  c\n\n\n  d\n\ne: |\n  f\n  g\nh: >-\n  i\n  j\nk: |-\n    l\n",
	"a: {}\nb: []\nc: {d: e, f: [g, h], i: {j: k}}\nl: [m, {n: o}, [p]]\n",
	"a: {b: c,\n  d: e}\nf: [\n  g,\n  h,\n]\n",
	"# one\na: b # two\n\n  # three\nc: # four\n  d: e\n# five",
	"a: \"b: c # d\"\ne: 'f'\ng: \"\"\n", "a: 1\nb: 1.5\nc: 0x1f\nd: 2026-02-01\ne: 012\nf: 1_000\ng: 10 days\n",
	"a: true\nb: false\nc: yes\n", "a: it's 50 % \"x\" [y] {z} & | > * ! @ - ?\n", "a: http://b.example/c:d#e\nf: [mailto:g@h.example, tel:+1]\ni: {j: k:l, m: [http://n.example]}\n",
	"a:\nb: c\n", "a:\n  - b:\n  - c:\n", "a: الأمن, شيء\nb: {c: الأمن, d: e}\n", "a:\n  - >\n    b\n  - |\n    c\n  - [d]\n",
	"- a\n- b: c\n", "a: (b)\nc: /d\n",
	"a: >\n  b \n  c  \nd: |\n  e \n",
	"---\na: b\n", "a: b\n  c\n  d # e\nf: 10\n  g\n", "- a\n  b\n", "a: |\n  b\n    c\n  d\n", "a: [b, # c\n  # d\n  e]\n",
	"a: 'it''s'\nb: \"c \\\" \\\\ d\"\nc: \"e\n  f\"\nd: g\n", "a: b  \nc:  \n  d: e \n", "a: [\"b\n  c\", d]\n", "a: b \"c\"\n  d 'e'\n",
	"a:\n  b:\n    c:\n      d: e\n    f: g\nh: i\n",
}

// The policies that ship are read quickly: nothing in them is unusual.
func TestQuickReadsPolicies(t *testing.T) {
	names, err := filepath.Glob("../../examples/*/policy.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no policies", err)
	}
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !sameAsLibrary(t, string(src)) {
			t.Errorf("quick is lost in %s", name)
		}
	}
}

func TestQuickReads(t *testing.T) {
	for _, src := range quickCases {
		if !sameAsLibrary(t, src) {
			t.Errorf("quick is lost in %q", src)
		}
	}
}

// Lines that nobody would write below each other, indented at will, make quick lost or are read alike.
func TestQuickReadsAsTheLibrary(t *testing.T) {
	lines := []string{"a:", "b: c", "-", "- d", "- e: f", "-  g:", "h: [i, j]", "k: {l: m}", "n: [", "]", "},", "o: {p: q,", "r: s}", "t,", "u: >", "v: |-", "- >-", "w x",
		"y: z #", "# c", "", "\"d\"", "e: 'f'", "- [g, h]", "- {i: j}", "k: 1", "l: 2 m", "n: true", "o: null", "p: a:b", "q: a#b", "r: [a:b, {c: d:e}]", "s: a ", "- - t",
		"u:  ", "v : w", "x: \"", "y: ü", "- ü: z", "a: {b: [c:d, e://f]}", "...", "---", "g: <<", "h: .5", "i: -1", "j: {}", "- []", "k: [l,]", "m: {n: o,}", "p: >\n\n  q", "?", "r: s\\", "t: \"u", "v\"", "- 'w", "x'", "'y''z'", "a: \"b\\\"c\"", "d # e", "f, # g", "30 h", "true"}
	line := rapid.Custom(func(t *rapid.T) string {
		return strings.Repeat(" ", rapid.IntRange(0, 4).Draw(t, "indent")) + rapid.SampledFrom(lines).Draw(t, "line")
	})
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOfN(line, 1, 7).Draw(t, "lines"), "\n") + rapid.SampledFrom([]string{"\n", ""}).Draw(t, "end")
		if sameAsLibrary(t, src) {
			read++
		}
	})
	if read == 0 {
		t.Error("quick reads none")
	}
}

// Any signs in brackets or on one line make quick lost or are read alike.
func TestQuickReadsSignsAsTheLibrary(t *testing.T) {
	sign := rapid.SampledFrom(strings.Split("a a a 1 : : , , [ ] { } \" ' # - > | . 0 ~ & * ! % @ < ? / ü ( _ \n \\ \n", " "))
	blank := rapid.SampledFrom([]string{"", " ", ""})
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SampledFrom([]string{"a: ", "a: [", "a: {b: ", "- ", "a:\n  ", "a: [{b: c}, ", "a: b\n  ", "a: \"", "a: '", "a: |\n  b\n  ", "---\n"}).Draw(t, "begin")
		for range rapid.IntRange(0, 9).Draw(t, "length") {
			src += sign.Draw(t, "sign") + blank.Draw(t, "blank")
		}
		for _, end := range []string{"\n", "]\n", "}\n", "\"\n", "'\n"} {
			if sameAsLibrary(t, src+end) {
				read++
			}
		}
	})
	if read == 0 {
		t.Error("quick reads none")
	}
}
