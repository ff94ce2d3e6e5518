package finance

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// The categories of a transaction, as the policy names them.
const (
	Salary    = "salary"
	Housing   = "housing"
	Groceries = "groceries"
	Transport = "transport"
	Insurance = "insurance"
	Education = "education"
	Leisure   = "leisure"
	Repayment = "debt"
	Savings   = "savings"
	Other     = "other"
)

// The kinds of debt that are looked at apart.
const (
	Mortgage = "mortgage"
	Card     = "card"
)

// Categories are all categories of transactions, in the order in which they are shown.
func Categories() []string {
	return []string{Housing, Groceries, Transport, Insurance, Education, Leisure, Repayment, Savings, Salary, Other}
}

// Kinds are all kinds of debts.
func Kinds() []string { return []string{Mortgage, "car", Card, "student", "personal", "other"} }

// Book is what a person entered. All of it is optional.
type Book struct {
	Income       *Money // a month; nil: not told
	Debts        []Debt
	Goals        []Goal
	Transactions []Transaction
}

// Debt is something owed.
type Debt struct {
	ID, Name, Kind   string
	Balance, Payment Money // what is left to pay, and what is paid a month
}

// Goal is an amount to be reached.
type Goal struct {
	ID, Name      string
	Target, Saved Money
	By            time.Time // zero: no day was set
}

// Reached reports whether the amount was saved.
func (g Goal) Reached() bool { return g.Saved.Cmp(g.Target) >= 0 }

// Share is the percentage saved, from 0 to 100, rounded down.
func (g Goal) Share() int { return percent(g.Saved, g.Target) }

// Monthly is what must be put aside each month to reach the goal by its day; nothing where none is set.
func (g Goal) Monthly(today time.Time) Money {
	if g.By.IsZero() || g.Reached() {
		return Money{}
	}
	return g.Target.Sub(g.Saved).Parts(int(MonthOf(g.By) - MonthOf(today)))
}

// Transaction is money that came in or went out.
type Transaction struct {
	ID             string
	Day            time.Time
	Amount         Money
	In             bool
	Category       string
	Merchant, Note string
}

// Month is a month of a year.
type Month int

// MonthOf is the month of a day.
func MonthOf(day time.Time) Month { return Month(day.Year()*12 + int(day.Month()) - 1) }

// ParseMonth reads a month such as 2026-11.
func ParseMonth(text string) (Month, error) {
	day, err := time.Parse("2006-01", text)
	return MonthOf(day), err
}

// String is the month as 2026-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m/12, m%12+1) }

// Parts are the year and the month of it.
func (m Month) Parts() (year int, month time.Month) { return int(m / 12), time.Month(m%12 + 1) }

// Days is how many days the month has.
func (m Month) Days() int {
	year, month := m.Parts()
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Total is the sum of amounts.
func Total[T any](all []T, amount func(T) Money) (sum Money) {
	for _, one := range all {
		sum = sum.Add(amount(one))
	}
	return sum
}

// Sorted returns the transactions, the newest first.
func Sorted(all []Transaction) []Transaction {
	return slices.SortedStableFunc(slices.Values(all), func(a, b Transaction) int { return b.Day.Compare(a.Day) })
}

// floor is the whole number below a small number that is not negative.
func floor(r *big.Rat) int { return int(new(big.Int).Quo(r.Num(), r.Denom()).Int64()) }

// percent is part of whole in percent, rounded down, from 0 to 100.
func percent(part, whole Money) int {
	if part.Sign() <= 0 {
		return 0
	}
	if part.Cmp(whole) >= 0 {
		return 100
	}
	return floor(part.Times(100).Over(whole))
}
