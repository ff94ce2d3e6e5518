package finance

import (
	"slices"
	"time"
)

// whole is how many months before the present one are looked at.
const whole = 3

// flows is what came in and went out in a month, on average.
type flows struct {
	months            int  // how many months the average is of
	full              bool // they are whole months, not the present one so far
	in, spent         Money
	repaid, put       Money // to creditors; into savings: still the person's own
	earned, hasSpent  bool  // anything came in; anything was spent
	anyRepaid, anyAll bool
}

// flowsOf looks at up to three whole months before the present one, from the first month that has an entry;
// where that is the present month itself, at what was entered so far.
func flowsOf(all []Transaction, today time.Time) flows {
	now := MonthOf(today)
	first, found := now, false
	for _, t := range all {
		if m := MonthOf(t.Day); m <= now {
			first, found = min(first, m), true
		}
	}
	f := flows{months: 1, anyAll: found}
	from, to := now, now
	if first < now {
		from, to = max(first, now-whole), now-1
		f.full, f.months = true, int(to-from)+1
	}
	for _, t := range all {
		if m := MonthOf(t.Day); m >= from && m <= to {
			f.add(t)
		}
	}
	for _, sum := range []*Money{&f.in, &f.spent, &f.repaid, &f.put} {
		*sum = sum.AtLeast(Money{}).Parts(f.months)
	}
	return f
}

func (f *flows) add(t Transaction) {
	switch {
	case t.In:
		f.in, f.earned = f.in.Add(t.Amount), true
	case t.Category == Repayment:
		f.repaid, f.anyRepaid = f.repaid.Add(t.Amount), true
	case t.Category == Savings:
		f.put = f.put.Add(t.Amount)
	default:
		f.spent, f.hasSpent = f.spent.Add(t.Amount), true
	}
}

// outlook is a month of a person's finances: the ground of the score, of budgets and of insights.
type outlook struct {
	flows
	income      Money // told, or else what came in
	hasIncome   bool
	base        Money // what debts are held against: the income, or else what is spent
	payments    Money // to creditors: what was told, or what was paid if that is more
	owed        Money // without mortgages
	mortgages   Money
	cards       Money
	saved       Money
	needed      Money // a month, for goals that have a day
	dated       bool  // there is a goal with a day
	toldBalance bool
}

func outlookOf(b Book, today time.Time) outlook {
	o := outlook{flows: flowsOf(b.Transactions, today)}
	switch {
	case b.Income != nil:
		o.income, o.hasIncome = b.Income.AtLeast(Money{}), true
	case o.earned:
		o.income, o.hasIncome = o.in, true
	}
	if o.base = o.spent; o.hasIncome {
		o.base = o.income
	}
	for _, d := range b.Debts {
		balance := d.Balance.AtLeast(Money{}) // a card paid in advance is no negative debt
		o.payments = o.payments.Add(d.Payment.AtLeast(Money{}))
		switch d.Kind {
		case Mortgage:
			o.mortgages = o.mortgages.Add(balance)
		case Card:
			o.cards = o.cards.Add(balance)
			fallthrough
		default:
			o.owed = o.owed.Add(balance)
		}
	}
	o.toldBalance = len(b.Debts) > 0
	o.payments = o.payments.AtLeast(o.repaid)
	for _, g := range b.Goals {
		o.saved = o.saved.Add(g.Saved.AtLeast(Money{}))
		o.needed = o.needed.Add(g.Monthly(today))
	}
	o.dated = slices.ContainsFunc(b.Goals, func(g Goal) bool { return !g.By.IsZero() })
	return o
}

// out is what a month costs, repayments included.
func (o *outlook) out() Money { return o.spent.Add(o.payments) }

// surplus is what a month leaves.
func (o *outlook) surplus() Money { return o.income.Sub(o.out()) }

// cost is what a month of life takes: what goes out, or, where that is unknown, the whole income.
func (o *outlook) cost() Money {
	if o.hasSpent {
		return o.out()
	}
	return o.base.AtLeast(o.payments)
}
