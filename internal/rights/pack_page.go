package rights

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

//go:embed page.html
var pageFile string

//go:embed page.css
var pageStyle string

// page is index.html: what the templates show of an account.
type page struct {
	account
	words
	Request string
	Day     string
	Style   template.CSS
	// Rules let the page use its own style and nothing else: values in it came from outside.
	Rules string
	Said  []string
}

// Say, Basis, Right, Names and Sets are the phrases that the templates ask for.
func (p *page) Say(key string, fill ...string) string { return p.say(key, fill...) }

// Basis says what a purpose rests on.
func (p *page) Basis(b policy.Basis) string { return p.say("basis." + string(b)) }

// Right says what a right is called.
func (p *page) Right(r Right) string { return p.say("right." + string(r)) }

// Names are those of recipients.
func (p *page) Names(ids []string) string {
	var names []string
	for _, id := range ids {
		for i := range p.account.Recipients {
			if r := &p.account.Recipients[i]; r.ID == id {
				names = append(names, r.Name)
			}
		}
	}
	if len(names) == 0 {
		return p.say("nobody")
	}
	return p.joined(names)
}

// Sets are the titles of the data that a purpose sees.
func (p *page) Sets(of purposeOf) string {
	var titles []string
	for _, id := range of.sets {
		for i := range p.account.Data {
			if d := &p.account.Data[i]; d.ID == id {
				titles = append(titles, d.Title)
			}
		}
	}
	return p.joined(titles)
}

func (p *page) joined(all []string) string {
	comma := ", "
	if p.Language == "ar" {
		comma = "، "
	}
	return strings.Join(all, comma)
}

// stated says what the person has consented or objected to.
func (p *page) stated(key string, ids []string) string {
	if len(ids) == 0 {
		return p.say("no-" + key)
	}
	titles := make([]string, len(ids))
	for i, id := range ids {
		titles[i] = id
		for j := range p.Purposes {
			if p.Purposes[j].ID == id {
				titles[i] = p.Purposes[j].Title
			}
		}
	}
	return p.say(key, "what", p.joined(titles))
}

// said is where the person stands.
func (p *page) said(w *vault.Whole) []string {
	all := []string{p.stated("consents", w.Consents), p.stated("objections", w.Objections)}
	if len(w.OptOuts) > 0 {
		names := slices.Clone(w.OptOuts)
		for i := range p.Recipients { // what the policy does not name, or not yet, goes by its id
			if at := slices.Index(names, p.Recipients[i].ID); at >= 0 {
				names[at] = p.Recipients[i].Name
			}
		}
		all = append(all, p.say("opt-outs", "what", p.joined(names)))
	}
	if w.Electronic {
		all = append(all, p.say("electronic"))
	}
	if w.Restricted {
		return append(all, p.say("restricted"))
	}
	return append(all, p.say("not-restricted"))
}

// page writes index.html: all of it, to read.
func (p *packing) page(ctx context.Context) error {
	const op = "rights.page"
	shapes, err := template.New("page").Parse(pageFile)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	sum := sha256.Sum256([]byte(pageStyle))
	shown := &page{
		account: p.account(), words: p.words, Request: p.request.ID, Day: p.made.In(p.desk.Clocks.Zone).Format(time.DateOnly), Style: template.CSS(pageStyle), // embedded, ours
		Rules: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
	}
	shown.Said = shown.said(p.whole)
	return p.member("index.html", zip.Deflate, func(w *bufio.Writer) error {
		if err := shapes.ExecuteTemplate(w, "head", shown); err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
		for i := range p.shapes {
			if err := p.section(ctx, w, shapes, &p.shapes[i]); err != nil {
				return err
			}
		}
		for _, of := range p.connected() {
			if err := p.connectedSection(w, shapes, of); err != nil {
				return err
			}
		}
		if err := shapes.ExecuteTemplate(w, "service", shown); err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
		for i := range p.parts {
			if err := p.partSection(ctx, w, shapes, &p.parts[i]); err != nil {
				return err
			}
		}
		return fault.As(op, fault.Unavailable, shapes.ExecuteTemplate(w, "foot", shown))
	})
}

// section shows a data set.
func (p *packing) section(ctx context.Context, w *bufio.Writer, shapes *template.Template, s *shape) error {
	of := p.dataOf(s, p.language())
	head := struct {
		Title, Count, Record, Updated string
		Columns                       []string
	}{Title: of.Title, Count: p.counted(s.records), Record: p.words.say("record"), Updated: p.words.say("updated")}
	if s.records > 0 {
		for _, c := range s.columns {
			name := c.id
			if c.field != nil {
				name = title(p.language(), c.field.Title, c.field.Titles)
			}
			head.Columns = append(head.Columns, name)
		}
	}
	if err := shapes.ExecuteTemplate(w, "set", head); err != nil || s.records == 0 {
		return fault.As("rights.section", fault.Unavailable, err)
	}
	err := p.whole.Records(ctx, s.id, func(r *vault.Record) error { return p.row(w, s, r) })
	w.WriteString("</tbody></table></div>\n")
	return err
}

func (p *packing) counted(n int) string {
	switch n {
	case 0:
		return p.words.say("none")
	case 1:
		return p.words.say("records.one", "n", "1")
	}
	return p.words.say("records", "n", strconv.Itoa(n))
}

// row shows a record. It escapes by itself: a template takes ten times as long, for the same outcome.
func (p *packing) row(w *bufio.Writer, s *shape, r *vault.Record) error {
	fields, err := fieldsOf(r)
	if err != nil {
		return err
	}
	w.WriteString(`<tr><td class="id">`)
	template.HTMLEscape(w, []byte(r.ID))
	w.WriteString("</td>")
	for _, c := range s.columns {
		w.WriteString(`<td dir="auto">`)
		p.value(w, s.id, r.ID, c.id, fields[c.id])
		w.WriteString("</td>")
	}
	w.WriteString("<td>" + r.Updated.In(p.desk.Clocks.Zone).Format(time.DateTime) + "</td></tr>\n")
	return nil
}

func (p *packing) value(w *bufio.Writer, set, record, field string, value json.RawMessage) {
	switch {
	case len(value) == 0:
	case isBlob(value):
		var b blob
		if json.Unmarshal(value, &b) != nil {
			return
		}
		w.WriteString(`<a href="`)
		template.HTMLEscape(w, []byte(b.place(set, record, field)))
		w.WriteString(`">`)
		template.HTMLEscape(w, []byte(p.words.say("bytes", "n", figure(b.Size))))
		w.WriteString("</a>")
	case string(value) == "true":
		w.WriteString(p.words.say("yes"))
	case string(value) == "false":
		w.WriteString(p.words.say("no"))
	default:
		template.HTMLEscape(w, []byte(plain(value)))
	}
}

func figure(n int64) string { return strconv.FormatInt(n, 10) }
