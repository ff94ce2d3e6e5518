package publish

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// figure shows where data goes: the data sets, what each is used for, and who gets it.
type figure struct {
	Title, Description string
	Caption            words
	Views              []drawing // the same for wide and for narrow windows
}

// drawing is a figure laid out.
type drawing struct {
	Class         string
	Width, Height int
	Heads         []label
	Lines         []line
	Boxes         []box
}

type label struct {
	X, Y              int
	Text, Class, Lang string
}

type line struct{ Class, Path string }

type box struct {
	Class               string
	X, Y, Width, Height int
	Texts               []label
}

// node is a box before it is laid out.
type node struct {
	id, class string
	said      words
	below     words // in small letters under it
}

// flow is what the figure draws: three columns of nodes, and the lines between neighbours.
type flow struct {
	heads   [3]words
	columns [3][]node
	lines   []flowLine
}

type flowLine struct {
	from, to string // the first in column n, the second in n+1
	column   int
	class    string
}

// most is how many boxes a column can hold before nobody sees anything.
const most = 24

// figure draws the policy's flow of data, nil where it is too large for a figure.
func (w *writer) figure() *figure {
	f := w.flow()
	for _, column := range f.columns {
		if len(column) == 0 || len(column) > most {
			return nil
		}
	}
	return &figure{
		Title: w.say("figure.title").String(), Description: w.say("figure.description", slots{
			"data":       figure64(int64(len(f.columns[0]))),
			"purposes":   figure64(int64(len(f.columns[1]))),
			"recipients": w.recipientsInShort(),
		}).String(),
		Caption: w.say("figure.caption"),
		Views: []drawing{
			wide.draw(f, rightToLeft(w.lang)),
			narrow.draw(f, rightToLeft(w.lang)),
		},
	}
}

// flow gathers the nodes. Whoever hosts a language model is among those who get data, though no
// purpose says that it is given any.
func (w *writer) flow() flow {
	f := flow{heads: [3]words{w.say("data"), w.say("purpose"), w.say("recipient")}}
	for _, d := range w.policy.Data {
		f.columns[0] = append(f.columns[0], node{id: d.ID, said: w.title(d.Title, d.Titles)})
	}
	f.columns[2] = append(f.columns[2], node{id: "", class: "us", said: w.say("figure.stays", slots{"name": name(w.policy.Organisation.Name)})})
	host := hosts(w.policy)
	for _, r := range w.policy.Recipients {
		below := w.title(r.Does, r.Titles)
		if models := host[r.ID]; models != nil && r.Does == "" {
			below = w.say("hosts", slots{"model": name(models[0].Name)})
		}
		f.columns[2] = append(f.columns[2], node{id: r.ID, class: "others", said: name(r.Name), below: below})
	}
	for _, u := range w.policy.Purposes {
		f.columns[1] = append(f.columns[1], node{id: u.ID, class: string(u.Basis), said: w.title(u.Title, u.Titles), below: w.say("basis." + string(u.Basis))})
		for _, s := range u.Sees {
			f.lines = append(f.lines, flowLine{s.DataSet, u.ID, 0, string(u.Basis)})
		}
		if len(u.Recipients) == 0 {
			f.lines = append(f.lines, flowLine{u.ID, "", 1, "us"})
		}
		for _, r := range u.Recipients {
			f.lines = append(f.lines, flowLine{u.ID, r, 1, "others"})
		}
	}
	return f
}

// layout is how a drawing is measured, in the units of its view box.
type layout struct {
	class                    string
	width                    int
	column                   int // width of a box
	letter                   int // of text, its height; a letter is taken to be six tenths as wide
	most                     int // lines of a box
	lead, padding, gap, head int
}

var (
	wide   = layout{class: "wide", width: 960, column: 250, letter: 15, most: 3, lead: 20, padding: 10, gap: 14, head: 34}
	narrow = layout{class: "narrow", width: 340, column: 98, letter: 11, most: 5, lead: 14, padding: 6, gap: 8, head: 24}
)

