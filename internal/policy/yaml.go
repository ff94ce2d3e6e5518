package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxBytes is how large a policy file may be.
const MaxBytes = 1 << 20

// The YAML library takes time quadratic in the keys of one mapping and recurses as deep as the
// file nests, so both are bounded before it sees the file.
const (
	maxTokens = 50_000
	maxDepth  = 16
)

// kind is what a node of the file is.
type kind uint8

const (
	textKind kind = iota
	numberKind
	boolKind
	nullKind
	listKind
	mapKind
)

var kindNames = [...]string{"a text", "a number", "true or false", "nothing", "a list", "a group of keys"}

func (k kind) String() string { return kindNames[k] }

// node is a value in the file: the part of YAML that the language uses.
type node struct {
	kind  kind
	pos   Pos
	width int // characters to underline
	value string
	items []*node
	pairs []pair
}

type pair struct{ key, value *node }

// load reads the file's bytes into a node. It returns nil if there is nothing to go on with.
func (r *reader) load(src []byte) *node {
	if !r.readable(src) {
		return nil
	}
	text := trimmed(string(src))
	if root := newQuick(text).document(); root != nil {
		return root
	}
	root, errs := r.document(text)
	if root != nil || len(errs) == 0 {
		return root
	}
	if sections := r.sections(text); len(sections) > 0 {
		errs = sections
	}
	for _, e := range errs {
		r.syntax(e)
	}
	return nil
}

// trimmed is a text whose lines all end with a newline alone. Returns, and blanks that nobody sees,
// make the library misplace what stands before and below them.
func trimmed(src string) string {
	var b strings.Builder
	b.Grow(len(src) + 1)
	for line := range strings.Lines(src) {
		b.WriteString(strings.TrimRight(line, " \t\r\n"))
		b.WriteByte('\n')
	}
	return b.String()
}

// readable refuses what is no text of bounded size.
func (r *reader) readable(src []byte) bool {
	switch {
	case len(src) > MaxBytes:
		r.problem(Pos{}, 0, BadFile, fmt.Sprintf("a policy is at most %d MiB, this file is larger", MaxBytes>>20),
			"check that this is a policy; a policy of a thousand clauses has some 300 KiB")
		return false
	case bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")):
		r.problem(Pos{}, 0, BadFile, "the file is UTF-16 text", "save it as UTF-8, without a byte-order mark")
		return false
	case len(bytes.TrimSpace(src)) == 0:
		r.problem(Pos{}, 0, BadFile, "the file is empty", "see docs/policy.md for a policy to begin with")
		return false
	}
	line, column := 1, 1
	for rest := src; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		at := Pos{Line: line, Column: column}
		if c == utf8.RuneError && n == 1 {
			r.problem(at, 1, BadFile, "the file is not UTF-8 text", "save it as UTF-8; is it a policy at all?")
			return false
		}
		if unwanted(c) || c == '\r' && !bytes.HasPrefix(rest, []byte("\r\n")) {
			r.problem(at, 1, BadFile, fmt.Sprintf("the character %U is not allowed in a policy", c),
				"remove it: it is a control character, a byte-order mark, or makes the text read otherwise than it is stored")
			return false
		}
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
		rest = rest[n:]
	}
	return true
}

// syntaxError is a place where the file is not YAML that the language uses.
type syntaxError struct {
	pos       Pos
	width     int
	msg, hint string
}

func (r *reader) syntax(e syntaxError) { r.problem(e.pos, e.width, BadSyntax, e.msg, e.hint) }

// document parses text, which must be one document.
func (r *reader) document(text string) (root *node, errs []syntaxError) {
	defer func() {
		// The YAML library is known to panic on some malformed files.
		if p := recover(); p != nil {
			root, errs = nil, []syntaxError{{msg: "the file is not YAML", hint: "look for a bracket or quote that is not closed"}}
		}
	}()
	tokens := lexer.Tokenize(text)
	if errs := refuseTokens(tokens); len(errs) > 0 {
		return nil, errs
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []syntaxError{fromLibrary(err)}
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) == 0 {
		return &node{kind: nullKind, pos: Pos{Line: 1, Column: 1}}, nil
	}
	c := converter{}
	root = c.node(bodies[0], 0)
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return root, nil
}

// fromLibrary puts the library's error into our words.
func fromLibrary(err error) syntaxError {
	const hint = `a text that holds ": " or " #", or begins with a sign such as * & @ % or a quote, goes in quotes, or on lines of its own after ">"`
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return syntaxError{msg: "the file is not YAML", hint: hint}
	}
	pos, width := place(syntax.Token)
	if strings.Contains(syntax.Message, "end token") || strings.Contains(syntax.Message, "end character") {
		return syntaxError{pos, width, "not YAML: " + syntax.Message, "close the bracket or quote that begins here"}
	}
	if strings.Contains(syntax.Message, "tab character") || strings.Contains(syntax.Message, "\t") {
		return syntaxError{pos, width, "a tab cannot be used for indentation", "indent with spaces"}
	}
	return syntaxError{pos, width, "not YAML: " + syntax.Message, hint}
}

