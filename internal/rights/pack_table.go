package rights

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// tables writes a table for spreadsheets of each data set of which there are records.
func (p *packing) tables(ctx context.Context) error {
	for i := range p.shapes {
		s := &p.shapes[i]
		if s.records == 0 {
			continue
		}
		err := p.member("data/"+s.id+".csv", zip.Deflate, func(w *bufio.Writer) error { return p.table(ctx, w, s) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) table(ctx context.Context, w *bufio.Writer, s *shape) error {
	row := []string{"record", "version", "created", "updated"}
	for _, c := range s.columns {
		row = append(row, inert(c.id))
	}
	return sheet(w, row, func(write func([]string) error) error {
		return p.whole.Records(ctx, s.id, func(r *vault.Record) error {
			fields, err := fieldsOf(r)
			if err != nil {
				return err
			}
			row = append(row[:0], r.ID, figure(r.Version), r.Created.Format(time.RFC3339), r.Updated.Format(time.RFC3339))
			for _, c := range s.columns {
				row = append(row, cell(s.id, r.ID, c.id, fields[c.id]))
			}
			return write(row)
		})
	})
}

// sheet writes a table for spreadsheets (RFC 4180): its head, and the rows that each gives.
func sheet(w *bufio.Writer, head []string, each func(write func(row []string) error) error) error {
	const op = "rights.sheet"
	out := csv.NewWriter(w)
	out.UseCRLF = true
	write := func(row []string) error { return fault.As(op, fault.Unavailable, out.Write(row)) }
	err := write(head)
	if err == nil {
		err = each(write)
	}
	out.Flush()
	if err == nil {
		err = fault.As(op, fault.Unavailable, out.Error())
	}
	return err
}

// cell is a value as a table shows it.
func cell(set, record, field string, value json.RawMessage) string {
	switch {
	case len(value) == 0:
		return ""
	case isBlob(value):
		var b blob
		if json.Unmarshal(value, &b) != nil {
			return ""
		}
		return b.place(set, record, field)
	case value[0] == '"':
		return inert(plain(value))
	}
	return string(value) // a number, true or false
}

// plain is a JSON string's text, and any other value as it is.
func plain(value json.RawMessage) string {
	var text string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// inert keeps a spreadsheet from taking a text for a formula, which could send the table to somebody
// (CSV injection): an apostrophe before it makes it text. Full-width signs count too, since some
// spreadsheets take them for the plain ones, and blanks before a sign do not hide it.
func inert(text string) string {
	start := strings.TrimLeftFunc(text, unicode.IsSpace)
	if start == "" {
		return text
	}
	first := []rune(start[:min(len(start), 4)])[0]
	if strings.ContainsRune("=+-@|%＝＋－＠", first) || text[0] == '\t' || text[0] == '\r' || text[0] == '\n' {
		return "'" + text
	}
	return text
}
