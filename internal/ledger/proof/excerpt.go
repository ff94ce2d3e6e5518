package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// excerptFormat names the form of an excerpt.
const excerptFormat = "clause-ledger-excerpt/1"

// excerptHead begins an excerpt: the entries of a log that are about one person, each with the proof that
// it is in the log. It can be checked offline, without the log, and shows nobody else's entries. It does
// not show that no entry was left out.
//
//	{"format":"clause-ledger-excerpt/1","subject":"p_…","key":"…","checkpoint":"…","entries":[
//	{"index":7,"path":["…"],"entry":{…}}
//	]}
//
// A path is that of [Inclusion], in base64.
type excerptHead struct {
	Format     string `json:"format"`
	Subject    string `json:"subject"`
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"`
}

// excerptLine is one entry of an excerpt.
type excerptLine struct {
	Index int64           `json:"index"`
	Path  [][]byte        `json:"path"`
	Entry json.RawMessage `json:"entry"`
}

// ExcerptWriter writes an excerpt, one entry at a time.
type ExcerptWriter struct {
	w    io.Writer
	line []byte
	some bool
}

// NewExcerptWriter begins an excerpt of what is about a subject's alias, under a signed checkpoint.
func NewExcerptWriter(w io.Writer, subject, vkey string, signed []byte) (*ExcerptWriter, error) {
	head, err := json.Marshal(excerptHead{excerptFormat, subject, vkey, string(signed)})
	if err != nil {
		return nil, err
	}
	_, err = w.Write(append(head[:len(head)-1], `,"entries":[`...))
	return &ExcerptWriter{w: w}, err
}

// Add writes an entry's canonical bytes with its proof.
func (e *ExcerptWriter) Add(entry []byte, index int64, path []Hash) error {
	line := excerptLine{Index: index, Path: make([][]byte, len(path)), Entry: entry}
	for i := range path {
		line.Path[i] = path[i][:]
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	e.line = e.line[:0]
	if e.some {
		e.line = append(e.line, ',')
	}
	e.some = true
	_, err = e.w.Write(append(append(e.line, '\n'), text...))
	return err
}

// Close ends the excerpt. The writer below stays open.
func (e *ExcerptWriter) Close() error {
	_, err := e.w.Write([]byte("\n]}\n"))
	return err
}

// ExcerptReport is what was seen of an excerpt.
type ExcerptReport struct {
	Checkpoint Checkpoint
	Subject    string
	Key        string // the one it was checked by
	Entries    int
}

// VerifyExcerpt checks every entry of an excerpt against its signed checkpoint: it is in the log, at its
// index, and about the one person. Without a key that of the excerpt is taken, which shows only that it
// was not altered since. It holds one entry in memory. each, which may be nil, is called with every entry.
func VerifyExcerpt(r io.Reader, vkey string, each func(Entry)) (ExcerptReport, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	head, err := readExcerptHead(d)
	if err != nil {
		return ExcerptReport{}, err
	}
	if vkey == "" {
		vkey = head.Key
	}
	report := ExcerptReport{Subject: head.Subject, Key: vkey}
	if report.Checkpoint, err = OpenCheckpoint([]byte(head.Checkpoint), vkey); err != nil {
		return report, err
	}
	last := int64(-1)
	for d.More() {
		var line excerptLine
		if err := d.Decode(&line); err != nil {
			return report, errNoExcerpt
		}
		e, err := report.verify(line)
		switch {
		case err != nil:
			return report, fmt.Errorf("entry %d: %w", line.Index, err)
		case line.Index <= last:
			return report, fmt.Errorf("entry %d is out of order", line.Index)
		}
		last = line.Index
		report.Entries++
		if each != nil {
			each(e)
		}
	}
	return report, endExcerpt(d)
}

var errNoExcerpt = errors.New("it is not an excerpt of a ledger")

func (report *ExcerptReport) verify(line excerptLine) (Entry, error) {
	var entry bytes.Buffer // a file that was indented is still the same
	if err := json.Compact(&entry, line.Entry); err != nil {
		return Entry{}, errNoExcerpt
	}
	path := make([]Hash, len(line.Path))
	for i, h := range line.Path {
		if len(h) != len(Hash{}) {
			return Entry{}, errNoExcerpt
		}
		path[i] = Hash(h)
	}
	if line.Index < 0 || line.Index >= report.Checkpoint.Size {
		return Entry{}, errors.New("the index is not of the log")
	}
	root, rest, err := climb(leafHash(entry.Bytes()), line.Index, report.Checkpoint.Size, path)
	if err != nil || len(rest) != 0 || root != report.Checkpoint.Root {
		return Entry{}, errors.New("it is not in the log at that index")
	}
	e, err := Parse(entry.Bytes())
	switch {
	case err != nil:
		return Entry{}, err
	case e.Seq != line.Index:
		return Entry{}, errors.New("it has another number")
	case e.Subject != report.Subject:
		return Entry{}, errors.New("it is about somebody else")
	}
	return e, nil
}

// readExcerptHead reads up to the first entry. The members must be in their order: a reader that has to
// hold entries until it knows the checkpoint could be made to hold any number of them.
func readExcerptHead(d *json.Decoder) (head excerptHead, err error) {
	if !token(d, json.Delim('{')) {
		return head, errNoExcerpt
	}
	for _, m := range []struct {
		name string
		into *string
	}{{"format", &head.Format}, {"subject", &head.Subject}, {"key", &head.Key}, {"checkpoint", &head.Checkpoint}} {
		if !token(d, m.name) || d.Decode(m.into) != nil {
			return head, errNoExcerpt
		}
	}
	if head.Format != excerptFormat || !token(d, "entries") || !token(d, json.Delim('[')) {
		return head, errNoExcerpt
	}
	return head, nil
}

func token(d *json.Decoder, want json.Token) bool {
	got, err := d.Token()
	return err == nil && got == want
}

func endExcerpt(d *json.Decoder) error {
	if !token(d, json.Delim(']')) || !token(d, json.Delim('}')) {
		return errNoExcerpt
	}
	if _, err := d.Token(); err != io.EOF {
		return errNoExcerpt
	}
	return nil
}
