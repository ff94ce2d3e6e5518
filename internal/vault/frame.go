package vault

import (
	"bufio"
	"encoding/binary"
	"io"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// A backup's plaintext is a sequence of frames: a type, a length, and that many bytes. Columns and
// tables are named, so that a backup of one engine restores into the other, and a later version
// with another column refuses rather than guesses.
const (
	frameTable = 'T' // name and columns of the rows that follow
	frameRow   = 'R'
	frameBlob  = 'B' // tenant and id of the blob whose bytes follow
	frameBytes = 'C'
	frameEnd   = 'E' // number of rows and blobs: the last frame
)

// maxFrame bounds what one frame makes a restore allocate, in bytes.
const maxFrame = 64 << 20

type frameWriter struct{ w *bufio.Writer }

func (f frameWriter) write(kind byte, body []byte) error {
	head := binary.AppendUvarint([]byte{kind}, uint64(len(body)))
	if _, err := f.w.Write(head); err != nil {
		return fault.As("vault.frame", fault.Unavailable, err)
	}
	_, err := f.w.Write(body)
	return fault.As("vault.frame", fault.Unavailable, err)
}

type frameReader struct{ r *bufio.Reader }

func (f frameReader) read() (kind byte, body []byte, err error) {
	const op = "vault.frame"
	if kind, err = f.r.ReadByte(); err != nil {
		return 0, nil, fault.As(op, fault.Invalid, err)
	}
	n, err := binary.ReadUvarint(f.r)
	if err != nil {
		return 0, nil, fault.As(op, fault.Invalid, err)
	}
	if n > maxFrame {
		return 0, nil, fault.New(op, fault.Invalid, "the backup is damaged")
	}
	body = make([]byte, n)
	if _, err := io.ReadFull(f.r, body); err != nil {
		return 0, nil, fault.As(op, fault.Invalid, err)
	}
	return kind, body, nil
}

// appendText appends a string with its length.
func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// encodeRow appends a row's values in the order of the columns.
func encodeRow(b []byte, columns []db.Column, values []any) []byte {
	for i, c := range columns {
		switch c.Type {
		case db.Text:
			b = appendText(b, *values[i].(*string))
		case db.Integer:
			b = binary.AppendVarint(b, *values[i].(*int64))
		case db.Bytes:
			v := *values[i].(*[]byte)
			b = append(binary.AppendUvarint(b, uint64(len(v))), v...)
		}
	}
	return b
}

func decodeRow(b []byte, columns []db.Column) ([]any, error) {
	broken := fault.New("vault.decodeRow", fault.Invalid, "the backup is damaged")
	values := make([]any, len(columns))
	for i, c := range columns {
		if c.Type == db.Integer {
			n, used := binary.Varint(b)
			if used <= 0 {
				return nil, broken
			}
			values[i], b = n, b[used:]
			continue
		}
		v, rest, ok := takeBytes(b)
		if !ok {
			return nil, broken
		}
		if values[i] = any(v); c.Type == db.Text {
			values[i] = string(v)
		}
		b = rest
	}
	if len(b) != 0 {
		return nil, broken
	}
	return values, nil
}

// slots returns pointers to scan a row of the columns into.
func slots(columns []db.Column) []any {
	dest := make([]any, len(columns))
	for i, c := range columns {
		switch c.Type {
		case db.Text:
			dest[i] = new(string)
		case db.Integer:
			dest[i] = new(int64)
		case db.Bytes:
			dest[i] = new([]byte)
		}
	}
	return dest
}

func columnNames(columns []db.Column) (list string) {
	for i, c := range columns {
		if i > 0 {
			list += ", "
		}
		list += c.Name
	}
	return list
}