// sections parses each top-level section by itself, so that a file broken in several of them is
// told of all. It returns nothing if every section is sound alone.
func (r *reader) sections(text string) (errs []syntaxError) {
	lines := strings.SplitAfter(text, "\n")
	starts := []int{0}
	for i, l := range lines {
		if i > 0 && l != "" && l[0] >= 'a' && l[0] <= 'z' {
			starts = append(starts, i)
		}
	}
	if len(starts) > 64 {
		return nil
	}
	for i, from := range starts {
		to := len(lines)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		_, found := r.document(strings.Join(lines[from:to], ""))
		for _, e := range found {
			if e.pos.Line > 0 {
				e.pos.Line += from
			}
			errs = append(errs, e)
		}
	}
	return errs
}

// refuseTokens finds what the language does not use: anchors and aliases (and so cycles and
// documents that grow without bound), tags, merging, several documents, nesting without bound.
func refuseTokens(tokens token.Tokens) (errs []syntaxError) {
	if len(tokens) > maxTokens {
		return []syntaxError{{msg: fmt.Sprintf("the file holds more than %d words and signs", maxTokens), hint: "a policy of a thousand clauses has about half"}}
	}
	flow, dashes, dashLine := 0, 0, 0
	for i, t := range tokens {
		msg, hint := "", ""
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			if t.Position.Line != dashLine {
				dashes, dashLine = 0, t.Position.Line
			}
			dashes++
		case token.AnchorType:
			msg, hint = "anchors (&name) are not part of the language", `write the value out; a text that begins with "&" goes in quotes`
		case token.AliasType:
			msg, hint = "aliases (*name) are not part of the language", `write the value out; a text that begins with "*" goes in quotes`
		case token.MergeKeyType:
			msg, hint = "merging (<<) is not part of the language", "write the keys out"
		case token.TagType:
			msg, hint = "tags (!name) are not part of the language", `a text that begins with "!" goes in quotes`
		case token.DirectiveType:
			msg, hint = "directives (%name) are not part of the language", `a text that begins with "%" goes in quotes`
		case token.MappingKeyType:
			msg, hint = "complex keys (? key) are not part of the language", "write key: value"
		case token.DocumentHeaderType:
			if i > 0 {
				msg, hint = "a policy file holds one document", "put the second policy in a file of its own"
			}
		}
		if flow > maxDepth || dashes > maxDepth {
			msg, hint = fmt.Sprintf("nested deeper than %d", maxDepth), "no part of a policy nests as deep"
		}
		if msg == "" {
			continue
		}
		pos, width := place(t)
		errs = append(errs, syntaxError{pos, width, msg, hint})
		if flow > maxDepth || dashes > maxDepth || len(errs) == maxProblems {
			return errs
		}
	}
	return errs
}

// converter turns the library's tree into ours.
type converter struct{ errs []syntaxError }

func (c *converter) fail(t *token.Token, msg, hint string) {
	pos, width := place(t)
	c.errs = append(c.errs, syntaxError{pos, width, msg, hint})
}

func (c *converter) node(from ast.Node, depth int) *node {
	t := from.GetToken()
	pos, width := place(t)
	n := &node{pos: pos, width: width}
	if depth > maxDepth {
		c.fail(t, fmt.Sprintf("nested deeper than %d", maxDepth), "no part of a policy nests as deep")
		return n
	}
	switch v := from.(type) {
	case *ast.StringNode:
		n.kind, n.value = textKind, v.Value
	case *ast.LiteralNode:
		n.kind, n.value, n.width = textKind, v.Value.Value, 1
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.value = numberKind, t.Value
	case *ast.BoolNode:
		n.kind, n.value = boolKind, fmt.Sprint(v.Value)
	case *ast.NullNode:
		n.kind = nullKind
	case *ast.SequenceNode:
		n.kind = listKind
		for _, item := range v.Values {
			n.items = append(n.items, c.node(item, depth+1))
		}
	case *ast.MappingNode:
		c.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		c.mapping(n, []*ast.MappingValueNode{v}, depth)
	default:
		c.fail(t, "this part of YAML is not part of the language", "see docs/policy.md")
	}
	if strings.ContainsFunc(n.value, unwanted) {
		c.fail(t, "the text holds a character that is not allowed in a policy", "remove the control character")
	}
	return n
}

func (c *converter) mapping(n *node, values []*ast.MappingValueNode, depth int) {
	n.kind = mapKind
	for _, v := range values {
		key := c.node(v.Key, depth+1)
		if key.kind == listKind || key.kind == mapKind {
			c.fail(v.Key.GetToken(), "a key must be a word", "see docs/policy.md")
		}
		if key.kind == nullKind {
			key.value = v.Key.GetToken().Value
		}
		n.pairs = append(n.pairs, pair{key, c.node(v.Value, depth+1)})
	}
	if len(n.pairs) > 0 {
		n.pos, n.width = n.pairs[0].key.pos, n.pairs[0].key.width
	}
}

// place is where a token stands and how many characters of its line it takes.
func place(t *token.Token) (Pos, int) {
	if t == nil || t.Position == nil {
		return Pos{}, 0
	}
	first, _, _ := strings.Cut(strings.TrimSpace(t.Origin), "\n")
	return Pos{Line: max(1, t.Position.Line), Column: max(1, t.Position.Column)}, max(1, utf8.RuneCountInString(first))
}
