package publish

import (
	"bytes"
	unescape "html"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"pgregory.net/rapid"
)

// shownAs is the text that a Markdown reader shows, and whether it made anything of it but text.
func shownAs(t testing.TB, reader goldmark.Markdown, source, before, after string) (string, bool) {
	t.Helper()
	var b bytes.Buffer
	if err := reader.Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	out := strings.TrimSpace(b.String())
	inner, ok := strings.CutPrefix(out, before)
	inner, end := strings.CutSuffix(inner, after)
	return unescape.UnescapeString(inner), ok && end && !strings.Contains(inner, "<")
}

// staysText checks a text in the places where a document puts one.
func staysText(t testing.TB, s string) {
	t.Helper()
	m := &marks{}
	said := m.words(text(s))
	want := strings.Trim(blanks.Replace(s), " ")
	if want == "" {
		return
	}
	for name, reader := range map[string]goldmark.Markdown{"CommonMark": goldmark.New(), "GitHub's": goldmark.New(goldmark.WithExtensions(extension.GFM))} {
		for _, c := range []struct{ source, before, after string }{
			{said + "\n\n", "<p>", "</p>"},
			{"# " + said + "\n", "<h1>", "</h1>"},
			{"> " + said + "\n", "<blockquote>\n<p>", "</p>\n</blockquote>"},
			{"- " + said + "\n", "<ul>\n<li>", "</li>\n</ul>"},
			{"[" + said + "](<https://example.com>)\n", `<p><a href="https://example.com">`, "</a></p>"},
		} {
			if got, ok := shownAs(t, reader, c.source, c.before, c.after); !ok || got != want {
				t.Errorf("%s reader shows %q as %q (text alone: %v), from %q", name, want, got, ok, c.source)
			}
		}
	}
	source := "| a |\n| --- |\n| " + said + " |\n"
	const before, after = "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>", "</td>\n</tr>\n</tbody>\n</table>"
	if got, ok := shownAs(t, goldmark.New(goldmark.WithExtensions(extension.GFM)), source, before, after); !ok || got != want {
		t.Errorf("in a table, %q is shown as %q (text alone: %v), from %q", want, got, ok, source)
	}
}

// tricky are texts that Markdown readers make something of.
var tricky = []string{
	"*bold* _it_ **b** ~~no~~ `code`", "# no heading", "1. no list", "1) no list", "- no list", "+ no list", "> no quote", "---", "***", "===", "a\n===",
	"[no](link)", "![no](image)", "[x]: no reference", "[^1]: no note", "<b>no html</b>", "<!-- no -->", "&amp; &#35; &copy;", "a | b", "|a|b|",
	"https://example.com", "http://a.example/b?c=d", "www.example.com", "WWW.example.com", "a@b.example", "mailto:a@b.example", "ftp://x.example", "<https://a.example>",
	`\`, `\*`, `a\`, "a  ", "\ta", "    code", "```\ncode", "~~~", "- [ ] task", "{#id}", "$x$", "a:b", ": def", "#", "1.", "١. عربي", "كل ما بيننا *مشفَّر* | نعم", "xmpp:a@b.c",
	"see www.a.example.", "12.5", "2026. A year", "a\\\nb", "\u00a0a", "*", "_", "a_b_c", "(www.a.example)", "\"https://a.example\"",
}

func TestTextStaysTextInMarkdown(t *testing.T) {
	for _, s := range tricky {
		staysText(t, s)
	}
	rapid.Check(t, func(r *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(tricky), rapid.StringOfN(rapid.RuneFrom([]rune("ab1 .:/@#*_-+=|<>[]()!&\\`~$w\nع")), 1, 6, -1)), 1, 4).Draw(r, "parts")
		s := strings.Join(parts, rapid.SampledFrom([]string{"", " ", "\n"}).Draw(r, "between"))
		if readable(s) {
			staysText(t, s)
		}
		if t.Failed() {
			r.FailNow()
		}
	})
}

// readable reports whether a policy can hold the text: no control characters.
func readable(s string) bool {
	return strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfffd || r == 0xfeff || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	})
}

func FuzzTextStaysTextInMarkdown(f *testing.F) {
	for _, s := range tricky {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 200 && readable(s) {
			staysText(t, s)
		}
	})
}

func TestRunsThatJoinStayText(t *testing.T) {
	m := &marks{}
	said := m.words(append(text("1"), text(". www")...).with(".a.example"))
	if got, ok := shownAs(t, goldmark.New(goldmark.WithExtensions(extension.GFM)), said, "<p>", "</p>"); !ok || got != "1. www.a.example" {
		t.Errorf("shown as %q, from %q", got, said)
	}
}
