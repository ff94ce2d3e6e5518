package rights

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"html/template"
	"strconv"

	"clause.dev/clause/internal/fault"
)

// connectedOf is what a package says of another system.
type connectedOf struct {
	System  string `json:"system"`
	Rows    int    `json:"rows"`
	Missing string `json:"not_included,omitempty"` // why staff left it out
}

// connected are the other systems that hold data of the person.
func (p *packing) connected() (all []connectedOf) {
	if p.spool == nil {
		return nil
	}
	for _, id := range p.spool.systems() {
		of := connectedOf{System: id, Missing: p.spool.settled(id)}
		if f := p.spool.of(id); f != nil {
			for _, n := range f.rows {
				of.Rows += n
			}
		}
		all = append(all, of)
	}
	return all
}

// connectedData writes the rows of other systems into data.json.
func (p *packing) connectedData(w *bufio.Writer) error {
	if p.spool == nil {
		return nil
	}
	w.WriteString(`,"connected":{`)
	for i, of := range p.connected() {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString("\n" + strconv.Quote(of.System) + `: [`)
		if f := p.spool.of(of.System); f != nil {
			n := 0
			err := f.each(func(r *outsideRow) error {
				text, err := json.Marshal(r)
				if err != nil {
					return fault.As("rights.connectedData", fault.Other, err)
				}
				if n++; n > 1 {
					w.WriteByte(',')
				}
				w.WriteByte('\n')
				w.Write(text)
				return nil
			})
			if err != nil {
				return err
			}
		}
		w.WriteString("]")
	}
	w.WriteString("\n}")
	return nil
}

// connectedTables writes a table for each data set of each other system.
func (p *packing) connectedTables(context.Context) error {
	for _, of := range p.connected() {
		f := p.spool.of(of.System)
		if f == nil {
			continue
		}
		for _, set := range f.sets {
			name := "connected/" + of.System + "/" + set + ".csv"
			if err := p.member(name, zip.Deflate, func(w *bufio.Writer) error { return p.connectedTable(w, f, set) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// columnsOf are the fields of a data set, which is all that a row of another system can hold.
func (p *packing) columnsOf(set string) (all []column) {
	if declared, ok := p.desk.Policy.DataSet(set); ok {
		for i := range declared.Fields {
			all = append(all, column{declared.Fields[i].ID, &declared.Fields[i]})
		}
	}
	return all
}

func (p *packing) connectedTable(w *bufio.Writer, f *spooled, set string) error {
	columns := p.columnsOf(set)
	row := []string{"table", "key"}
	for _, c := range columns {
		row = append(row, inert(c.id))
	}
	return sheet(w, row, func(write func([]string) error) error {
		return f.each(func(r *outsideRow) error {
			if r.Data != set {
				return nil
			}
			row = append(row[:0], inert(r.Table), inert(r.Key))
			for _, c := range columns {
				row = append(row, outsideCell(r.Fields[c.id]))
			}
			return write(row)
		})
	})
}

// outsideCell is a value of another system as a table shows it: what is no plain value there is shown as JSON.
func outsideCell(value json.RawMessage) string {
	if len(value) == 0 || string(value) == "null" {
		return ""
	}
	return inert(plain(value))
}

// connectedSection shows another system on the page.
func (p *packing) connectedSection(w *bufio.Writer, shapes *template.Template, of connectedOf) error {
	const op = "rights.connectedSection"
	head := struct {
		Title, Count, Record, Updated string
		Columns                       []string
	}{Title: p.words.say("system", "what", of.System), Count: p.counted(of.Rows)}
	if of.Missing != "" {
		head.Count = p.words.say("system-missing", "why", of.Missing)
	}
	if err := shapes.ExecuteTemplate(w, "set", head); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	f := p.spool.of(of.System)
	if f == nil {
		return nil
	}
	for _, set := range f.sets {
		head.Title, head.Count, head.Record, head.Columns = set, p.counted(f.rows[set]), p.words.say("record"), nil
		if declared, ok := p.desk.Policy.DataSet(set); ok {
			head.Title = title(p.language(), declared.Title, declared.Titles)
		}
		columns := p.columnsOf(set)
		for _, c := range columns {
			head.Columns = append(head.Columns, title(p.language(), c.field.Title, c.field.Titles))
		}
		if err := shapes.ExecuteTemplate(w, "outside", head); err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
		err := f.each(func(r *outsideRow) error {
			if r.Data == set {
				p.outsideRow(w, r, columns)
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.WriteString("</tbody></table></div>\n")
	}
	return nil
}

func (p *packing) outsideRow(w *bufio.Writer, r *outsideRow, columns []column) {
	w.WriteString(`<tr><td class="id">`)
	template.HTMLEscape(w, []byte(r.Key))
	w.WriteString("</td>")
	for _, c := range columns {
		w.WriteString(`<td dir="auto">`)
		switch value := string(r.Fields[c.id]); value {
		case "", "null":
		case "true":
			w.WriteString(p.words.say("yes"))
		case "false":
			w.WriteString(p.words.say("no"))
		default:
			template.HTMLEscape(w, []byte(plain(r.Fields[c.id])))
		}
		w.WriteString("</td>")
	}
	w.WriteString("</tr>\n")
}
