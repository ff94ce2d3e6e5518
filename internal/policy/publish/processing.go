package publish

import (
	"bytes"
	"encoding/csv"
	"strings"

	"clause.dev/clause/internal/policy"
)

// processingRecord is the record of processing activities: GDPR art. 30(1) of a controller, art. 30(2)
// of a processor.
func (w *writer) processingRecord() *paper {
	p := w.paper("record." + w.policy.Organisation.Role)
	p.add("Contact", w.say("contact"), block{Facts: w.contacts()})
	if w.policy.Organisation.Role == "processor" {
		p.add("Controllers", w.say("controllers"), block{Text: w.say("controllers.text")})
	}
	for i := range w.policy.Purposes {
		u := &w.policy.Purposes[i]
		p.add("purpose."+u.ID, w.title(u.Title, u.Titles), block{Facts: w.activity(u)})
	}
	p.add("Recipients", w.say("who"), w.recipients()...)
	p.add("Models", w.say("models"), w.models()...)
	p.add("Measures", w.say("measures"), block{List: w.measureList()})
	return p
}

// activity is what art. 30 wants recorded of one purpose.
func (w *writer) activity(u *policy.Purpose) []fact {
	return facts(
		fact{w.say("basis"), w.basis(u)}, fact{w.say("subjects"), w.subjectsOf(u)}, fact{w.say("record.data"), w.dataOf(u)},
		w.about("recipient", w.recipientsOf(u)), fact{w.say("transfers"), w.transfersOf(u)}, fact{w.say("record.limits"), w.limitsOf(u)},
	)
}

func (w *writer) subjectsOf(u *policy.Purpose) []words {
	var all []words
	for _, s := range u.Sees {
		if d, ok := w.policy.DataSet(s.DataSet); ok {
			all = append(all, w.subject(d))
		}
	}
	if all = distinct(all); len(all) > 0 {
		return all
	}
	return []words{w.say("subjects.unnamed")}
}

func (w *writer) dataOf(u *policy.Purpose) []words {
	var all []words
	for _, s := range u.Sees {
		if d, ok := w.policy.DataSet(s.DataSet); ok {
			all = append(all, w.say("record.set", slots{"category": w.category(d.Category), "set": w.title(d.Title, d.Titles), "fields": w.fields(d, s.Fields)}))
		}
	}
	return all
}

// transfersOf are a purpose's transfers to countries other than those where data is stored.
func (w *writer) transfersOf(u *policy.Purpose) []words {
	var all []words
	for _, id := range u.Recipients {
		r, ok := w.policy.Recipient(id)
		if !ok {
			continue
		}
		if abroad := w.abroad(*r); len(abroad) > 0 {
			key := "transfer"
			if r.Safeguard == "" {
				key = "transfer.none"
			}
			all = append(all, w.say(key, slots{"recipient": name(r.Name), "countries": w.and(abroad), "safeguard": w.safeguard(*r)}))
		}
	}
	if all == nil {
		return []words{w.none()}
	}
	return all
}

func (w *writer) limitsOf(u *policy.Purpose) []words {
	var all []words
	for _, s := range u.Sees {
		if d, ok := w.policy.DataSet(s.DataSet); ok {
			all = append(all, w.say("record.limit", slots{"set": w.title(d.Title, d.Titles), "period": w.kept(d)}))
		}
	}
	return all
}

// measureList is the description of security measures: GDPR art. 32(1).
func (w *writer) measureList() []words {
	var all []words
	for _, m := range w.measures() {
		all = append(all, append(m.said, w.say("bracket", slots{"text": name(strings.Join(m.clauses, ", "))})...))
	}
	if all == nil {
		return []words{w.none()}
	}
	return all
}

// distinct drops what was said before, and what says nothing.
func distinct(all []words) []words {
	var out []words
	seen := map[string]bool{"": true}
	for _, a := range all {
		if !seen[a.String()] {
			seen[a.String()] = true
			out = append(out, a)
		}
	}
	return out
}

// processingRows is the record as rows, one for each purpose.
func (w *writer) processingRows() *[][]string {
	var contacts []string
	for _, f := range w.contacts() {
		contacts = append(contacts, f.Term.String()+": "+together(f.Means))
	}
	head := w.head("contact", "purpose", "basis", "subjects", "record.data", "recipient", "transfers", "record.limits", "measures")
	all := [][]string{nil}
	for _, h := range head {
		all[0] = append(all[0], h.String())
	}
	for i := range w.policy.Purposes {
		u := &w.policy.Purposes[i]
		all = append(all, []string{
			strings.Join(contacts, "; "), w.title(u.Title, u.Titles).String(), together(w.basis(u)), together(w.subjectsOf(u)), together(w.dataOf(u)),
			w.recipientsOf(u).String(), together(w.transfersOf(u)), together(w.limitsOf(u)), together(w.measureList()),
		})
	}
	return &all
}

func together(all []words) string {
	var parts []string
	for _, a := range all {
		parts = append(parts, a.String())
	}
	return strings.Join(parts, "; ")
}

// byteOrderMark tells spreadsheets that a file is UTF-8: without it they read Arabic as Latin letters.
const byteOrderMark = "\ufeff"

// csvOf writes rows as RFC 4180 has them.
func csvOf(rows *[][]string) ([]byte, error) {
	b := bytes.NewBufferString(byteOrderMark)
	out := csv.NewWriter(b)
	out.UseCRLF = true
	for _, r := range *rows {
		safe := make([]string, len(r))
		for i, cell := range r {
			safe[i] = inert(cell)
		}
		if err := out.Write(safe); err != nil {
			return nil, err
		}
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

// inert is a cell that no spreadsheet takes for a formula: those begin with =, +, - or @, and a tab or
// a return before it is skipped (OWASP, CSV injection). An apostrophe before it makes it text.
func inert(cell string) string {
	if s := strings.TrimLeft(cell, " \t\r\n"); s != "" && strings.ContainsAny(s[:1], "=+-@") || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
		return "'" + cell
	}
	return cell
}
