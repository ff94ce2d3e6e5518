package finance

import (
	"bytes"
	"encoding/csv"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDefusedTextIsNoFormula(t *testing.T) {
	for _, text := range []string{"=1+1", "+971", "-2", "@SUM(A1)", "\t=1", "＝1", " =1", "\u200b=1", "a;=1", `a";=1`, "a\n=1", "a, =cmd|' /C calc'!A0", "'=1", "''"} {
		safe := Defuse(text)
		// A spreadsheet may split at any separator, and ignores space before a formula.
		for _, cell := range strings.FieldsFunc(safe, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			cell = strings.TrimLeft(cell, " \t\u200b")
			if cell != "" && strings.ContainsAny(cell[:1], formulas[:4]) || strings.HasPrefix(cell, "＝") {
				t.Errorf("%q becomes %q, with a formula in %q", text, safe, cell)
			}
		}
		if back := Restore(safe); back != text {
			t.Errorf("%q becomes %q and comes back as %q", text, safe, back)
		}
	}
	for _, text := range []string{"Carrefour", "O'Neill", "مقهى", "a-b", "50% off = nice"} {
		if Defuse(text) != text {
			t.Errorf("%q is changed to %q", text, Defuse(text))
		}
	}
}

func FuzzDefuse(f *testing.F) {
	for _, seed := range []string{"=1", "'=1", "a;'b", "\u00a0@x", "''''", "a\"=\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		if back := Restore(Defuse(text)); back != text {
			t.Fatalf("%q comes back as %q", text, back)
		}
	})
}

func TestWhatIsExportedComesBack(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aé=+-@'\";,|\n \tمق٣1")), 0, 40, -1)
	rapid.Check(t, func(r *rapid.T) {
		var all []Transaction
		for range rapid.IntRange(1, 5).Draw(r, "n") {
			one := Transaction{
				Day: today.AddDate(0, 0, -rapid.IntRange(0, 3000).Draw(r, "ago")), Amount: money(r, 1_000_000, "amount").Add(Whole(1)),
				In: rapid.Bool().Draw(r, "in"), Category: rapid.SampledFrom(Categories()).Draw(r, "category"),
				Merchant: strings.TrimSpace("m" + text.Draw(r, "merchant")), Note: strings.TrimSpace(text.Draw(r, "note")),
			}
			all = append(all, one)
		}
		var file bytes.Buffer
		if err := Export(&file, all); err != nil {
			r.Fatal(err)
		}
		back, err := Import(&file, "AED")
		if err != nil {
			r.Fatalf("%v of %q", err, file.String())
		}
		if fresh, known := New(back, all); len(fresh) > 0 || known != len(all) {
			r.Fatalf("%+v comes back as %+v", all, back)
		}
	})
}

