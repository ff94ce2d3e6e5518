package publish

import "slices"

// paper is a document that people read, before it is HTML, Markdown or plain text. Its ids hold a dot
// or a capital, which no id of a policy does, so that a clause's anchor is its id.
type paper struct {
	Lang   string
	Of     words // who publishes it
	Title  words
	Lead   words
	Facts  []fact // version, day it takes effect…
	Parts  []part
	Turn   int // how many of the parts hold promises, before those that hold figures; 0 where all are alike
	Labels labels
}

// First are the parts up to the turn, Second those after it.
func (p *paper) First() []part  { return p.Parts[:p.Turn] }
func (p *paper) Second() []part { return p.Parts[p.Turn:] }

// Dir is the direction in which the paper is written.
func (p *paper) Dir() string { return direction(p.Lang) }

// labels are what the page itself says.
type labels struct{ Contents, Promises, Figures, Skip words }

// part is a part of a paper under a heading.
type part struct {
	ID     string
	Title  words
	Blocks []block
}

// block is one thing that a part shows; all but one of its fields are empty.
type block struct {
	Text   words
	Note   words // a text that stands out
	List   []words
	Facts  []fact
	Cards  []card
	Table  *table
	Clause *entry
	Figure *figure
}

// fact is a term and what it means: Contact, and where.
type fact struct {
	Term  words
	Means []words
}

// card is a question answered in short.
type card struct {
	ID     string
	Title  words
	Answer words
	More   []words
}

// table is a table, its rows in groups that have a cell in common.
type table struct {
	Caption words
	Head    []words
	Groups  []rows
	Light   bool // the first cells are no names of the rows
}

// rows are the rows of a table that belong together: the cells that Shared holds are of all of them,
// and stand before those of their own.
type rows struct {
	ID     string
	Shared []cell
	Own    [][]cell
}

// Height is how many rows the shared cells span.
func (r rows) Height() int { return max(1, len(r.Own)) }

// cell is a cell of a table, in lines. The first of a group names it.
type cell []words

// entry is a clause.
type entry struct {
	ID    string
	Lang  string // of its text, where that is not the paper's
	Paras []words
	Note  words // where it is there in another language only
	Marks []words
}

// Dir is the direction in which the clause is written.
func (e *entry) Dir() string { return direction(e.Lang) }

// row is a table's row with nothing in common with others.
func row(id string, cells ...cell) rows {
	return rows{ID: id, Shared: cells[:1], Own: [][]cell{cells[1:]}}
}

func one(w words) cell { return cell{w} }

// lines is a cell of the lines that say something.
func lines(all ...words) cell {
	return slices.DeleteFunc(cell(all), func(w words) bool { return len(w) == 0 })
}

// none stands in a cell where there is nothing.
func (w *writer) none() words { return w.say("none") }

// orNone is the words, or that there are none.
func (w *writer) orNone(said words) words {
	if len(said) == 0 {
		return w.none()
	}
	return said
}

// add appends a part, unless it shows nothing.
func (p *paper) add(id string, title words, blocks ...block) {
	blocks = slices.DeleteFunc(blocks, func(b block) bool {
		return b.Text == nil && b.Note == nil && b.List == nil && b.Facts == nil && b.Cards == nil && b.Table == nil && b.Clause == nil && b.Figure == nil
	})
	if len(blocks) > 0 {
		p.Parts = append(p.Parts, part{id, title, blocks})
	}
}

// fact appends a fact that says something.
func facts(all ...fact) []fact {
	return slices.DeleteFunc(all, func(f fact) bool { return len(f.Means) == 0 })
}

// about is a fact of one value, or of none.
func (w *writer) about(key string, value words) fact {
	f := fact{Term: w.say(key)}
	if len(value) > 0 {
		f.Means = []words{value}
	}
	return f
}
