package policy

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// Problem is one thing wrong with a policy file.
type Problem struct {
	File    string `json:"file"`
	Pos     Pos    `json:"pos"`
	Code    Code   `json:"code"`
	Msg     string `json:"message"`
	Hint    string `json:"hint,omitempty"`    // what to do about it
	Excerpt string `json:"excerpt,omitempty"` // the line at fault, a caret under the place
	Control string `json:"control,omitempty"` // the control that refuses, for [ControlRefuses]
	Clause  string `json:"clause,omitempty"`  // the clause it was to keep
}

// Code classes problems for programs that read them.
type Code string

// The codes.
const (
	BadFile        Code = "file"      // not a text this parser reads: too large, binary, not UTF-8
	BadSyntax      Code = "syntax"    // not YAML, or YAML outside the part the language uses
	UnknownKey     Code = "unknown"   // a key, control or parameter nobody knows
	DuplicateKey   Code = "duplicate" // a key or id given twice
	MissingKey     Code = "missing"   // something required is not there
	BadType        Code = "type"      // a list where a text belongs, and so on
	BadValue       Code = "value"     // the right type, but not a value that can be
	Dangling       Code = "reference" // names something the policy does not declare
	Contradiction  Code = "conflict"  // each part is well formed, together they cannot hold
	ControlRefuses Code = "control"   // the control says its parameters cannot work
	OverBound      Code = "bound"     // more than the language allows
)

// String returns the problem as it is shown to people: place, message, excerpt, advice.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Pos.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Pos.Line, p.Pos.Column)
	}
	fmt.Fprintf(&b, ": %s\n", p.Msg)
	b.WriteString(p.Excerpt)
	if p.Hint != "" {
		fmt.Fprintf(&b, "  → %s\n", p.Hint)
	}
	return b.String()
}

// Problems is everything wrong with a policy file, in the order of the file. To package fault it
// is of kind Invalid.
type Problems []Problem

func (ps Problems) Error() string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.String()
	}
	return strings.Join(parts, "\n")
}

// As lets errors.As see the problems as a fault.
func (ps Problems) As(target any) bool {
	as, ok := target.(**fault.Error)
	if !ok {
		return false
	}
	*as = fault.New("policy.Parse", fault.Invalid, "the policy has %s", count(len(ps), "problem")).
		WithHint("clause check prints them all, each with its place in the file")
	return true
}

// excerptColumns is how much of a long line an excerpt shows.
const excerptColumns = 100

// Excerpt shows the line of a policy file that pos is in, width characters of it underlined: for
// findings about what was parsed from it. It is empty where there is no such line.
func Excerpt(src []byte, pos Pos, width int) string { return Excerpts(src)(pos, width) }

// Excerpts is [Excerpt] for many places of one file: its lines are looked for once.
func Excerpts(src []byte) func(pos Pos, width int) string {
	lines := bytes.SplitAfter(src, []byte("\n"))
	return func(pos Pos, width int) string {
		if pos.Line < 1 || pos.Line > len(lines) {
			return ""
		}
		return excerpt(string(lines[pos.Line-1]), pos, width)
	}
}

// excerpt shows a line of the file with carets under width characters from column, both counted
// in characters from 1.
func excerpt(line string, pos Pos, width int) string {
	text := []rune(strings.TrimRight(line, "\r\n"))
	at := min(max(pos.Column-1, 0), len(text))
	from := 0
	if at > excerptColumns*2/3 {
		from = at - excerptColumns/2
	}
	shown := text[from:min(len(text), from+excerptColumns)]
	if from > 0 {
		shown[0] = '…'
	}
	width = max(1, min(width, len(shown)-(at-from)))
	margin := fmt.Sprintf("%5d | ", pos.Line)
	return margin + printable(shown) + "\n" +
		strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", at-from) + strings.Repeat("^", width) + "\n"
}

// printable keeps a hostile file from steering the terminal the excerpt is printed on.
func printable(text []rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unwanted(r) || r == utf8.RuneError:
			b.WriteRune('·')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unwanted reports control characters, and the marks that make a text read otherwise than it is
// stored (Boucher and Anderson, Trojan Source, 2021): what is published must be what is kept.
func unwanted(r rune) bool {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return false
	case r < ' ' || r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff || r == 0xfffe || r == 0xffff:
		return true
	}
	return false
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
