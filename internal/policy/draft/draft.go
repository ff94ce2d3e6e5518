// Package draft turns the prose that a company publishes into the skeleton of a policy: every
// sentence is classed, every promise gets the controls that could keep it, with the figures that
// the sentence holds. It knows rules and tables of words, and no more: what it cannot place it
// says so, and nothing is left out of its account.
package draft

import (
	"fmt"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// Class is what a sentence is.
type Class string

// The classes.
const (
	Promise     Class = "promise"     // can be kept or broken
	Description Class = "description" // says what is so
	Boilerplate Class = "boilerplate" // introduces, defines, disclaims
	Unread      Class = "unread"      // in a language that the rules do not know
)

// Backups stands among the controls where a sentence says how long backups are kept: no control
// keeps that, the schedule of the policy's backups does.
const Backups = "backups"

// Proposal is a control that could keep a promise.
type Proposal struct {
	Control string   `json:"control"`
	Rule    string   `json:"rule"` // the rule that proposed it
	Params  []Param  `json:"params"`
	Notes   []string `json:"notes,omitempty"` // where the control and the sentence differ
}

// Param is a parameter of a proposed control.
type Param struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`  // as a policy has it: string, int, bool or []string
	Stated bool   `json:"stated"` // read from the text; otherwise a default to be looked at
}

// Sentence is one sentence of the text, or one row of a table, with what was made of it.
type Sentence struct {
	Line      int        `json:"line"`   // of the input, from 1
	Offset    int        `json:"offset"` // of the text as UTF-8 with plain line ends, in bytes
	Section   string     `json:"section"`
	Lead      string     `json:"lead,omitempty"` // what introduces the list or table it stands in
	Text      string     `json:"text"`
	Class     Class      `json:"class"`
	Rule      string     `json:"rule"` // why it is of this class
	Clause    string     `json:"clause,omitempty"`
	Proposals []Proposal `json:"proposals,omitempty"`

	continues bool // it stands in the clause of the sentence before it
}

// Whole returns the sentence with what introduces it.
func (s *Sentence) Whole() string {
	if s.Lead == "" {
		return s.Text
	}
	return s.Lead + " " + s.Text
}

// Placed reports whether a control was proposed.
func (s *Sentence) Placed() bool { return len(s.Proposals) > 0 }

// Draft is what was made of a text.
type Draft struct {
	Name      string     `json:"name"`
	Format    Format     `json:"format"`
	Encoding  string     `json:"encoding"`
	Headings  int        `json:"headings"`
	Notes     []string   `json:"notes"`     // what whoever reads the account has to know
	Conflicts []string   `json:"conflicts"` // what no policy can hold at once
	Sentences []Sentence `json:"sentences"`

	controls policy.Vocabulary
	on       time.Time
	yaml     string
}

// Read makes a draft of a text. The name is for messages and, by its ending, a hint of the format;
// the day stands in for dates that the text does not state. The error is Invalid where it is no
// text, TooLarge where there is too much of it.
func Read(name string, src []byte, controls policy.Vocabulary, on time.Time) (*Draft, error) {
	in, err := open(name, src)
	if err != nil {
		return nil, err
	}
	d := &Draft{Name: clip(strings.Join(strings.Fields(visible(strings.ToValidUTF8(name, "�"))), " "), 200), Format: in.format, Encoding: in.encoding, Notes: append([]string{}, in.notes...), Conflicts: []string{}, controls: controls, on: on}
	doc := in.blocks()
	d.Sentences, d.Headings, err = sentences(in, doc)
	if err != nil {
		return nil, err
	}
	if len(d.Sentences) == 0 {
		return nil, empty(name)
	}
	r := reading{rules: rules(), words: map[string][]uint64{}}
	for i := range d.Sentences {
		d.Sentences[i].class(&r)
	}
	d.answers()
	if strings.Contains(in.text, "\nclauses:") && strings.Contains(in.text, "\norganisation:") {
		d.note("%s seems to be a policy already, not prose: clause check reads those.", d.Name)
	}
	d.noteLanguages()
	return d, d.write(doc.title)
}

// YAML returns the policy skeleton. It parses as a policy.
func (d *Draft) YAML() string { return d.yaml }

// Count is how many sentences there are of a class.
func (d *Draft) Count(c Class) int {
	n := 0
	for i := range d.Sentences {
		if d.Sentences[i].Class == c {
			n++
		}
	}
	return n
}

// placed is how many promises have a control.
func (d *Draft) placed() int {
	n := 0
	for i := range d.Sentences {
		if d.Sentences[i].Class == Promise && d.Sentences[i].Placed() {
			n++
		}
	}
	return n
}

// Coverage accounts for every sentence in one line.
func (d *Draft) Coverage() string {
	promises, placed := d.Count(Promise), d.placed()
	line := fmt.Sprintf("%s: %s (%d placed, %d not), %s, %d boilerplate", count(len(d.Sentences), "sentence"),
		count(promises, "promise"), placed, promises-placed, count(d.Count(Description), "description"), d.Count(Boilerplate))
	if n := d.Count(Unread); n > 0 {
		line += fmt.Sprintf(", %d not read (no rules for the language)", n)
	}
	return line
}

func (d *Draft) noteLanguages() {
	n := d.Count(Unread)
	switch {
	case n == 0:
	case 2*n >= len(d.Sentences):
		d.note("The rules know English alone. %d of %s are in another language: each is a clause without a control, to be placed by hand.", n, count(len(d.Sentences), "sentence"))
	default:
		d.note("%s not in English: the rules cannot read what is said there.", was(n, "sentence"))
	}
}

func (d *Draft) note(format string, args ...any) {
	d.Notes = append(d.Notes, fmt.Sprintf(format, args...))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %s", n, strings.TrimSuffix(noun, "s")+"s")
}

func was(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return count(n, noun) + " are"
}
