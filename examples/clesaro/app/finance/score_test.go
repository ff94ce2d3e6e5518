package finance

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func aed(t testing.TB, text string) Money {
	t.Helper()
	m, err := ParseMoney(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return m
}

func day1(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, time.UTC) }

// layla is the worked example of SCORE.md.
func layla(t testing.TB) Book {
	income := aed(t, "12000")
	b := Book{
		Income: &income,
		Debts:  []Debt{{Name: "Car", Kind: "car", Balance: aed(t, "24000"), Payment: aed(t, "1500")}},
		Goals: []Goal{
			{Name: "Rainy days", Target: aed(t, "30000"), Saved: aed(t, "15900")},
			{Name: "Hajj", Target: aed(t, "12000"), Saved: aed(t, "6000"), By: day1(12, 31).AddDate(0, 3, 0)},
		},
	}
	for _, m := range []time.Month{8, 9, 10} {
		b.Transactions = append(b.Transactions,
			Transaction{Day: day1(m, 1), Amount: aed(t, "12000"), In: true, Category: Salary, Merchant: "Employer"},
			Transaction{Day: day1(m, 2), Amount: aed(t, "5000"), Category: Housing, Merchant: "Landlord"},
			Transaction{Day: day1(m, 9), Amount: aed(t, "2100"), Category: Groceries, Merchant: "Market"},
			Transaction{Day: day1(m, 12), Amount: aed(t, "1000"), Category: Leisure, Merchant: "Beach club"},
			Transaction{Day: day1(m, 25), Amount: aed(t, "1500"), Category: Repayment, Merchant: "Bank"},
			Transaction{Day: day1(m, 26), Amount: aed(t, "1000"), Category: Savings, Merchant: "Savings account"})
	}
	return b
}

// TestLayla follows SCORE.md step by step.
func TestLayla(t *testing.T) {
	s, ok := Rate(layla(t), today)
	if !ok {
		t.Fatal("there is no score")
	}
	want := map[Part]struct {
		points int
		figure string
	}{Spend: {100, "0.2000"}, Reserve: {38, "2.2813"}, Burden: {75, "0.1250"}, Owed: {90, "2.0000"}, Plan: {100, "1.6000"}}
	for _, r := range s.Reasons {
		if w := want[r.Part]; !r.Known || r.Points != w.points || r.Figure.FloatString(4) != w.figure {
			t.Errorf("%s: %d points for %v, want %v", r.Part, r.Points, r.Figure.FloatString(4), w)
		}
	}
	if s.Value != 80 || s.Band != Healthy || s.Confidence != High {
		t.Errorf("score %d, %s, %s", s.Value, s.Band, s.Confidence)
	}
}

func TestScoresOfWhatIsKnown(t *testing.T) {
	zero, income := Money{}, aed(t, "10000")
	spending := []Transaction{{Day: day1(11, 3), Amount: aed(t, "4000"), Category: Housing, Merchant: "Landlord"}}
	for name, c := range map[string]struct {
		book       Book
		value      int // -1: none
		confidence Confidence
	}{
		"nothing":                     {Book{}, -1, ""},
		"debts alone":                 {Book{Debts: []Debt{{Kind: Card, Balance: income}}}, -1, ""},
		"income alone":                {Book{Income: &income}, 100, Low},
		"no income, told":             {Book{Income: &zero}, 100, Low},
		"no income and a debt":        {Book{Income: &zero, Debts: []Debt{{Kind: Card, Balance: income, Payment: income}}}, 0, Medium},
		"spending alone":              {Book{Transactions: spending}, 100, Low},
		"income and spending":         {Book{Income: &income, Transactions: spending}, 100, Low},
		"debts at both caps":          {Book{Income: &income, Debts: []Debt{{Kind: "personal", Balance: income.Times(20), Payment: income.Parts(2)}}}, 0, Medium},
		"a mortgage at its cap":       {Book{Income: &income, Debts: []Debt{{Kind: Mortgage, Balance: income.Times(84), Payment: Money{}}}}, 50, Medium},
		"a card paid in advance":      {Book{Income: &income, Debts: []Debt{{Kind: Card, Balance: Money{}.Sub(income)}}}, 100, Medium},
		"an expense of years ago":     {Book{Transactions: []Transaction{{Day: day1(11, 3).AddDate(-4, 0, 0), Amount: income, Category: Housing}}}, -1, ""},
		"an expense of years to come": {Book{Transactions: []Transaction{{Day: day1(11, 3).AddDate(4, 0, 0), Amount: income, Category: Housing}}}, -1, ""},
	} {
		s, ok := Rate(c.book, today)
		if !ok {
			s.Value = -1
		}
		if s.Value != c.value || s.Confidence != c.confidence {
			t.Errorf("%s: %d, %s; want %d, %s", name, s.Value, s.Confidence, c.value, c.confidence)
		}
	}
}

func money(r *rapid.T, most int, what string) Money {
	return Whole(int64(rapid.IntRange(0, most*100).Draw(r, what))).Parts(100)
}

