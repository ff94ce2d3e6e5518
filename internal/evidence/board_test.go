package evidence

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/policy"
)

// outcomes as letters, the worst last.
var letters = map[Outcome]byte{control.Kept: 'k', control.Attested: 'k', control.Unable: 'u', control.Broken: 'b'}

// drawn is what spans say of each hour, '.' where they say nothing.
func drawn(spans []Span, begin time.Time, hours int) string {
	out := make([]byte, hours)
	for h := range out {
		out[h] = '.'
		at := begin.Add(time.Duration(h) * time.Hour)
		for _, s := range spans {
			if !at.Before(s.From) && at.Before(s.To) {
				out[h] = letters[s.Outcome]
			}
		}
	}
	return string(out)
}

// What was seen of a control is joined to spans, and those of several laid over each other, as a slow model does that
// looks at each hour.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hours, counts = 60, 6
		begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		now := begin.Add(hours * time.Hour)
		e := &Evidence{MaxAge: counts * time.Hour}
		var lanes [][]Span
		var models []string
		for l := range rapid.IntRange(1, 3).Draw(t, "lanes") {
			looks := rapid.SliceOfNDistinct(rapid.IntRange(0, hours-1), 0, 12, rapid.ID).Draw(t, fmt.Sprint("looks", l))
			slices.Sort(looks)
			model := []byte(fmt.Sprintf("%0*d", hours, 0))
			for i := range model {
				model[i] = '.'
			}
			var spans []Span
			total := 0
			for _, at := range looks {
				seen := rapid.SampledFrom([]Outcome{control.Kept, control.Unable, control.Broken}).Draw(t, "seen")
				spans = e.join(spans, seen, begin.Add(time.Duration(at)*time.Hour), now)
				for h := at; h < hours; h++ {
					model[h] = '.'
					if h < at+counts {
						model[h] = letters[seen]
					}
				}
			}
			for i, s := range spans {
				total += s.Looks
				if !s.From.Before(s.To) || i > 0 && s.From.Before(spans[i-1].To) || i > 0 && s.From.Equal(spans[i-1].To) && s.Outcome == spans[i-1].Outcome {
					t.Fatalf("span %d of %v", i, spans)
				}
			}
			if got := drawn(spans, begin, hours); got != string(model) || total != len(looks) {
				t.Fatalf("looks at %v are drawn\n%s, want\n%s (%d looks)", looks, got, model, total)
			}
			lanes, models = append(lanes, spans), append(models, string(model))
		}
		want := make([]byte, hours)
		for h := range want {
			all := ""
			for _, m := range models {
				all += string(m[h])
			}
			want[h] = '.'
			switch {
			case slices.Contains([]byte(all), 'b'):
				want[h] = 'b'
			case slices.Contains([]byte(all), '.'): // of one of them nobody knows
			case slices.Contains([]byte(all), 'u'):
				want[h] = 'u'
			default:
				want[h] = 'k'
			}
		}
		if got := drawn(worst(lanes), begin, hours); got != string(want) {
			t.Fatalf("%v\nlaid over each other are\n%s, want\n%s", models, got, want)
		}
	})
}

// Every finding of a clause stands on one page, the newest first, and those of one moment on the same.
func TestFindingsByPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		e := New(open(), &policy.Policy{}, 0)
		begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		var want []Record
		for i := range 90 {
			at := begin.Add(time.Duration(i/3) * time.Hour) // three controls at each look
			if i%3 > 0 && i/3%4 == 0 {
				at = at.Add(time.Duration(i%3) * time.Second) // one after another at some
			}
			r := Record{"promise", fmt.Sprint("control-", i%3), at, control.Finding{Outcome: control.Kept, Summary: fmt.Sprint("look ", i)}}
			if err := e.store(t.Context(), r, ""); err != nil {
				t.Fatal(err)
			}
			want = append(want, r)
			r.Clause = "another"
			if err := e.store(t.Context(), r, ""); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortFunc(want, func(a, b Record) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Control, b.Control)) })
		var got []Record
		pages := 0
		for before := (time.Time{}); ; pages++ {
			page, next, err := e.found(t.Context(), "promise", before)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if before = next; next.IsZero() {
				break
			}
		}
		if pages < 2 || !reflect.DeepEqual(got, want) {
			t.Errorf("on %d pages:\n%v, want\n%v", pages+1, got, want)
		}
	})
}