// draw lays a flow out; mirrored for languages that are read from the right.
func (l layout) draw(f flow, mirrored bool) drawing {
	d := drawing{Class: l.class, Width: l.width}
	places := [3]map[string]box{}
	for i, column := range f.columns {
		places[i] = map[string]box{}
		y := l.head
		for _, n := range column {
			b := l.box(n, l.left(i, mirrored), y)
			places[i][n.id] = b
			y += b.Height + l.gap
		}
		d.Height = max(d.Height, y)
		d.Heads = append(d.Heads, label{X: l.left(i, mirrored) + l.column/2, Y: l.letter + 2, Text: f.heads[i].String()})
	}
	for i, column := range f.columns { // shorter columns stand in the middle
		last := places[i][column[len(column)-1].id]
		down := (d.Height - l.gap - last.Y - last.Height) / 2
		for _, n := range column {
			b := places[i][n.id].down(down)
			places[i][n.id] = b
			d.Boxes = append(d.Boxes, b)
		}
	}
	for _, line := range f.lines {
		from, ok := places[line.column][line.from]
		to, there := places[line.column+1][line.to]
		if ok && there {
			d.Lines = append(d.Lines, join(from, to, line.class, mirrored))
		}
	}
	return d
}

func (l layout) left(column int, mirrored bool) int {
	if mirrored {
		column = 2 - column
	}
	return 1 + column*(l.width-2-l.column)/2
}

func (l layout) box(n node, x, y int) box {
	b := box{Class: n.class, X: x, Y: y, Width: l.column}
	at := y + l.padding + l.letter - 1
	for _, part := range []struct {
		said  words
		class string
	}{{n.said, ""}, {n.below, "below"}} {
		for _, text := range l.wrap(part.said.String()) {
			b.Texts = append(b.Texts, label{X: x + l.column/2, Y: at, Text: text, Class: part.class, Lang: part.said.lang()})
			at += l.lead
		}
	}
	b.Height = at - l.lead - y + l.letter - 2 + l.padding - l.letter/2
	return b
}

// lang is the language of the words, where it is one and not the document's.
func (w words) lang() string {
	if len(w) == 1 {
		return w[0].Lang
	}
	return ""
}

func (b box) down(by int) box {
	b.Y += by
	texts := make([]label, len(b.Texts))
	for i, t := range b.Texts {
		t.Y += by
		texts[i] = t
	}
	b.Texts = texts
	return b
}

// wrap breaks a text into the lines that a box holds; what does not fit is cut off visibly.
func (l layout) wrap(s string) []string {
	room := (l.column - l.padding) * 10 / (l.letter * 6)
	var lines []string
	for _, word := range strings.Fields(s) {
		last := len(lines) - 1
		switch n := utf8.RuneCountInString(word); {
		case last >= 0 && utf8.RuneCountInString(lines[last])+1+n <= room:
			lines[last] += " " + word
		case n > room:
			lines = append(lines, string([]rune(word)[:room-1])+"…")
		default:
			lines = append(lines, word)
		}
	}
	if len(lines) > l.most {
		cut := []rune(lines[l.most-1])
		lines = append(lines[:l.most-1], string(cut[:min(len(cut), room-1)])+"…")
	}
	return lines
}

// join draws the line between two boxes.
func join(from, to box, class string, mirrored bool) line {
	x, end := from.X+from.Width, to.X
	if mirrored {
		x, end = from.X, to.X+to.Width
	}
	y, down, middle := from.Y+from.Height/2, to.Y+to.Height/2, (x+end)/2
	return line{class, fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, y, middle, y, middle, down, end, down)}
}

// hosts are the recipients that host a language model.
func hosts(p *policy.Policy) map[string][]policy.Model {
	all := map[string][]policy.Model{}
	for _, m := range p.Models {
		if m.Recipient != "" {
			all[m.Recipient] = append(all[m.Recipient], m)
		}
	}
	return all
}
