package finance

import (
	"slices"
	"time"
)

// Line is the budget of a category: what its months usually take, and what this one took.
type Line struct {
	Category     string
	Spent, Usual Money
	State        string
	Used         int // percent of the usual, at most 100
}

// The states of a line.
const (
	Under   = "under" // less than nine tenths of the usual
	Near    = "near"
	Over    = "over"
	Unknown = "new" // there is no month before to learn from
)

// Budget is what a month may take. Nobody sets it by hand: the policy names no data for that. It is learnt
// from the months before, and from income, debts and goals.
type Budget struct {
	Lines     []Line
	Months    int   // how many months the usual was learnt from
	HasIncome bool  // the four below are known
	Income    Money // a month
	Payments  Money // to creditors
	Goals     Money // to be put aside for goals
	Spent     Money // this month, without repayments and savings
	Left      Money // of the income, may be negative
	Daily     Money // what is left for each day of the rest of the month, today included
}

// BudgetOf is the budget of the present month.
func BudgetOf(b Book, today time.Time) Budget {
	o, now := outlookOf(b, today), MonthOf(today)
	out := Budget{HasIncome: o.hasIncome, Income: o.income, Payments: o.payments, Goals: o.needed}
	spent, usual := map[string]Money{}, map[string]Money{}
	if o.full {
		out.Months = o.months
	}
	paid, put := Money{}, Money{}
	for _, t := range b.Transactions {
		m := MonthOf(t.Day)
		switch {
		case t.In:
		case m == now:
			spent[t.Category] = spent[t.Category].Add(t.Amount)
		case m < now && m >= now-Month(out.Months):
			usual[t.Category] = usual[t.Category].Add(t.Amount)
		}
	}
	for _, category := range Categories() {
		one, many := spent[category], usual[category]
		if one.Sign() > 0 || many.Sign() > 0 {
			out.Lines = append(out.Lines, lineOf(category, one, many.Parts(out.Months)))
		}
		switch category {
		case Repayment:
			paid = one
		case Savings:
			put = one
		default:
			out.Spent = out.Spent.Add(one)
		}
	}
	slices.SortStableFunc(out.Lines, func(a, b Line) int { return b.Usual.AtLeast(b.Spent).Cmp(a.Usual.AtLeast(a.Spent)) })
	out.Payments, out.Goals = out.Payments.AtLeast(paid), out.Goals.AtLeast(put)
	out.Left = out.Income.Sub(out.Payments).Sub(out.Goals).Sub(out.Spent)
	out.Daily = out.Left.AtLeast(Money{}).Parts(now.Days() - today.Day() + 1)
	return out
}

func lineOf(category string, spent, usual Money) Line {
	l := Line{Category: category, Spent: spent, Usual: usual, Used: percent(spent, usual), State: Under}
	switch {
	case usual.Sign() <= 0:
		l.State, l.Used = Unknown, 100
	case spent.Cmp(usual) > 0:
		l.State = Over
	case spent.Times(10).Cmp(usual.Times(9)) >= 0:
		l.State = Near
	}
	return l
}
