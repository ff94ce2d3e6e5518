package finance

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLaylasNovember(t *testing.T) {
	b := layla(t)
	b.Transactions = append(b.Transactions,
		Transaction{Day: day1(11, 2), Amount: aed(t, "5000"), Category: Housing},
		Transaction{Day: day1(11, 9), Amount: aed(t, "1890"), Category: Groceries},
		Transaction{Day: day1(11, 15), Amount: aed(t, "1250"), Category: Leisure},
		Transaction{Day: day1(11, 16), Amount: aed(t, "300"), Category: Transport})
	got := BudgetOf(b, today)
	states := map[string]string{}
	for _, l := range got.Lines {
		states[l.Category] = l.State
	}
	for category, want := range map[string]string{Housing: Near, Groceries: Near, Leisure: Over, Transport: Unknown, Repayment: Under, Savings: Under} {
		if states[category] != want {
			t.Errorf("%s is %s, want %s", category, states[category], want)
		}
	}
	// 12,000 come in; 1,500 go to the bank, 1,500 to the Hajj, 8,440 were spent; 9 days are left.
	if got.Spent.Plain() != "8440.00" || got.Left.Plain() != "560.00" || got.Daily.String() != "62.22" || got.Months != 3 {
		t.Errorf("spent %s, left %s, a day %s of %d months", got.Spent, got.Left, got.Daily, got.Months)
	}
	var kinds []string
	for _, i := range InsightsOf(b, today) {
		kinds = append(kinds, i.Kind)
	}
	if want := []string{InsightReserve, InsightCategoryUp, InsightSaving}; !slices.Equal(kinds, want) {
		t.Errorf("insights are %q, want %q", kinds, want)
	}
}

// TestInsightsOfLittle: who has told next to nothing is told what would help. Wapiti found a panic here.
func TestInsightsOfLittle(t *testing.T) {
	income := aed(t, "5000")
	for name, b := range map[string]Book{"nothing": {}, "an income alone": {Income: &income}} {
		if got := InsightsOf(b, today); len(got) == 0 || got[len(got)-1].Kind != InsightMonths {
			t.Errorf("of %s: %+v", name, got)
		}
	}
}

func TestInsightsOfHardTimes(t *testing.T) {
	income := aed(t, "5000")
	b := Book{
		Income: &income,
		Debts:  []Debt{{Kind: Card, Balance: aed(t, "9000"), Payment: aed(t, "2000")}},
		Goals:  []Goal{{Name: "Home", Target: aed(t, "12000"), By: today.AddDate(1, 0, 0)}, {Name: "Bike", Target: aed(t, "600"), By: today.AddDate(1, 0, 0)}},
		Transactions: []Transaction{
			{Day: day1(10, 1), Amount: aed(t, "4000"), Category: Housing},
		},
	}
	got := InsightsOf(b, today)
	want := []Insight{
		{Kind: InsightOverspent, Amount: aed(t, "1000")}, {Kind: InsightBurden, Amount: aed(t, "2000"), Percent: 40}, {Kind: InsightCards, Amount: aed(t, "9000")},
		{Kind: InsightReserve, Amount: aed(t, "18000")}, {Kind: InsightGoalLate, Amount: aed(t, "1050"), Name: "Home"}, {Kind: InsightMonths},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if g := got[i]; g.Kind != w.Kind || g.Amount.Cmp(w.Amount) != 0 || g.Percent != w.Percent || g.Name != w.Name {
			t.Errorf("%s %s %d %q, want %s %s %d %q", g.Kind, g.Amount, g.Percent, g.Name, w.Kind, w.Amount, w.Percent, w.Name)
		}
	}
}

func TestNotices(t *testing.T) {
	goals := []Goal{
		{Name: "done", Target: Whole(10), Saved: Whole(10), By: today.AddDate(0, 0, -9)},
		{Name: "half", Target: Whole(10), Saved: Whole(7)},
		{Name: "soon", Target: Whole(10), By: today.AddDate(0, 0, 30)},
		{Name: "past", Target: Whole(10), Saved: Whole(1), By: today.AddDate(0, 0, -1)},
		{Name: "far", Target: Whole(10), Saved: Whole(2), By: today.AddDate(0, 0, 31)},
	}
	past := []Past{{Day: today, Score: 61}, {Day: today.AddDate(0, 0, -31), Score: 10}, {Day: today.AddDate(0, 0, -30), Score: 57}, {Day: today.AddDate(0, 0, -3), Score: 70}}
	var got []string
	for _, n := range NoticesOf(goals, past, today.Add(13*time.Hour)) {
		got = append(got, n.Kind+" "+n.Name)
	}
	if want := []string{"goal-reached done", "goal-share half", "goal-soon soon", "goal-past past", "score-risen "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if change, now, ok := Change(past, today); change != 4 || now != 61 || !ok {
		t.Errorf("changed by %d to %d", change, now)
	}
	if _, _, ok := Change(past[:1], today); ok {
		t.Error("one score is a change")
	}
}

func TestReportsAddUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := draw(r)
		points := Trend(b.Transactions, today, 6)
		for _, p := range points {
			report := ReportOf(b.Transactions, p.Month)
			sum := Total(report.Categories, func(s Slice) Money { return s.Amount })
			last := report.Days[len(report.Days)-1]
			if report.In.Cmp(p.In) != 0 || report.Out.Cmp(p.Out) != 0 || sum.Cmp(report.Out) != 0 || last.Cmp(report.Out) != 0 {
				r.Fatalf("%s: %s in the trend, %s in the month, %s in its categories, %s in its days", p.Month, p.Out, report.Out, sum, last)
			}
			shares := 0
			for _, s := range report.Categories {
				shares += s.Share
			}
			if shares > 100 {
				r.Fatalf("%d percent", shares)
			}
		}
		if n := len(points); points[n-1].Month != MonthOf(today) || points[0].Month != MonthOf(today)-5 {
			r.Fatal("other months")
		}
	})
}
