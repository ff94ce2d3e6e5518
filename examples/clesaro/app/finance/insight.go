package finance

import (
	"cmp"
	"slices"
	"time"
)

// Insight is something worth knowing, and what to do about it. Kind says which; the rest fills its words.
type Insight struct {
	Kind     string
	Category string
	Name     string
	Amount   Money
	Percent  int
	Weight   int // the heavier is shown first
}

// The kinds of insights.
const (
	InsightOverspent  = "overspent"   // more goes out than comes in
	InsightBurden     = "burden"      // debts take too much of the income
	InsightCards      = "cards"       // cards first
	InsightReserve    = "reserve"     // savings would last less than three months
	InsightGoalLate   = "goal-late"   // the goals ask for more than a month leaves
	InsightCategoryUp = "category-up" // a category is above its usual
	InsightSaving     = "saving"      // a fifth or more is kept
	InsightIncome     = "income"      // the income is not told
	InsightMonths     = "months"      // too few months were entered
)

// highBurdenPercent is where lenders begin to call debts heavy; SCORE.md gives the source.
const highBurdenPercent = 36

// notable is what a category must be above its usual to be told of, so that small change is not.
const notable = 100

// InsightsOf are the insights of a day, the weightiest first.
func InsightsOf(b Book, today time.Time) (all []Insight) {
	o := outlookOf(b, today)
	add := func(is bool, i Insight) {
		if is {
			all = append(all, i)
		}
	}
	known := o.hasIncome && o.hasSpent && o.income.Sign() > 0
	surplus := o.surplus()
	add(known && surplus.Sign() < 0, Insight{Kind: InsightOverspent, Amount: Money{}.Sub(surplus), Weight: 90})
	heavy := o.hasIncome && o.payments.Times(100).Cmp(o.income.Times(highBurdenPercent)) > 0
	add(heavy, Insight{Kind: InsightBurden, Amount: o.payments, Percent: share(o.payments, o.income), Weight: 80})
	add(o.cards.Sign() > 0, Insight{Kind: InsightCards, Amount: o.cards, Weight: 70})
	short := o.cost().Times(3).Sub(o.saved)
	add(len(b.Goals) > 0 && o.cost().Sign() > 0 && short.Sign() > 0, Insight{Kind: InsightReserve, Amount: short, Weight: 60})
	late := known && o.needed.Sign() > 0 && surplus.Cmp(o.needed) < 0
	add(late, Insight{Kind: InsightGoalLate, Amount: o.needed.Sub(surplus.AtLeast(Money{})), Name: mostNeeded(b.Goals, today), Weight: 50})
	for _, l := range BudgetOf(b, today).Lines {
		above := l.Spent.Sub(l.Usual)
		up := l.State == Over && l.Category != Savings && l.Category != Repayment && above.Cmp(Whole(notable)) >= 0 && above.Times(5).Cmp(l.Usual) >= 0
		add(up, Insight{Kind: InsightCategoryUp, Category: l.Category, Amount: above, Percent: share(above, l.Usual), Weight: 40})
	}
	kept := known && surplus.Times(100).Cmp(o.income.Times(goodSavingPercent)) >= 0
	add(kept, Insight{Kind: InsightSaving, Amount: surplus, Percent: share(surplus, o.income), Weight: 30})
	add(b.Income == nil, Insight{Kind: InsightIncome, Weight: 20})
	add(!o.full || o.months < whole, Insight{Kind: InsightMonths, Weight: 10})
	slices.SortStableFunc(all, func(a, b Insight) int { return cmp.Compare(b.Weight, a.Weight) })
	return all
}

// share is a part in percent, rounded down, which may be over 100; 999 is the most that is told.
func share(part, of Money) int {
	if part.Sign() <= 0 {
		return 0
	}
	if of.Sign() <= 0 || part.Cmp(of.Times(10)) >= 0 {
		return 999
	}
	return floor(part.Times(100).Over(of))
}

// mostNeeded is the goal that asks for the most a month, "" without any.
func mostNeeded(goals []Goal, today time.Time) string {
	if len(goals) == 0 {
		return ""
	}
	return slices.MaxFunc(goals, func(a, b Goal) int { return a.Monthly(today).Cmp(b.Monthly(today)) }).Name
}