func TestImport(t *testing.T) {
	got, err := Import(strings.NewReader("\ufeffDate;Description;Amount\r\n03/11/2026;Salary November;\"12,000.00\"\r\n04/11/2026;Carrefour;-٢٥٠٫٧٥ AED\r\n"), "AED")
	want := []Transaction{
		{Day: day1(11, 3), Amount: aed(t, "12000"), In: true, Category: Other, Merchant: "Salary November"},
		{Day: day1(11, 4), Amount: aed(t, "250.75"), Category: Other, Merchant: "Carrefour"},
	}
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Amount.Cmp(want[i].Amount) != 0 {
			t.Errorf("%s, want %s", got[i].Amount, want[i].Amount)
		}
		got[i].Amount, want[i].Amount = Money{}, Money{}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	const header = "date,amount,direction,category,merchant,description\n"
	for name, c := range map[string]struct {
		file, wrong string
		row         int
	}{
		"nothing":              {"", "empty", 1},
		"a header alone":       {header, "empty", 1},
		"no amounts":           {"date,merchant\n2026-01-01,x\n", "header", 1},
		"two amounts":          {"date,amount,amount,merchant\n2026-01-01,1,2,x\n", "header", 1},
		"no day":               {header + "2026-02-30,1,expense,other,x,\n", "date", 2},
		"no amount":            {header + "2026-02-03,1,expense,other,x,\n2026-02-03,\"1,2\",expense,other,x,\n", "amount", 3},
		"another currency":     {header + "2026-02-03,1 USD,expense,other,x,\n", "amount", 2},
		"nothing spent":        {header + "2026-02-03,0,expense,other,x,\n", "amount", 2},
		"less than nothing":    {header + "2026-02-03,-5,expense,other,x,\n", "amount", 2},
		"no direction":         {header + "2026-02-03,1,away,other,x,\n", "direction", 2},
		"no category":          {header + "2026-02-03,1,expense,crypto,x,\n", "category", 2},
		"nobody":               {header + "2026-02-03,1,expense,other,,\n", "merchant", 2},
		"a long merchant":      {header + "2026-02-03,1,expense,other," + strings.Repeat("x", 201) + ",\n", "merchant", 2},
		"a long note":          {header + "2026-02-03,1,expense,other,x," + strings.Repeat("x", 1025) + "\n", "description", 2},
		"too few cells":        {header + "2026-02-03,1\n", "csv", 2},
		"an open quote":        {header + "2026-02-03,1,expense,other,\"x\n", "csv", 2},
		"not text":             {header + "2026-02-03,1,expense,other,\xff,\n", "text", 0},
		"a picture":            {"\x89PNG\r\n\x00\x00", "text", 0},
		"too many rows":        {header + strings.Repeat("2026-02-03,1,expense,other,x,\n", MaxRows+1), "rows", MaxRows + 2},
		"too large":            {header + strings.Repeat("x", MaxFile), "size", 0},
		"a number of no limit": {header + "2026-02-03,1e999999999,expense,other,x,\n", "amount", 2},
	} {
		all, err := Import(strings.NewReader(c.file), "AED")
		at, ok := errors.AsType[*RowError](err)
		if !ok || at.Wrong != c.wrong || at.Row != c.row || all != nil {
			t.Errorf("%s: %v, want %s in line %d", name, err, c.wrong, c.row)
		}
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("date,amount,merchant\n2026-01-01,1,x\n"))
	f.Add([]byte("date;amount;description\n1/1/2026;-1;\"a\nb\"\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		all, err := Import(bytes.NewReader(source), "AED")
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Export(&out, all); err != nil {
			t.Fatal(err)
		}
		if rows, err := csv.NewReader(&out).ReadAll(); err != nil || len(rows) != len(all)+1 {
			t.Fatalf("%d rows of %d: %v", len(rows), len(all), err)
		}
	})
}

func TestAFileReadTwiceAddsNothing(t *testing.T) {
	coffee := Transaction{Day: day1(11, 3), Amount: aed(t, "18"), Category: Leisure, Merchant: "Café"}
	twice := []Transaction{coffee, coffee}
	if fresh, known := New(twice, nil); len(fresh) != 2 || known != 0 {
		t.Errorf("two coffees of a day are %d", len(fresh))
	}
	if fresh, known := New(twice, []Transaction{coffee}); len(fresh) != 1 || known != 1 {
		t.Errorf("one is there: %d are new", len(fresh))
	}
	if fresh, _ := New(twice, twice); len(fresh) != 0 {
		t.Errorf("both are there: %d are new", len(fresh))
	}
}

func TestMoney(t *testing.T) {
	for text, want := range map[string]string{
		"1250": "1,250.00", "1,250.5": "1,250.50", "٬": "", "١٬٢٥٠٫٥٠": "1,250.50", "0.005": "0.01", "-0.001": "0.00", "-12": "-12.00",
		"999999999999.9999": "1,000,000,000,000.00", "1000000000000": "", "12,50": "", "1.2.3": "", "": "", "1e9": "", "0x10": "", "1/2": "", "NaN": "", " 5 ": "5.00",
	} {
		m, err := ParseMoney(text)
		if (err != nil) != (want == "") || err == nil && m.String() != want {
			t.Errorf("%q is %s (%v), want %q", text, m, err, want)
		}
	}
	third := Whole(1).Parts(3)
	if third.Times(3).Cmp(Whole(1)) != 0 {
		t.Error("three thirds are not one")
	}
	for stored, plain := range map[string]string{"12500.00 AED": "12500.00", "0.1234 AED": "0.1234", "-3 AED": "-3.00", "5 USD": "", "AED": ""} {
		if m, ok := ParseStored(stored, "AED"); ok != (plain != "") || ok && (m.Plain() != plain) {
			t.Errorf("%q is %s, %v", stored, m.Plain(), ok)
		}
	}
}

func TestMonths(t *testing.T) {
	if m, err := ParseMonth("2024-02"); err != nil || m.Days() != 29 || m.String() != "2024-02" || (m-2).String() != "2023-12" {
		t.Errorf("%v, %v", m, err)
	}
	if MonthOf(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))+1 != MonthOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("January does not follow December")
	}
}
