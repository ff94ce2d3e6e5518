package draft

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// sound checks what every reading of a text must hold.
func sound(t *testing.T, in *input, doc *document) {
	for i := range doc.blocks {
		b := &doc.blocks[i]
		text := b.String()
		if text == "" || strings.Contains(text, "  ") || !utf8.ValidString(text) {
			t.Fatalf("a block says %q", text)
		}
		at := 0
		for _, p := range parts(b, text) {
			if p.from < at || p.to <= p.from || p.to > len(text) || p.to-p.from > maxSentence {
				t.Fatalf("parts of %q are %v", text, parts(b, text))
			}
			if o := b.offset(p.from); o < 0 || o > len(in.text) {
				t.Fatalf("%q stands at %d of %d", text[p.from:p.to], o, len(in.text))
			}
			at = p.to
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<h1>A</h1><p>We sell &amp; keep.<table><tr><th>a<th>b<tr><td>c<td>d</table><ul><li>x<ul><li>y")
	f.Add("<nav>x<nav>y</nav>z<title>t</title><script>s</script></h1></li></tr>")
	f.Fuzz(func(t *testing.T, text string) {
		in := &input{text: strings.ToValidUTF8(text, "")}
		in.clean()
		sound(t, in, readHTML(in.text))
	})
}

func FuzzLines(f *testing.F) {
	f.Add("# A\n\n- b:\n  - c\n1. d\n| e | f |\n|---|---|\n| g | h |\nQ: i?\nA: j\n===\n[k](l) _m_ **n**", true)
	f.Add("1. THINGS\n\n1.1 We keep:\n(a) this; and\n(b) that.\nx\ty", false)
	f.Fuzz(func(t *testing.T, text string, markdown bool) {
		in := &input{text: strings.ToValidUTF8(text, "")}
		in.clean()
		sound(t, in, readLines(in.text, markdown))
	})
}

func FuzzSentences(f *testing.F) {
	f.Add("We rely on Art. 17, e.g. No. 5. \"Yes.\" (Really?) U.S. law. 我们。")
	f.Fuzz(func(t *testing.T, text string) {
		b := &block{}
		b.add(strings.ToValidUTF8(text, ""), 0)
		whole := b.String()
		var kept strings.Builder
		for _, p := range parts(b, whole) {
			kept.WriteString(whole[p.from:p.to])
		}
		if got, want := letterCount(kept.String()), letterCount(whole); got != want {
			t.Fatalf("%d letters of %d are left of %q", got, want, whole)
		}
	})
}

func letterCount(s string) int {
	n := 0
	for _, r := range s {
		if plainWord(string(r)) {
			n++
		}
	}
	return n
}
