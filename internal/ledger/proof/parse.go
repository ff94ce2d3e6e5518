package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// errNotCanonical is what Parse says of bytes that Append never writes. It does not quote them.
var errNotCanonical = errors.New("not an entry in canonical form")

// Parse reads an entry. It accepts the bytes that Append writes for a valid entry and no others:
// no space, no other order, no unknown, doubled or empty key, no escape.
func Parse(data []byte) (Entry, error) {
	if len(data) > MaxEntry {
		return Entry{}, fmt.Errorf("an entry of %d bytes is over the bound of %d", len(data), MaxEntry)
	}
	p := parser{rest: data}
	e := p.entry()
	if p.failed || len(p.rest) != 0 {
		return Entry{}, errNotCanonical
	}
	if err := e.Validate(); err != nil {
		return Entry{}, err
	}
	// Whatever the parser let through, only the canonical bytes are an entry.
	var buf [512]byte
	if !bytes.Equal(e.Append(buf[:0]), data) {
		return Entry{}, errNotCanonical
	}
	return e, nil
}

// parser eats an entry from the front; after a failure it eats nothing more.
type parser struct {
	rest   []byte
	failed bool
}

func (p *parser) entry() (e Entry) {
	p.expect(`{"seq":`)
	e.Seq = p.number()
	p.expect(`,"time":"`)
	e.Time = p.time()
	p.expect(`,"kind":"`)
	e.Kind = p.text()
	e.Actor = p.optional(`,"actor":"`)
	e.Subject = p.optional(`,"subject":"`)
	e.DataSet = p.optional(`,"data_set":"`)
	e.Record = p.optional(`,"record":"`)
	if p.eat(`,"version":`) {
		e.Version = p.number()
	}
	e.Purpose = p.optional(`,"purpose":"`)
	e.Recipient = p.optional(`,"recipient":"`)
	e.Answer = p.optional(`,"answer":"`)
	e.Reason = p.optional(`,"reason":"`)
	e.Clauses = p.clauses()
	e.Detail = p.detail()
	p.expect(`}`)
	return e
}

func (p *parser) clauses() (list []string) {
	if !p.eat(`,"clauses":["`) {
		return nil
	}
	for list = append(list, p.text()); p.eat(`,"`); {
		if len(list) == MaxClauses {
			p.failed = true
		}
		list = append(list, p.text())
	}
	p.expect(`]`)
	return list
}

func (p *parser) detail() map[string]string {
	if !p.eat(`,"detail":{"`) {
		return nil
	}
	detail := map[string]string{}
	for more := true; more; more = p.eat(`,"`) {
		key := p.text()
		p.expect(`:"`)
		detail[key] = p.text()
		if len(detail) > MaxDetail {
			p.failed = true
		}
	}
	p.expect(`}`)
	return detail
}

func (p *parser) eat(s string) bool {
	if p.failed || len(p.rest) < len(s) || string(p.rest[:len(s)]) != s {
		return false
	}
	p.rest = p.rest[len(s):]
	return true
}

func (p *parser) expect(s string) {
	if !p.eat(s) {
		p.failed = true
	}
}

func (p *parser) optional(key string) string {
	if !p.eat(key) {
		return ""
	}
	return p.text()
}

// text eats a string and its closing quote; no text of an entry holds a quote or an escape.
func (p *parser) text() string {
	end := bytes.IndexByte(p.rest, '"')
	if p.failed || end < 0 || end > MaxID {
		p.failed = true
		return ""
	}
	s := string(p.rest[:end])
	p.rest = p.rest[end+1:]
	return s
}

func (p *parser) time() time.Time {
	t, err := time.Parse(timeLayout, p.text())
	if err != nil {
		p.failed = true
	}
	return t
}

func (p *parser) number() int64 {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(string(p.rest[:n]), 10, 64)
	if p.failed || err != nil {
		p.failed = true
		return 0
	}
	p.rest = p.rest[n:]
	return v
}
