package control

import (
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strings"

	"clause.dev/clause/internal/policy"
)

// marks are what a canary person's values are made of, so that few things have to be searched for:
// no other value in the world holds them.
type marks struct{ text, number, currency string }

func newMarks() marks { return marks{text: token(), number: digits(13), currency: "AED"} }

// list returns both marks.
func (m marks) list() []string { return []string{m.text, m.number} }

// sample returns values for the fields of a data set, and whether one of the marks is in them.
func (m marks) sample(set *policy.DataSet, fields []string) (values map[string]any, marked bool) {
	values = map[string]any{}
	for _, id := range fields {
		f, ok := set.Field(id)
		if !ok || f.Type == policy.Blob {
			continue
		}
		value, has := m.value(f)
		values[id], marked = value, marked || has
	}
	return values, marked
}

// value returns a value of the field's type, and whether a mark is in it.
func (m marks) value(f *policy.Field) (value any, marked bool) {
	switch f.Type {
	case policy.Integer:
		return json.Number(m.number), true
	case policy.Money:
		return m.number + ".17 " + m.currency, true
	case policy.Bool:
		return true, false
	case policy.Date:
		return "1931-05-17", false
	case policy.Phone:
		return "+9" + m.number, true
	case policy.Email:
		return m.text + "@canary.invalid", true
	case policy.Enum:
		if len(f.Values) == 0 {
			return "", false
		}
		return f.Values[0], false
	}
	if f.Max > 0 && f.Max < len(m.text) {
		return m.text[:f.Max], false
	}
	return m.text, true
}

// token returns 130 random bits in lower-case letters and digits.
func token() string { return strings.ToLower(rand.Text()) }

// digits returns a random number of n digits.
func digits(n int64) string {
	least := new(big.Int).Exp(big.NewInt(10), big.NewInt(n-1), nil)
	more, err := rand.Int(rand.Reader, new(big.Int).Mul(least, big.NewInt(9)))
	if err != nil { // crypto/rand does not fail: it would have ended the program
		return least.String()
	}
	return more.Add(more, least).String()
}
