package connect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"clause.dev/clause/internal/policy"
)

// The file as it is written. Words keep their places, for what is found wrong with them later.
type (
	fileForm struct {
		Connectors []connectorForm `yaml:"connectors"`
	}
	connectorForm struct {
		ID         word       `yaml:"id"`
		Kind       word       `yaml:"kind"`
		Identifier word       `yaml:"identifier"`
		Tenants    []word     `yaml:"tenants"`
		Timeout    word       `yaml:"timeout"`
		CA         word       `yaml:"ca"`
		Engine     word       `yaml:"engine"`
		DSN        secretForm `yaml:"dsn"`
		Schema     word       `yaml:"schema"`
		Tables     []tabled   `yaml:"tables"`
		URL        word       `yaml:"url"`
		Secret     secretForm `yaml:"secret"`
		Data       []word     `yaml:"data"`
		Takes      []word     `yaml:"takes"`
		Private    []word     `yaml:"private"`
		Attempts   word       `yaml:"attempts"`
		Call       word       `yaml:"call"`
	}
	tabled struct {
		Table   word      `yaml:"table"`
		Key     word      `yaml:"key"`
		Data    word      `yaml:"data"`
		Subject linksForm `yaml:"subject"`
		Columns pairsForm `yaml:"columns"`
		Erase   eraseForm `yaml:"erase"`
		Correct fixForm   `yaml:"correct"`
	}
	linkForm struct {
		Column word `yaml:"column"`
		Table  word `yaml:"table"`
		From   word `yaml:"from"`
		To     word `yaml:"to"`
	}
	nullForm struct {
		Null []word `yaml:"empty"`
	}
	envForm struct {
		Env  word `yaml:"env"`
		File word `yaml:"file"`
	}
)

// word is a text and its place.
type word struct {
	value string
	at    policy.Pos
}

// UnmarshalYAML takes a scalar.
func (w *word) UnmarshalYAML(n ast.Node) error {
	s, ok := n.(ast.ScalarNode)
	if _, null := n.(*ast.NullNode); !ok || null {
		return misplaced{placeOf(n), "a word belongs here"}
	}
	w.at = placeOf(n)
	switch v := s.(type) {
	case *ast.StringNode:
		w.value = v.Value
	case *ast.LiteralNode:
		w.value = v.Value.Value
	default:
		w.value = n.GetToken().Value
	}
	return nil
}

// secretForm says where a secret is. It never holds one.
type secretForm struct {
	envForm
	at policy.Pos
}

// UnmarshalYAML refuses a secret that is written out: whoever reads the file would have it.
func (s *secretForm) UnmarshalYAML(n ast.Node) error {
	s.at = placeOf(n)
	if _, written := n.(ast.ScalarNode); written {
		return misplaced{s.at, "a secret does not belong into the file: {env: VARIABLE} or {file: PATH} says where it is"}
	}
	return decodeNode(n, &s.envForm)
}

type linksForm []linkForm

// UnmarshalYAML takes one link or a list of them.
func (l *linksForm) UnmarshalYAML(n ast.Node) error {
	if _, several := n.(*ast.SequenceNode); several {
		return decodeNode(n, (*[]linkForm)(l))
	}
	*l = make([]linkForm, 1)
	return decodeNode(n, &(*l)[0])
}

type pairForm struct{ key, value word }

type pairsForm []pairForm

// UnmarshalYAML takes a group of keys, in the order written.
func (p *pairsForm) UnmarshalYAML(n ast.Node) error {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return misplaced{placeOf(n), "column: field belong here"}
	}
	for _, v := range values {
		var one pairForm
		if err := errors.Join(one.key.UnmarshalYAML(v.Key), one.value.UnmarshalYAML(v.Value)); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	return nil
}

type eraseForm struct {
	word
	null []word
}

// UnmarshalYAML takes the word delete, or the columns to empty.
func (e *eraseForm) UnmarshalYAML(n ast.Node) error {
	if _, scalar := n.(ast.ScalarNode); scalar {
		return e.word.UnmarshalYAML(n)
	}
	e.at = placeOf(n)
	var form nullForm
	err := decodeNode(n, &form)
	e.null = form.Null
	return err
}

type recordForm struct {
	Record word `yaml:"record"`
}

type fixForm struct {
	word
	record word
}

// UnmarshalYAML takes the word all, or the column that holds a record's id.
func (f *fixForm) UnmarshalYAML(n ast.Node) error {
	if _, scalar := n.(ast.ScalarNode); scalar {
		return f.word.UnmarshalYAML(n)
	}
	f.at = placeOf(n)
	var form recordForm
	err := decodeNode(n, &form)
	f.record = form.Record
	return err
}

func decodeNode(n ast.Node, into any) error { return yaml.NodeToValue(n, into, yaml.Strict()) }

// misplaced is a mistake at a place.
type misplaced struct {
	at  policy.Pos
	msg string
}

func (m misplaced) Error() string { return m.msg }

func placeOf(n ast.Node) policy.Pos { return placeOfToken(n.GetToken()) }

func placeOfToken(t *token.Token) policy.Pos {
	if t == nil || t.Position == nil {
		return policy.Pos{}
	}
	return policy.Pos{Line: t.Position.Line, Column: t.Position.Column}
}

// read decodes the file. Messages quote nothing of it but keys: somebody may have written a secret there.
func read(src []byte) (f fileForm, wrong *misplaced) {
	defer func() {
		if recover() != nil { // the library is known to panic on some malformed files
			wrong = &misplaced{msg: "the file is not YAML"}
		}
	}()
	if len(src) > maxBytes {
		return f, &misplaced{msg: fmt.Sprintf("the file is larger than %d MiB", maxBytes>>20)}
	}
	for i, line := range strings.Split(string(src), "\n") {
		// Each alias could double what the one before it named.
		if mark := strings.TrimLeft(line, " -"); strings.HasPrefix(mark, "*") || strings.Contains(line, ": *") || strings.Contains(line, ": &") {
			return f, &misplaced{policy.Pos{Line: i + 1, Column: 1}, "anchors and aliases are not part of the language"}
		}
	}
	err := yaml.UnmarshalWithOptions(src, &f, yaml.Strict())
	if err == nil {
		return f, nil
	}
	var here misplaced
	var library yaml.Error
	var unknown *yaml.UnknownFieldError
	var twice *yaml.DuplicateKeyError
	switch {
	case errors.As(err, &here):
		return f, &here
	case errors.As(err, &unknown):
		return f, &misplaced{placeOfToken(unknown.Token), unknown.Message}
	case errors.As(err, &twice):
		return f, &misplaced{placeOfToken(twice.Token), twice.Message}
	case errors.As(err, &library):
		return f, &misplaced{placeOfToken(library.GetToken()), "this cannot be read here: not YAML, or a list, a group of keys or a word in another's place"}
	}
	return f, &misplaced{msg: "the file is not YAML"}
}
