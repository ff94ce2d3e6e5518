package rights

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"html/template"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// partOf is what a package says of a part.
type partOf struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Kept  string `json:"kept"`
	Rows  int    `json:"rows"`
	part  *Part
	shown []partColumn // that any row fills: the page leaves the others out
}

// rows calls fn with each row of a part, a page at a time, each as the store is then. It ends with Erased when the
// person is erased meanwhile.
func (p *packing) rows(ctx context.Context, part *Part, fn func(row json.RawMessage) error) error {
	const op = "rights.rows"
	subject := p.request.Subject
	for after := ""; ; {
		var page []json.RawMessage
		var next string
		err := p.desk.Vault.DB.Read(ctx, p.tenant, func(tx *db.Tx) error {
			_, err := p.desk.Vault.DataSubject(tx, subject)
			if err == nil {
				page, next, err = part.read(tx, subject, after)
			}
			return err
		})
		if err != nil {
			return fault.Wrap(op, err)
		}
		for _, row := range page {
			if err := fn(row); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		after = next
	}
}

// partsData writes the parts into data.json, and learns how much there is of each.
func (p *packing) partsData(ctx context.Context, w *bufio.Writer) error {
	w.WriteString(`,"service":{`)
	all := p.desk.parts()
	for i := range all {
		of := partOf{ID: all[i].id, Title: p.words.say("part." + all[i].id), Kept: p.words["kept."+all[i].id], part: &all[i]}
		if of.Kept == "" {
			of.Kept = p.words.say("while-active")
		}
		if i > 0 {
			w.WriteByte(',')
		}
		filled := map[string]bool{}
		w.WriteString("\n" + strconv.Quote(of.ID) + ": [")
		err := p.rows(ctx, of.part, func(row json.RawMessage) error {
			if of.Rows++; of.Rows > 1 {
				w.WriteByte(',')
			}
			w.WriteByte('\n')
			w.Write(row)
			fields, err := cellsOf(row)
			for name := range fields {
				filled[name] = true
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range of.part.columns {
			if filled[c.id] {
				of.shown = append(of.shown, c)
			}
		}
		w.WriteString("]")
		p.parts = append(p.parts, of)
	}
	w.WriteString("\n}")
	return nil
}

// partTables writes a table of each part of which there are rows.
func (p *packing) partTables(ctx context.Context) error {
	for i := range p.parts {
		of := &p.parts[i]
		if of.Rows == 0 {
			continue
		}
		if err := p.member("service/"+of.ID+".csv", zip.Deflate, func(w *bufio.Writer) error { return p.partTable(ctx, w, of.part) }); err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) partTable(ctx context.Context, w *bufio.Writer, part *Part) error {
	var cells []string
	for _, c := range part.columns {
		cells = append(cells, c.id)
	}
	return sheet(w, cells, func(write func([]string) error) error {
		return p.rows(ctx, part, func(row json.RawMessage) error {
			fields, err := cellsOf(row)
			if err != nil {
				return err
			}
			for i, c := range part.columns {
				cells[i] = inert(p.partCell(fields[c.id]))
			}
			return write(cells)
		})
	})
}

func cellsOf(row json.RawMessage) (fields map[string]json.RawMessage, err error) {
	return fields, fault.As("rights.cellsOf", fault.Other, json.Unmarshal(row, &fields))
}

// partCell is a value in one line: a list of texts with commas, and what is larger by where it is.
func (p *packing) partCell(value json.RawMessage) string {
	var texts []string
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case json.Unmarshal(value, &texts) == nil:
		return strings.Join(texts, ", ")
	case value[0] == '{' && len(value) > maxCell:
		return p.words.say("see-data")
	}
	return plain(value)
}

// maxCell is how long a value that is itself made of values may be in a table, in bytes.
const maxCell = 1 << 10

// partSection shows a part on the page.
func (p *packing) partSection(ctx context.Context, w *bufio.Writer, shapes *template.Template, of *partOf) error {
	head := struct {
		Title, Count string
		Columns      []string
	}{Title: of.Title, Count: p.counted(of.Rows)}
	for _, c := range of.shown {
		head.Columns = append(head.Columns, p.words.say("col."+c.id))
	}
	if err := shapes.ExecuteTemplate(w, "part", head); err != nil || of.Rows == 0 {
		return fault.As("rights.partSection", fault.Unavailable, err)
	}
	err := p.rows(ctx, of.part, func(row json.RawMessage) error { return p.partRow(w, of.shown, row) })
	w.WriteString("</tbody></table></div>\n")
	return err
}

func (p *packing) partRow(w *bufio.Writer, shown []partColumn, row json.RawMessage) error {
	fields, err := cellsOf(row)
	if err != nil {
		return err
	}
	w.WriteString("<tr>")
	for _, c := range shown {
		w.WriteString(`<td dir="auto">`)
		switch text := p.partCell(fields[c.id]); {
		case text == "true" && fields[c.id][0] == 't':
			w.WriteString(p.words.say("yes"))
		case text == "false" && fields[c.id][0] == 'f':
			w.WriteString(p.words.say("no"))
		case c.moment:
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				w.WriteString(at.In(p.desk.Clocks.Zone).Format(time.DateTime))
			}
		default:
			template.HTMLEscape(w, []byte(text))
		}
		w.WriteString("</td>")
	}
	w.WriteString("</tr>\n")
	return nil
}
