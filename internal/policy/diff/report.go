// Package diff tells what changed in meaning between two versions of a policy: what is material and
// for whom, which consents must be asked again, which notice people were promised, and the first day
// on which the new version can take effect. Nothing of it looks at the text of the files.
package diff

import (
	"encoding/json"
	"time"
)

// Report is what changed between two versions of a policy.
type Report struct {
	Old      Version   `json:"old"`
	New      Version   `json:"new"`
	On       Day       `json:"on"`       // the day the change is announced
	Changes  []Change  `json:"changes"`  // in the order of the policy language
	Consents []Consent `json:"consents"` // what people must be asked again
	Notice   Notice    `json:"notice"`
	Warnings []Warning `json:"warnings"` // what a person should look at
	Problems []Warning `json:"problems"` // why the new version cannot take effect as it is dated
}

// Version names one of the two policies.
type Version struct {
	File      string `json:"file"`
	Version   string `json:"version"`
	Effective Day    `json:"effective"` // null if the policy does not say
	Digest    string `json:"digest"`
}

// Change is one thing that changed in meaning.
type Change struct {
	Kind     Kind     `json:"kind"`
	About    []string `json:"about"` // the ids of what changed
	Says     string   `json:"says"`  // in one sentence
	Old      string   `json:"old,omitempty"`
	New      string   `json:"new,omitempty"`
	Effect   Effect   `json:"effect"`
	For      []string `json:"for"` // whom it widens or narrows for
	Material bool     `json:"material"`
	Why      string   `json:"why"`             // why it is material, or is not
	Clauses  []string `json:"clauses"`         // the clauses concerned, at most fifty
	Words    []Word   `json:"words,omitempty"` // where texts changed: what went, what came

	control string // of a change of a control: which
}

// Kind says what sort of change it is; docs/diff.md lists them.
type Kind string

// Effect says which way a change goes.
type Effect string

// The effects.
const (
	Widens  Effect = "widens"  // more may be done with data, or less is promised
	Narrows Effect = "narrows" // less may be done with data, or more is promised
	Neutral Effect = "neutral" // neither, or nobody can tell which
)

// Word is a run of words of a text.
type Word struct {
	Is   WordIs `json:"is"`
	Text string `json:"text"`
}

// WordIs says what became of a word.
type WordIs string

// What becomes of words.
const (
	Kept  WordIs = "kept"
	Gone  WordIs = "gone"
	Added WordIs = "added"
)

// Consent is a consent that people must be asked for (again): it is specific to what they were told,
// GDPR art. 4(11), 6(1)(a) and 7; EDPB guidelines 05/2020, para. 55 ff., 64 and 110.
type Consent struct {
	Sort    string   `json:"sort"` // purpose or cookie
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Reasons []string `json:"reasons"`
	// Lacking: there are consents under this id, given to less. They would be taken for consent to
	// all the id stands for now.
	Lacking bool `json:"lacking"`
	Asked   bool `json:"asked"` // the caller says that people have been asked
}

// Notice is how and when people must be told.
type Notice struct {
	Needed   bool      `json:"needed"`
	Promises []Promise `json:"promises"` // of the old policy: it is what people were promised
	First    Day       `json:"first"`    // the first day the new version can take effect; null if nothing tells
}

// Promise is one promise of notice.
type Promise struct {
	Clause   string   `json:"clause"`
	Control  string   `json:"control"`
	Ahead    string   `json:"ahead"`
	Channels []string `json:"channels"`
	OptOut   bool     `json:"opt_out"`
	Changes  int      `json:"changes"` // how many of the changes it is about
	First    Day      `json:"first"`   // the first day it allows; null where it names no figure
}

// Warning is something to look at that is no change.
type Warning struct {
	Code  string   `json:"code"`
	About []string `json:"about"`
	Says  string   `json:"says"`
	Hint  string   `json:"hint,omitempty"`
}

// Day is a date, written 2006-01-02; the zero Day is none.
type Day struct{ time.Time }

// String returns the date as policies write it, "" for none.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// MarshalJSON writes the date, or null for none.
func (d Day) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.String())
}

// Material returns the changes that are material, or those that are not.
func (r Report) Material(material bool) []Change {
	var some []Change
	for _, c := range r.Changes {
		if c.Material == material {
			some = append(some, c)
		}
	}
	return some
}

// CanTakeEffect reports whether the new version can take effect as it is dated.
func (r Report) CanTakeEffect() bool { return len(r.Problems) == 0 }
