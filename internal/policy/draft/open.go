package draft

import (
	"bytes"
	"fmt"
	"path"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode/utf32"

	"clause.dev/clause/internal/fault"

	utf16 "golang.org/x/text/encoding/unicode"
)

// MaxBytes is how much text can be drafted from at once: some hundred policies.
const MaxBytes = 2 << 20

// Format is how the text is written.
type Format string

// The formats.
const (
	Plain    Format = "text"
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// input is the text, decoded.
type input struct {
	text     string
	format   Format
	encoding string
	notes    []string
	lines    []int // where each line begins
}

// line returns the line that an offset is in, from 1.
func (in *input) line(offset int) int {
	return sort.Search(len(in.lines), func(i int) bool { return in.lines[i] > offset })
}

const op = "draft.Read"

// binaries are the first bytes of files that people take for text, and what to do with them.
var binaries = []struct{ magic, what, hint string }{
	{"%PDF-", "a PDF file", "save its text first, for example with pdftotext"},
	{"PK\x03\x04", "a ZIP or Office file", "save the document as HTML or as plain text first"},
	{"\xd0\xcf\x11\xe0", "an old Office file", "save the document as HTML or as plain text first"},
	{"{\\rtf", "an RTF file", "save the document as HTML or as plain text first"},
	{"\x89PNG", "a picture", "give the text"},
	{"\xff\xd8\xff", "a picture", "give the text"},
	{"\x1f\x8b", "a compressed file", "unpack it first"},
	{"\x7fELF", "a program", "give the text of a policy"},
}

// open decodes the text and tells its format.
func open(name string, src []byte) (*input, error) {
	if len(src) > MaxBytes {
		return nil, fault.New(op, fault.TooLarge, "%s holds more than %d MiB", name, MaxBytes>>20).
			WithHint("a long policy has some 100 KiB: give the text of the policy alone")
	}
	for _, b := range binaries {
		if bytes.HasPrefix(src, []byte(b.magic)) {
			return nil, fault.New(op, fault.Invalid, "%s is %s, not text", name, b.what).WithHint("%s", b.hint)
		}
	}
	in := &input{}
	in.text, in.encoding = decode(src)
	if in.encoding == "" || binary(in.text) {
		return nil, fault.New(op, fault.Invalid, "%s is not text", name).WithHint("give a policy as plain text, Markdown or HTML")
	}
	in.clean()
	if strings.TrimSpace(in.text) == "" {
		return nil, empty(name)
	}
	in.format = formatOf(name, in.text)
	in.lines = []int{0}
	for i := range len(in.text) {
		if in.text[i] == '\n' {
			in.lines = append(in.lines, i+1)
		}
	}
	return in, nil
}

func empty(name string) error {
	return fault.New(op, fault.Invalid, "%s holds no sentence", name).WithHint("give the text of a privacy or security policy")
}

// decode returns the text as UTF-8 and the name of the encoding it was in, "" if it is in none.
func decode(src []byte) (text, name string) {
	var from encoding.Encoding
	switch {
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(src[3:]), "\ufffd"), "utf-8"
	case bytes.HasPrefix(src, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(src, []byte("\x00\x00\xfe\xff")):
		from, name = utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM), "utf-32"
	case bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")):
		from, name = utf16.UTF16(utf16.BigEndian, utf16.ExpectBOM), "utf-16"
	case utf8.Valid(src):
		return string(src), "utf-8"
	case bytes.IndexByte(src, 0) >= 0:
		return "", ""
	default:
		// What a page says of itself, or else what Windows writes, which holds Latin-1.
		from, name = charmap.Windows1252, "windows-1252"
		if looksLikeHTML(string(src[:min(len(src), 1024)])) {
			from, name, _ = charset.DetermineEncoding(src, "")
		}
		if name == "utf-8" { // it says so, and is not
			return strings.ToValidUTF8(string(src), "\ufffd"), name
		}
	}
	out, err := from.NewDecoder().Bytes(src)
	if err != nil {
		return "", ""
	}
	return strings.ToValidUTF8(string(out), "\ufffd"), name
}

// binary reports whether a text holds what no text does: zeros, or many control characters.
func binary(text string) bool {
	odd, all := 0, 0
	for _, r := range text {
		all++
		switch {
		case r == 0:
			return true
		case r == utf8.RuneError, r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f':
			odd++
		}
	}
	return odd*20 > all
}

// clean takes out what may not stand in a policy: control characters, and the marks that make a
// text read otherwise than it is stored.
func (in *input) clean() {
	in.text = strings.ReplaceAll(strings.ReplaceAll(in.text, "\r\n", "\n"), "\r", "\n")
	hidden, spoiled := 0, 0
	in.text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == utf8.RuneError:
			spoiled++
			return r
		case r == '\f', r == '\v', r >= 0x80 && r < 0xa0, r == '\u2028', r == '\u2029', r == '\u00a0', r == '\u202f':
			return ' '
		case r < ' ', r == 0x7f, r == '\u00ad', r == '\u200b', r == '\u2060', r == '\ufeff', r == '\ufffe', r == '\uffff':
			return -1
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			hidden++
			return -1
		}
		return r
	}, in.text)
	if hidden > 0 {
		in.notes = append(in.notes, fmt.Sprintf("%s that change the direction of the text were taken out: a policy may not hold them.", count(hidden, "mark")))
	}
	if spoiled > 0 {
		in.notes = append(in.notes, fmt.Sprintf("%s could not be read in the encoding %s and stand as \ufffd.", count(spoiled, "character"), in.encoding))
	}
}

// formatOf tells the format by what the text begins with, then by the name, then by its lines.
func formatOf(name, text string) Format {
	head := text[:min(len(text), 2048)]
	if looksLikeHTML(head) {
		return HTML
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml":
		return HTML
	case ".md", ".markdown":
		return Markdown
	}
	for line := range strings.Lines(head) {
		rest := strings.TrimLeft(line, "#")
		if n := len(line) - len(rest); n >= 1 && n <= 6 && strings.HasPrefix(rest, " ") {
			return Markdown
		}
	}
	return Plain
}

func looksLikeHTML(head string) bool {
	head = strings.ToLower(strings.TrimLeftFunc(head, unicode.IsSpace))
	for _, sign := range []string{"<!doctype html", "<html", "<head", "<body", "<div", "<p>", "<p ", "<h1", "<h2", "<section", "<article", "<main", "<meta", "<table", "<ul", "<?xml"} {
		if strings.HasPrefix(head, sign) {
			return true
		}
	}
	return strings.HasPrefix(head, "<!--") && strings.Contains(head, "<html")
}