func draw(r *rapid.T) Book {
	var b Book
	if rapid.Bool().Draw(r, "income told") {
		income := money(r, 50_000, "income")
		b.Income = &income
	}
	for range rapid.IntRange(0, 3).Draw(r, "debts") {
		b.Debts = append(b.Debts, drawDebt(r))
	}
	for range rapid.IntRange(0, 3).Draw(r, "goals") {
		g := Goal{Name: "g", Target: money(r, 100_000, "target"), Saved: money(r, 120_000, "saved")}
		if rapid.Bool().Draw(r, "dated") {
			g.By = today.AddDate(0, 0, rapid.IntRange(-100, 2000).Draw(r, "by"))
		}
		b.Goals = append(b.Goals, g)
	}
	for range rapid.IntRange(0, 12).Draw(r, "transactions") {
		b.Transactions = append(b.Transactions, Transaction{
			Day: today.AddDate(0, 0, -rapid.IntRange(-10, 150).Draw(r, "ago")), Amount: money(r, 20_000, "amount"),
			In: rapid.Bool().Draw(r, "in"), Category: rapid.SampledFrom(Categories()).Draw(r, "category"), Merchant: "m",
		})
	}
	return b
}

func drawDebt(r *rapid.T) Debt {
	return Debt{Kind: rapid.SampledFrom(Kinds()).Draw(r, "kind"), Balance: money(r, 900_000, "balance"), Payment: money(r, 20_000, "payment")}
}

// never checks that a change never raises the score, or never lowers it, and never makes or removes one.
func never(t *testing.T, raises bool, change func(r *rapid.T, b *Book)) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		before, had := Rate(b, today)
		b.Debts, b.Goals, b.Transactions = slices.Clone(b.Debts), slices.Clone(b.Goals), slices.Clone(b.Transactions)
		change(r, &b)
		after, has := Rate(b, today)
		if had != has {
			r.Fatalf("a score is there: %v, then %v", had, has)
		}
		if raises && after.Value > before.Value || !raises && after.Value < before.Value {
			r.Fatalf("%+v, then %+v", before, after)
		}
	})
}

func TestMoreDebtNeverRaisesTheScore(t *testing.T) {
	t.Run("another debt", func(t *testing.T) {
		never(t, true, func(r *rapid.T, b *Book) { b.Debts = append(b.Debts, drawDebt(r)) })
	})
	t.Run("a debt that grows", func(t *testing.T) {
		never(t, true, func(r *rapid.T, b *Book) {
			for i := range b.Debts {
				b.Debts[i].Balance = b.Debts[i].Balance.Add(money(r, 90_000, "more"))
				b.Debts[i].Payment = b.Debts[i].Payment.Add(money(r, 9_000, "more a month"))
			}
		})
	})
}

func TestMoreSavedNeverLowersTheScore(t *testing.T) {
	never(t, false, func(r *rapid.T, b *Book) {
		for i := range b.Goals {
			b.Goals[i].Saved = b.Goals[i].Saved.Add(money(r, 90_000, "more"))
		}
	})
}

// TestMoreIncomeNeverLowersTheScore holds where spending was entered: without it, the whole income is what
// savings are held against.
func TestMoreIncomeNeverLowersTheScore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		income := money(r, 50_000, "income told")
		more := income.Add(money(r, 9_000, "more"))
		b.Transactions = append(b.Transactions, Transaction{Day: day1(10, 3), Amount: money(r, 9_000, "spent"), Category: Housing})
		b.Income = &income
		before, _ := Rate(b, today)
		b.Income = &more
		if after, _ := Rate(b, today); after.Value < before.Value {
			r.Fatalf("%+v, then %+v", before, after)
		}
	})
}

// TestMoreSpendingNeverRaisesTheScore holds where income is known: without it, spending stands for it.
func TestMoreSpendingNeverRaisesTheScore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		income := money(r, 50_000, "income told")
		b.Income = &income
		b.Transactions = append(b.Transactions, Transaction{Day: day1(10, 3), Amount: money(r, 9_000, "spent"), Category: Housing})
		before, _ := Rate(b, today)
		b.Transactions[len(b.Transactions)-1].Amount = b.Transactions[len(b.Transactions)-1].Amount.Add(money(r, 9_000, "more"))
		if after, _ := Rate(b, today); after.Value > before.Value {
			r.Fatalf("%+v, then %+v", before, after)
		}
	})
}

func TestTellingLessNeverRaisesTheConfidence(t *testing.T) {
	rank := map[Confidence]int{"": 0, Low: 1, Medium: 2, High: 3}
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		all, _ := Rate(b, today)
		for name, less := range map[string]Book{
			"income": {Debts: b.Debts, Goals: b.Goals, Transactions: b.Transactions}, "debts": {Income: b.Income, Goals: b.Goals, Transactions: b.Transactions},
			"goals": {Income: b.Income, Debts: b.Debts, Transactions: b.Transactions}, "transactions": {Income: b.Income, Debts: b.Debts, Goals: b.Goals},
		} {
			if s, _ := Rate(less, today); rank[s.Confidence] > rank[all.Confidence] {
				r.Fatalf("without %s the score is surer: %s, %s", name, all.Confidence, s.Confidence)
			}
		}
	})
}

func TestAScoreIsSound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		s, ok := Rate(b, today)
		if !ok {
			return
		}
		if s.Value < 0 || s.Value > 100 || s.Band != BandOf(s.Value) || len(s.Reasons) != 5 {
			r.Fatalf("%+v", s)
		}
		// The order in which things were entered does not matter.
		slices.Reverse(b.Debts)
		slices.Reverse(b.Goals)
		slices.Reverse(b.Transactions)
		if again, _ := Rate(b, today); again.Value != s.Value {
			r.Fatalf("%d one way, %d the other", s.Value, again.Value)
		}
	})
}
