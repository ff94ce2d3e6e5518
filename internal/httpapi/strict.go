package httpapi

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// Bounds of a JSON body.
const (
	maxDepth  = 16 // objects and arrays within each other
	maxNumber = 32 // bytes of one number
	fewKeys   = 24 // members of an object compared one by one; more go into a map
)

// scanner reads JSON strictly: what two parsers could read differently is refused, so that what
// was checked here is what the domain sees. Go's own decoder lets duplicate names, lone
// surrogates and invalid UTF-8 pass.
type scanner struct {
	data []byte
	pos  int
}

// checkJSON returns nil for one JSON value that is valid UTF-8, nests at most maxDepth deep, repeats
// no name in an object and holds no integer beyond int64. Errors never quote the input.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return badJSON("the body is not valid UTF-8")
	}
	s := scanner{data: data}
	if err := s.value(0); err != nil {
		return err
	}
	s.space()
	if s.pos != len(data) {
		return s.bad("there is more after the JSON value")
	}
	return nil
}

func badJSON(what string) *fault.Error {
	return fault.New("httpapi.checkJSON", fault.Invalid, "%s", what)
}

func (s *scanner) bad(what string) error {
	return badJSON(what + ", at byte " + strconv.Itoa(s.pos))
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// next skips space and returns the byte after it without taking it; 0 at the end.
func (s *scanner) next() byte {
	s.space()
	return s.peek()
}

func (s *scanner) peek() byte {
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

// take takes the byte if it is the next one after space.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// takeName takes a member's name and the colon after it, if that is the next.
func (s *scanner) takeName(want string) bool {
	if s.next() != '"' {
		return false
	}
	name, err := s.text()
	return err == nil && string(name) == want && s.take(':')
}

func (s *scanner) value(depth int) error {
	switch c := s.next(); {
	case c == '{' || c == '[':
		if depth == maxDepth {
			return s.bad("the JSON nests more than " + strconv.Itoa(maxDepth) + " deep")
		}
		if c == '{' {
			return s.object(depth+1, nil)
		}
		return s.array(depth + 1)
	case c == '"':
		_, err := s.text()
		return err
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case c == '-' || digit(c):
		return s.number()
	}
	return s.bad("the body is not JSON")
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(w)) {
		return s.bad("the body is not JSON")
	}
	s.pos += len(w)
	return nil
}

func (s *scanner) array(depth int) error {
	s.pos++
	if s.next() == ']' {
		s.pos++
		return nil
	}
	for {
		if err := s.value(depth); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return nil
		default:
			return s.bad("the array does not end")
		}
	}
}

// object reads an object and hands each member to visit, unless that is nil.
func (s *scanner) object(depth int, visit func(name, value []byte) error) error {
	var names nameSet
	s.pos++
	if s.next() == '}' {
		s.pos++
		return nil
	}
	for {
		name, value, err := s.member(depth)
		if err != nil {
			return err
		}
		if !names.add(name) {
			return s.bad("an object repeats a name")
		}
		if visit != nil {
			if err := visit(name, value); err != nil {
				return err
			}
		}
		switch s.next() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return s.bad("the object does not end")
		}
	}
}

func (s *scanner) member(depth int) (name, value []byte, err error) {
	if s.next() != '"' {
		return nil, nil, s.bad("the object lacks a name")
	}
	if name, err = s.text(); err != nil {
		return nil, nil, err
	}
	if s.next() != ':' {
		return nil, nil, s.bad("the object lacks a colon")
	}
	s.pos++
	s.space()
	start := s.pos
	err = s.value(depth)
	return name, s.data[start:s.pos], err
}

// text reads a string and returns its content, which aliases the input unless it has escapes.
func (s *scanner) text() ([]byte, error) {
	start, escaped := s.pos, false
	for s.pos++; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		switch {
		case c == '"':
			s.pos++
			if !escaped {
				return s.data[start+1 : s.pos-1], nil
			}
			var out string
			if err := json.Unmarshal(s.data[start:s.pos], &out); err != nil {
				return nil, s.bad("a string has a wrong escape")
			}
			return []byte(out), nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.bad("a string holds a control character")
		}
	}
	return nil, s.bad("a string does not end")
}

// escape reads an escape but its last byte. A lone surrogate stands for no character.
func (s *scanner) escape() error {
	s.pos++
	if s.peek() != 'u' {
		return nil // the decoder of the whole string checks the letter
	}
	r, ok := s.hex()
	if !ok || r >= 0xDC00 && r <= 0xDFFF {
		return s.bad("a string has a wrong escape")
	}
	if r < 0xD800 || r > 0xDBFF {
		return nil
	}
	if !bytes.HasPrefix(s.data[s.pos+1:], []byte(`\u`)) {
		return s.bad("a string has half a surrogate pair")
	}
	s.pos += 2
	if r, ok = s.hex(); !ok || r < 0xDC00 || r > 0xDFFF {
		return s.bad("a string has half a surrogate pair")
	}
	return nil
}

// hex reads the four digits after the u of an escape and stops at the last.
func (s *scanner) hex() (rune, bool) {
	if s.pos+4 >= len(s.data) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.data[s.pos+1:s.pos+5]), 16, 16)
	s.pos += 4
	return rune(n), err == nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) digits() bool {
	start := s.pos
	for digit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) number() error {
	start, whole := s.pos, true
	if s.peek() == '-' {
		s.pos++
	}
	first := s.peek()
	if from := s.pos; !s.digits() || first == '0' && s.pos > from+1 {
		return s.bad("a number is malformed")
	}
	if s.peek() == '.' {
		whole = false
		s.pos++
		if !s.digits() {
			return s.bad("a number is malformed")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		whole = false
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.bad("a number is malformed")
		}
	}
	return s.bounded(s.data[start:s.pos], whole)
}

func (s *scanner) bounded(number []byte, whole bool) error {
	if len(number) > maxNumber {
		return s.bad("a number is longer than " + strconv.Itoa(maxNumber) + " bytes")
	}
	var err error
	if whole {
		_, err = strconv.ParseInt(string(number), 10, 64)
	} else {
		_, err = strconv.ParseFloat(string(number), 64)
	}
	if err != nil {
		return s.bad("a number is out of range")
	}
	return nil
}

// nameSet holds the names of one object.
type nameSet struct {
	few  [fewKeys][]byte
	n    int
	many map[string]struct{}
}

// add reports whether the name is new.
func (n *nameSet) add(name []byte) bool {
	if n.many == nil {
		for _, old := range n.few[:n.n] {
			if bytes.Equal(old, name) {
				return false
			}
		}
		if n.n < fewKeys {
			n.few[n.n] = name
			n.n++
			return true
		}
		n.many = make(map[string]struct{}, 2*fewKeys)
		for _, old := range n.few {
			n.many[string(old)] = struct{}{}
		}
	}
	before := len(n.many)
	n.many[string(name)] = struct{}{}
	return len(n.many) > before
}
