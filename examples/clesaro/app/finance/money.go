// Package finance is what Clesaro works out from what a person entered: a financial health score, budgets,
// an analysis of spending, insights, and notices of progress. It is pure: the day is a parameter, amounts are
// exact, nothing is read or written. ../../SCORE.md tells the method of the score.
package finance

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
)

// Money is an exact amount; the zero value is nothing. All amounts of a book are of one currency.
type Money struct{ r *big.Rat }

// An amount as people write it: digits, thousands set apart or not, at most four places.
var amountForm = regexp.MustCompile(`^-?([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,4})?$`)

// An amount as the store keeps it, and its currency.
var storedForm = regexp.MustCompile(`^(-?[0-9]{1,15}(?:\.[0-9]{1,4})?) ([A-Z]{3})$`)

// digits turns the digits and marks of Arabic into those of ASCII.
var digits = strings.NewReplacer(
	"٠", "0", "١", "1", "٢", "2", "٣", "3", "٤", "4", "٥", "5", "٦", "6", "٧", "7", "٨", "8", "٩", "9",
	"۰", "0", "۱", "1", "۲", "2", "۳", "3", "۴", "4", "۵", "5", "۶", "6", "۷", "7", "۸", "8", "۹", "9",
	"٫", ".", "٬", ",", "−", "-", "\u00a0", " ", "\u200e", "", "\u200f", "", "\u061c", "",
)

// ErrAmount says that a text is no amount.
var ErrAmount = errors.New("not an amount such as 1250.00")

// ParseMoney reads an amount as people write it: "1250", "1,250.50", "١٬٢٥٠٫٥٠".
func ParseMoney(text string) (Money, error) {
	text = strings.TrimSpace(digits.Replace(text))
	if !amountForm.MatchString(text) {
		return Money{}, ErrAmount
	}
	r, ok := new(big.Rat).SetString(strings.ReplaceAll(text, ",", ""))
	if !ok {
		return Money{}, ErrAmount
	}
	return Money{r}, nil
}

// ParseStored reads an amount as the store keeps it, "1250.00 AED", if it is of the currency.
func ParseStored(text, currency string) (Money, bool) {
	m := storedForm.FindStringSubmatch(text)
	if m == nil || m[2] != currency {
		return Money{}, false
	}
	r, ok := new(big.Rat).SetString(m[1])
	return Money{r}, ok
}

// Whole is a whole number of units.
func Whole(n int64) Money { return Money{big.NewRat(n, 1)} }

func (m Money) rat() *big.Rat {
	if m.r == nil {
		return new(big.Rat)
	}
	return m.r
}

// Add is the sum.
func (m Money) Add(o Money) Money { return Money{new(big.Rat).Add(m.rat(), o.rat())} }

// Sub is the difference.
func (m Money) Sub(o Money) Money { return Money{new(big.Rat).Sub(m.rat(), o.rat())} }

// Cmp is -1, 0 or 1 as the amount is less than, equal to or more than another.
func (m Money) Cmp(o Money) int { return m.rat().Cmp(o.rat()) }

// Sign is -1, 0 or 1.
func (m Money) Sign() int { return m.rat().Sign() }

// Parts is one of n equal parts.
func (m Money) Parts(n int) Money {
	return Money{new(big.Rat).Quo(m.rat(), big.NewRat(int64(max(n, 1)), 1))}
}

// Times is the amount n times.
func (m Money) Times(n int) Money {
	return Money{new(big.Rat).Mul(m.rat(), big.NewRat(int64(n), 1))}
}

// Over is the amount as a part of another, which is not zero.
func (m Money) Over(o Money) *big.Rat { return new(big.Rat).Quo(m.rat(), o.rat()) }

// AtLeast is the larger of the two.
func (m Money) AtLeast(o Money) Money {
	if m.Cmp(o) < 0 {
		return o
	}
	return m
}

// Stored is the amount as the store keeps it. An amount of more than four places is rounded.
func (m Money) Stored(currency string) string { return m.Plain() + " " + currency }

// Plain is the amount with two places, or as many as it has up to four.
func (m Money) Plain() string {
	text := m.rat().FloatString(4)
	for range 2 {
		text = strings.TrimSuffix(text, "0")
	}
	return text
}

// String is the amount to be read: two places, thousands set apart.
func (m Money) String() string {
	whole, places, _ := strings.Cut(m.rat().FloatString(2), ".")
	whole, negative := strings.CutPrefix(whole, "-")
	var b strings.Builder
	if negative && strings.Trim(whole+places, "0") != "" {
		b.WriteByte('-')
	}
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String() + "." + places
}
