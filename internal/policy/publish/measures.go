package publish

import (
	"time"

	"clause.dev/clause/internal/policy"
)

// measuresTable lists what the policy promises for security, each figure as its control has it, with
// the clause that promises it.
func (w *writer) measuresTable() *table {
	t := &table{Caption: w.say("measures.caption"), Head: w.head("measure", "clauses"), Light: true}
	for _, m := range w.measures() {
		var clauses []words
		for _, id := range m.clauses {
			clauses = append(clauses, name(id).to("#"+id))
		}
		t.Groups = append(t.Groups, row("", one(m.said), one(w.and(clauses))))
	}
	return t.filled()
}

// measure is a security measure and the clauses that promise it.
type measure struct {
	said    words
	clauses []string
}

// measures are the security measures, each once.
func (w *writer) measures() []measure {
	var all []measure
	seen := map[string]int{}
	for _, c := range w.policy.Clauses {
		for _, k := range c.Keep {
			said := w.measure(k)
			if said == nil {
				continue
			}
			i, ok := seen[said.String()]
			if !ok {
				i = len(all)
				seen[said.String()], all = i, append(all, measure{said: said})
			}
			all[i].clauses = append(all[i].clauses, c.ID)
		}
	}
	return all
}

// measure says what a control does for security, nil if it is about something else.
func (w *writer) measure(k policy.Keep) words {
	if topics[k.Control] != security && k.Control != "session-cookie" {
		return nil
	}
	fill := slots{}
	for param, value := range k.Params {
		fill[param] = w.value(value)
	}
	return w.say("measure."+k.Control, fill)
}

// value is a parameter in words.
func (w *writer) value(v any) words {
	switch v := v.(type) {
	case string:
		return w.own(v)
	case int64:
		return figure64(v)
	case time.Duration:
		return w.span(v)
	case policy.Term:
		return w.term(v)
	case []string:
		var all []words
		for _, s := range v {
			all = append(all, w.called(s))
		}
		return w.and(all)
	}
	return nil
}

// called is an id's title if it is a data set's, and otherwise the word as it stands.
func (w *writer) called(s string) words {
	if d, ok := w.policy.DataSet(s); ok {
		return w.title(d.Title, d.Titles)
	}
	return w.own(s)
}
