package finance

import (
	"cmp"
	"slices"
	"time"
)

// Slice is what one category or merchant has of a month.
type Slice struct {
	Name   string
	Amount Money
	Share  int // percent of all that went out
}

// Report is a month of transactions, looked at.
type Report struct {
	Month      Month
	In, Out    Money
	Categories []Slice // the largest first
	Merchants  []Slice // the five largest
	Days       []Money // what had gone out by the end of each day
	Entries    int
}

// ReportOf looks at a month.
func ReportOf(all []Transaction, m Month) Report {
	r := Report{Month: m, Days: make([]Money, m.Days())}
	categories, merchants := map[string]Money{}, map[string]Money{}
	for _, t := range all {
		if MonthOf(t.Day) != m {
			continue
		}
		r.Entries++
		if t.In {
			r.In = r.In.Add(t.Amount)
			continue
		}
		r.Out = r.Out.Add(t.Amount)
		categories[t.Category] = categories[t.Category].Add(t.Amount)
		merchants[t.Merchant] = merchants[t.Merchant].Add(t.Amount)
		r.Days[t.Day.Day()-1] = r.Days[t.Day.Day()-1].Add(t.Amount)
	}
	for i := 1; i < len(r.Days); i++ {
		r.Days[i] = r.Days[i].Add(r.Days[i-1])
	}
	r.Categories, r.Merchants = slicesOf(categories, r.Out), slicesOf(merchants, r.Out)
	r.Merchants = r.Merchants[:min(len(r.Merchants), 5)]
	return r
}

func slicesOf(sums map[string]Money, all Money) (out []Slice) {
	for name, amount := range sums {
		out = append(out, Slice{name, amount, percent(amount, all)})
	}
	slices.SortFunc(out, func(a, b Slice) int { return cmp.Or(b.Amount.Cmp(a.Amount), cmp.Compare(a.Name, b.Name)) })
	return out
}

// Point is a month in a row of months.
type Point struct {
	Month   Month
	In, Out Money
}

// Trend is the n months up to the present one.
func Trend(all []Transaction, today time.Time, n int) []Point {
	last := MonthOf(today)
	points := make([]Point, n)
	for i := range points {
		points[i].Month = last - Month(n-1-i)
	}
	for _, t := range all {
		if i := n - 1 - int(last-MonthOf(t.Day)); i >= 0 && i < n {
			if t.In {
				points[i].In = points[i].In.Add(t.Amount)
			} else {
				points[i].Out = points[i].Out.Add(t.Amount)
			}
		}
	}
	return points
}
