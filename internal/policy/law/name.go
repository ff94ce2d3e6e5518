package law

import (
	"slices"
	"sync"
)

// named is what a name in a text stands for.
type named struct {
	law   *Law // nil: a law that only looks like one of ours
	short bool // counts only where a policy names the law
}

// names are the names of all laws.
var names = sync.OnceValue(func() phrases[named] {
	p := phrases[named]{}
	for _, l := range All() {
		for _, n := range l.Names {
			p.add(n, named{law: l})
		}
		for _, n := range l.Abbreviations {
			p.add(n, named{law: l, short: true})
		}
		for _, n := range l.Others {
			p.add(n, named{})
		}
	}
	return p
})

// Of returns the law that a policy names by its citation or title, such as "Regulation (EU) 2016/679".
func Of(citation string) (*Law, bool) {
	tokens := Tokens(citation)
	var found *Law
	for i := 0; i < len(tokens); i++ {
		n, next := names().at(tokens, i, nil)
		switch {
		case next == i || n.short:
			continue
		case n.law == nil:
			return nil, false
		case found == nil || n.law.Under == found.ID:
			found = n.law
		}
		i = next - 1
	}
	return found, found != nil
}

// NameAt returns the law whose name begins with the i-th token of a text, and the index after the
// name, which is i where none begins. The law is nil where the name is of a law there is no file
// of. A name that others are called by too, such as PDPL, stands for one of the laws in hand, those
// that a policy names, and otherwise for one there is no file of.
func NameAt(tokens []Token, i int, hand []*Law) (l *Law, next int) {
	var all []named
	_, next = names().at(tokens, i, func(n named) { all = append(all, n) })
	for _, n := range all {
		if !n.short || slices.Contains(hand, n.law) {
			return n.law, next
		}
	}
	return nil, next
}
