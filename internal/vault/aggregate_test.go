package vault

import (
	"reflect"
	"testing"

	"clause.dev/clause/internal/fault"
)

func (w *world) aggregate(purpose, statistic, field, groupBy string) (Aggregate, error) {
	return w.vault.Aggregate(w.ctx, w.app, "acme", purpose, "transactions", statistic, field, groupBy)
}

// spender makes a person with transactions, in the direction given.
func (w *world) spender(direction string, amounts ...string) string {
	w.t.Helper()
	sub := w.person()
	for _, a := range amounts {
		w.put(of(sub, "transactions", ""), fields("date", "2026-01-31", "amount", a, "direction", direction, "note", "Anna Maria", "count", 2, "shared", true))
	}
	return sub
}

func TestAggregateTooFew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.spender("expense", "1 AED", "2 AED", "3 AED", "4 AED")
		w.spender("expense", "5 AED")
		out, err := w.aggregate(account, "count", "", "")
		want(t, err, fault.Refused)
		if fault.ClauseOf(err) != "c-people" || out.Groups != nil {
			t.Fatal(out, err)
		}
		if e := w.newest("acme"); e.Kind != "aggregate" || e.Answer != "refuse" || e.Clauses[0] != "c-people" || e.Subject != "" {
			t.Fatalf("entry %+v", e)
		}
		w.spender("expense", "6.50 AED")
		for statistic, value := range map[string]string{"count": "6", "sum": "21.50 AED", "mean": "3.58 AED"} {
			field := "amount"
			if statistic == "count" {
				field = ""
			}
			out, err = w.aggregate(account, statistic, field, "")
			key := "AED"
			if field == "" {
				key = ""
			}
			if wanted := (Aggregate{People: 3, Groups: []Group{{key, 3, value}}}); err != nil || !reflect.DeepEqual(out, wanted) {
				t.Fatalf("%s: %+v %v", statistic, out, err)
			}
		}
		if e := w.newest("acme"); e.Answer != "allow" || e.Detail["groups"] != "1" {
			t.Fatalf("entry %+v", e)
		}
		w.verified("acme")
	})
}

// Groups of too few people are withheld, and with them so many more that what is withheld cannot be
// told by subtraction.
func TestAggregateWithholds(t *testing.T) {
	w := sqliteWorld(t)
	for range 4 {
		w.spender("expense", "1 AED")
	}
	w.spender("income", "1 AED")
	_, err := w.aggregate(account, "count", "", "direction")
	want(t, err, fault.Refused) // expenses alone would give away the one income
	for range 2 {
		w.spender("income", "1 AED")
	}
	out, err := w.aggregate(account, "count", "", "direction")
	if wanted := (Aggregate{People: 7, Groups: []Group{{"expense", 4, "4"}, {"income", 3, "3"}}}); err != nil || !reflect.DeepEqual(out, wanted) {
		t.Fatalf("%+v %v", out, err)
	}
}

func TestWithheldGroups(t *testing.T) {
	w := sqliteWorld(t)
	for _, c := range []struct {
		sizes []int
		kept  int
	}{
		{[]int{3}, 1}, {[]int{2}, 0}, {[]int{2, 9}, 0}, {[]int{3, 9}, 2}, {[]int{1, 3, 9}, 1}, {[]int{1, 2, 9}, 1},
		{[]int{1, 1, 9}, 0}, {[]int{1, 1, 9, 9}, 1}, {[]int{1, 1, 1, 9}, 1}, {[]int{}, 0},
	} {
		groups := map[string]*tally{}
		next := 0
		for i, n := range c.sizes {
			g := &tally{people: map[string]bool{}}
			for range n {
				next++
				g.people[string(rune('A'+next))] = true
			}
			groups[string(rune('a'+i))] = g
		}
		out, err := w.vault.release(groups, statCount)
		if err != nil || len(out.Groups) != c.kept || out.Suppressed != len(c.sizes)-c.kept {
			t.Errorf("groups of %v: %+v %v", c.sizes, out, err)
		}
	}
}

// Only people whose data the purpose may use are counted.
func TestAggregateCountsWhomItMay(t *testing.T) {
	w := sqliteWorld(t)
	var subs []string
	for range 4 {
		sub := w.spender("expense", "1 AED")
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		subs = append(subs, sub)
	}
	w.spender("expense", "100 AED")
	out, err := w.aggregate(insights, "sum", "amount", "")
	if err != nil || out.People != 4 || out.Groups[0].Value != "4 AED" {
		t.Fatalf("%+v %v", out, err)
	}
	must(t, w.vault.SetConsent(w.ctx, w.app, "acme", subs[0], insights, false))
	out, err = w.aggregate(insights, "sum", "amount", "")
	if err != nil || out.People != 3 {
		t.Fatalf("%+v %v", out, err)
	}
	must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", subs[1], true))
	_, err = w.aggregate(insights, "sum", "amount", "")
	want(t, err, fault.Refused)
	must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", subs[1], false))
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", subs[2]))
	_, err = w.aggregate(insights, "sum", "amount", "")
	want(t, err, fault.Refused)
}

func TestAggregateCurrencies(t *testing.T) {
	w := sqliteWorld(t)
	for range 3 {
		w.spender("expense", "1 AED", "1000 JPY")
	}
	out, err := w.aggregate(account, "sum", "amount", "")
	if wanted := (Aggregate{People: 3, Groups: []Group{{"AED", 3, "3 AED"}, {"JPY", 3, "3000 JPY"}}}); err != nil || !reflect.DeepEqual(out, wanted) {
		t.Fatalf("%+v %v", out, err)
	}
	out, err = w.aggregate(account, "sum", "amount", "direction")
	if err != nil || len(out.Groups) != 2 || out.Groups[0].Key != "expense AED" {
		t.Fatalf("%+v %v", out, err)
	}
	out, err = w.aggregate(account, "mean", "count", "shared")
	if err != nil || out.Groups[0] != (Group{"true", 3, "2"}) {
		t.Fatalf("%+v %v", out, err)
	}
}

// A text never becomes a group, however it is asked for.
func TestAggregateShowsNoText(t *testing.T) {
	w := sqliteWorld(t)
	for range 3 {
		w.spender("expense", "1 AED")
	}
	out, err := w.aggregate(account, "count", "note", "")
	if wanted := (Aggregate{People: 3, Groups: []Group{{"", 3, "3"}}}); err != nil || !reflect.DeepEqual(out, wanted) {
		t.Fatalf("%+v %v", out, err)
	}
	for _, c := range [][3]string{
		{"count", "", "note"}, {"count", "", "date"}, {"count", "", "amount"}, {"sum", "note", ""}, {"sum", "", ""}, {"mean", "date", ""}, {"median", "amount", ""}, {"", "", ""},
	} {
		_, err := w.aggregate(account, c[0], c[1], c[2])
		want(t, err, fault.Invalid)
	}
	for _, c := range [][2]string{{"undeclared", ""}, {"", "undeclared"}} {
		_, err := w.aggregate(account, "count", c[0], c[1])
		want(t, err, fault.Refused)
	}
	out, err = w.aggregate(account, "count", "direction", "direction")
	if err != nil || out.Groups[0] != (Group{"expense", 3, "3"}) {
		t.Fatalf("%+v %v", out, err)
	}
}
