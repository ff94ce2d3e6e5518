package policy_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
)

const (
	aDay    = 24 * time.Hour
	endless = time.Duration(-1) // a term that does not say how long
)

func TestParseTerm(t *testing.T) {
	within := func(n int, u policy.Unit) policy.Term { return policy.Term{Form: policy.Within, Count: n, Unit: u} }
	for in, want := range map[string]struct {
		term    policy.Term
		text    string
		longest time.Duration
	}{
		"30 days":               {within(30, policy.Day), "30 days", 30 * aDay},
		"1 day":                 {within(1, policy.Day), "1 day", aDay},
		"30 calendar days":      {within(30, policy.Day), "30 days", 30 * aDay},
		"15 minutes":            {within(15, policy.Minute), "15 minutes", 15 * time.Minute},
		"72 hours":              {within(72, policy.Hour), "72 hours", 3 * aDay},
		"2 weeks":               {within(2, policy.Week), "2 weeks", 14 * aDay},
		"1 month":               {within(1, policy.Month), "1 month", 31 * aDay},
		"100 years":             {within(100, policy.Year), "100 years", 100 * 366 * aDay},
		"5 business days":       {within(5, policy.BusinessDay), "5 business days", 10 * aDay},
		"every quarter":         {policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}, "every quarter", 92 * aDay},
		"every calendar year":   {policy.Term{Form: policy.Every, Count: 1, Unit: policy.Year}, "every year", 366 * aDay},
		"every 2 months":        {policy.Term{Form: policy.Every, Count: 2, Unit: policy.Month}, "every 2 months", 62 * aDay},
		"2 per calendar year":   {policy.Term{Form: policy.PerUnit, Count: 2, Unit: policy.Year}, "2 per calendar year", 183 * aDay},
		"2 times a year":        {policy.Term{Form: policy.PerUnit, Count: 2, Unit: policy.Year}, "2 per calendar year", 183 * aDay},
		"4 per day":             {policy.Term{Form: policy.PerUnit, Count: 4, Unit: policy.Day}, "4 per day", 6 * time.Hour},
		"before the next audit": {policy.Term{Form: policy.Before, Event: "the next audit"}, "before the next audit", endless},
		"without undue delay":   {policy.Term{Form: policy.Prompt}, "without undue delay", endless},
		"at once":               {policy.Term{Form: policy.Instant}, "at once", 0},
	} {
		got, ok := policy.ParseTerm(in)
		if !ok || got != want.term || got.String() != want.text {
			t.Errorf("%q is %+v, %q, %v, want %+v, %q", in, got, got, ok, want.term, want.text)
		}
		longest, ok := got.Longest()
		if ok != (want.longest != endless) || ok && longest != want.longest {
			t.Errorf("%q lasts %s, %v, want %s", in, longest, ok, want.longest)
		}
	}
}

func TestParseTermRefuses(t *testing.T) {
	for _, in := range []string{"", "30", "30d", "30days", "0 days", "-1 days", "1.5 days", "010 days", "10000 days", "101 years", "9999 years", "every 1000 quarters",
		"thirty days", "2 fortnights", " 30 days", "30 days ", "30 days\n", "30  days", "every", "every other month", "2 per", "per year", "before the next ",
		"before the next 9", "before Friday", "immediately", "At once", "30 days or so"} {
		if got, ok := policy.ParseTerm(in); ok {
			t.Errorf("%q is taken for %+v", in, got)
		}
	}
	if got := (policy.Term{}).String(); got != "" {
		t.Errorf("no term is put as %q", got)
	}
	if got, ok := (policy.Term{}).Longest(); ok {
		t.Errorf("no term lasts %s", got)
	}
}

// anyTerm draws a term that a policy can hold.
func anyTerm(t *rapid.T) policy.Term {
	unit := rapid.SampledFrom([]policy.Unit{policy.Minute, policy.Hour, policy.Day, policy.BusinessDay, policy.Week, policy.Month, policy.Quarter, policy.Year}).Draw(t, "unit")
	count := rapid.IntRange(1, 100).Draw(t, "count")
	switch form := rapid.SampledFrom([]policy.TermForm{policy.Within, policy.Every, policy.PerUnit, policy.Before, policy.Prompt, policy.Instant}).Draw(t, "form"); form {
	case policy.Before:
		return policy.Term{Form: form, Event: "the next " + rapid.StringMatching(`[a-z][a-z -]{0,60}`).Draw(t, "event")}
	case policy.Prompt, policy.Instant:
		return policy.Term{Form: form}
	default:
		return policy.Term{Form: form, Count: count, Unit: unit}
	}
}

func TestTermsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := anyTerm(t)
		if got, ok := policy.ParseTerm(term.String()); !ok || got != term {
			t.Errorf("%+v is put as %q, which is read as %+v, %v", term, term, got, ok)
		}
	})
}

// More of a unit is never sooner, and more times a unit never later.
func TestLongestGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := anyTerm(t)
		longest, ok := term.Longest()
		if longest < 0 || !ok && longest != 0 {
			t.Errorf("%q lasts %s", term, longest)
		}
		if term.Count == 0 {
			return
		}
		term.Count++
		more, _ := term.Longest()
		if term.Form == policy.PerUnit && more > longest || term.Form != policy.PerUnit && more <= longest {
			t.Errorf("%q lasts %s, one less %s", term, more, longest)
		}
	})
}

// FuzzParseTerm: whatever is taken for a term is put in words that mean the same.
func FuzzParseTerm(f *testing.F) {
	for _, s := range []string{"30 days", "every 2 calendar months", "9999 per calendar year", "before the next x", "at once", "5 business day"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		term, ok := policy.ParseTerm(s)
		if !ok {
			return
		}
		if again, ok := policy.ParseTerm(term.String()); !ok || again != term {
			t.Errorf("%q is %+v, put as %q, read as %+v, %v", s, term, term, again, ok)
		}
		if longest, _ := term.Longest(); longest < 0 {
			t.Errorf("%q lasts %s", s, longest)
		}
	})
}

// The parameters of controls are terms in the policy that was parsed.
func TestTermsOfControls(t *testing.T) {
	src := replaced(t, small, "- tenant-isolation\n", "- clock: {duty: mail, within: 30 days, acknowledge: 5 business days}\n")
	p, err := policy.Parse("p.yaml", []byte(src), controls())
	if err != nil {
		t.Fatal(err)
	}
	params := p.Clauses[0].Keep[1].Params
	if params["within"] != (policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}) ||
		params["acknowledge"] != (policy.Term{Form: policy.Within, Count: 5, Unit: policy.BusinessDay}) {
		t.Errorf("got %+v", params)
	}
}
