package calendar_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

func of(t testing.TB, country string) *calendar.Calendar {
	t.Helper()
	c, ok := calendar.Of(country)
	if !ok {
		t.Fatalf("no calendar of %s", country)
	}
	return c
}

func date(s string) calendar.Date {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return calendar.DateOf(at)
}

func TestEveryCalendarIsWhole(t *testing.T) {
	want := []string{"AE", "EU", "GB", "IN", "US"}
	if got := calendar.Countries(); !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	for _, country := range want {
		c := of(t, country)
		if c.Country != country || c.Name == "" || c.Source == "" || len(c.Holidays(2026)) < 8 || c.Through < 2027 {
			t.Errorf("%s is not whole: %+v", country, c)
		}
		if _, err := time.LoadLocation(c.Zone); err != nil {
			t.Errorf("%s: %v", country, err)
		}
	}
	if _, ok := calendar.Of("ZZ"); ok {
		t.Error("a calendar of nowhere")
	}
}

func TestDaysOff(t *testing.T) {
	for _, row := range []struct {
		country, day string
		business     bool
	}{
		{"AE", "2026-12-02", false}, // Eid Al Etihad
		{"AE", "2026-12-03", false},
		{"AE", "2026-12-04", true}, // a Friday: the week-end is Saturday and Sunday since 2022
		{"AE", "2026-12-05", false},
		{"AE", "2026-12-06", false},
		{"GB", "2026-04-03", false}, // Good Friday
		{"GB", "2026-04-06", false}, // Easter Monday
		{"GB", "2026-05-04", false},
		{"GB", "2026-05-25", false},
		{"GB", "2026-08-31", false},
		{"GB", "2026-12-25", false},
		{"GB", "2026-12-28", false}, // Boxing Day was a Saturday
		{"GB", "2026-12-29", true},
		{"GB", "2027-12-27", false}, // Christmas was a Saturday, Boxing Day a Sunday
		{"GB", "2027-12-28", false},
		{"GB", "2027-12-29", true},
		{"US", "2026-07-03", false}, // the Fourth was a Saturday
		{"US", "2026-11-26", false}, // Thanksgiving
		{"US", "2026-11-27", true},
		{"US", "2027-12-31", false}, // New Year's Day of 2028 is a Saturday
		{"EU", "2026-05-14", false}, // Ascension
		{"EU", "2026-05-15", false},
		{"EU", "2026-12-31", false},
		{"IN", "2026-08-15", false},
		{"IN", "2026-10-02", false},
	} {
		if got := of(t, row.country).Business(date(row.day)); got != row.business {
			t.Errorf("%s %s: business day %v", row.country, row.day, got)
		}
	}
}

// The feasts that follow the moon are within two days of the tabular Islamic calendar: a wrong digit
// in a data file is seen.
func TestFeastsOfTheMoon(t *testing.T) {
	feasts := map[string][2]int{ // month and day of the Hijri calendar
		"Eid Al Fitr": {10, 1}, "Arafat Day": {12, 9}, "Eid Al Adha": {12, 10}, "Islamic New Year": {1, 1}, "Birthday of the Prophet": {3, 12},
		"Id-ul-Fitr": {10, 1}, "Id-ul-Zuha": {12, 10}, "Muharram": {1, 10}, "Milad-un-Nabi": {3, 12},
	}
	for _, country := range []string{"AE", "IN"} {
		c, seen := of(t, country), 0
		for year := 2025; year <= c.Through; year++ {
			first := map[string]bool{}
			for _, h := range c.Holidays(year) {
				want, lunar := feasts[h.Name]
				if !lunar || first[h.Name] {
					continue
				}
				first[h.Name], seen = true, seen+1
				near := false
				for _, hijri := range []int{year - 579, year - 578, year - 577} {
					off := h.Date.Time(time.UTC).Sub(tabular(hijri, want[0], want[1]))
					near = near || off.Abs() <= 48*time.Hour
				}
				if !near {
					t.Errorf("%s: %s on %s is not when the moon has it", country, h.Name, h.Date)
				}
			}
		}
		if seen < 8 {
			t.Errorf("%s has %d feasts of the moon", country, seen)
		}
	}
}

// tabular is a day of the tabular Islamic calendar, civil epoch.
func tabular(year, month, day int) time.Time {
	days := day + (59*(month-1)+1)/2 + (year-1)*354 + (3+11*year)/30
	return time.Date(622, 7, 19, 0, 0, 0, 0, time.UTC).AddDate(0, 0, days-1)
}

// TestDue is a table of terms and their ends: the first moment that is too late.
func TestDue(t *testing.T) {
	for _, row := range []struct{ country, start, term, due string }{
		{"AE", "2026-11-21T22:07:00Z", "72 hours", "2026-11-24T22:07:00Z"},
		{"AE", "2026-11-21T22:07:00Z", "at once", "2026-11-21T22:07:00Z"},
		{"AE", "2026-11-21T09:00:00Z", "30 days", "2026-12-22T00:00:00+04:00"},
		{"AE", "2026-11-21T22:07:00Z", "30 days", "2026-12-23T00:00:00+04:00"},         // it is the 22nd in Dubai
		{"AE", "2026-11-27T08:00:00Z", "5 business days", "2026-12-09T00:00:00+04:00"}, // over a week-end and Eid Al Etihad
		{"GB", "2026-01-31T08:00:00Z", "1 month", "2026-03-01T00:00:00Z"},
		{"GB", "2026-03-20T08:00:00Z", "2 weeks", "2026-04-04T00:00:00+01:00"}, // the clocks went forward between
		{"US", "2026-02-10T08:00:00Z", "every quarter", "2026-05-11T00:00:00-04:00"},
		{"IN", "2026-02-10T08:00:00Z", "2 per calendar year", "2026-07-01T00:00:00+05:30"},
		{"IN", "2026-07-01T08:00:00Z", "2 per calendar year", "2027-01-01T00:00:00+05:30"},
		{"IN", "2026-02-10T08:00:00Z", "every 2 months", "2026-04-11T00:00:00+05:30"},
		{"GB", "2028-02-29T08:00:00Z", "1 year", "2029-03-01T00:00:00Z"},
	} {
		c := of(t, row.country)
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			t.Fatal(err)
		}
		start, _ := time.Parse(time.RFC3339, row.start)
		want, _ := time.Parse(time.RFC3339, row.due)
		if got, ok := c.Due(start.In(zone), term(t, row.term)); !ok || !got.Equal(want) {
			t.Errorf("%s, %s from %s: due %s, want %s", row.country, row.term, row.start, got, want)
		}
	}
	for _, endless := range []string{"before the next penetration test", "without undue delay"} {
		if _, ok := of(t, "GB").Due(time.Unix(0, 0), term(t, endless)); ok {
			t.Errorf("%q has an end", endless)
		}
	}
}

func term(t testing.TB, s string) policy.Term {
	t.Helper()
	got, ok := policy.ParseTerm(s)
	if !ok {
		t.Fatalf("%q is no term", s)
	}
	return got
}

func spans(t *rapid.T) policy.Term {
	unit := rapid.SampledFrom([]policy.Unit{policy.Day, policy.BusinessDay, policy.Week, policy.Month, policy.Quarter, policy.Year}).Draw(t, "unit")
	return policy.Term{Form: policy.Within, Count: rapid.IntRange(1, 40).Draw(t, "count"), Unit: unit}
}

func moments(t *rapid.T, zone *time.Location) time.Time {
	return time.Unix(rapid.Int64Range(1735689600, 1830297600).Draw(t, "at"), 0).In(zone)
}

// Business days are counted as one would on a paper calendar.
func TestBusinessDaysAgainstAPaperCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _ := calendar.Of(rapid.SampledFrom(calendar.Countries()).Draw(t, "country"))
		start := moments(t, time.UTC)
		n := rapid.IntRange(1, 60).Draw(t, "n")
		due, _ := c.Due(start, policy.Term{Form: policy.Within, Count: n, Unit: policy.BusinessDay})
		seen, last := 0, calendar.Date{}
		for at := start.AddDate(0, 0, 1); calendar.DateOf(at).Time(time.UTC).Before(due); at = at.AddDate(0, 0, 1) {
			if c.Business(calendar.DateOf(at)) {
				seen, last = seen+1, calendar.DateOf(at)
			}
		}
		if seen != n || !due.Equal(last.Time(time.UTC).AddDate(0, 0, 1)) {
			t.Fatalf("%d business days from %s end at %s: %d are between", n, start, due, seen)
		}
	})
}

// A term never ends before its figure, nor later than its longest; longer terms end later.
func TestTermsAreOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _ := calendar.Of(rapid.SampledFrom(calendar.Countries()).Draw(t, "country"))
		zone, _ := time.LoadLocation(c.Zone)
		start, want := moments(t, zone), spans(t)
		due, ok := c.Due(start, want)
		longer, _ := c.Due(start, policy.Term{Form: policy.Within, Count: want.Count + 1, Unit: want.Unit})
		later, _ := c.Due(start.Add(time.Hour), want)
		if !ok || !due.After(start) || !longer.After(due) || later.Before(due) {
			t.Fatalf("%s from %s: due %s; one more %s; an hour later %s", want, start, due, longer, later)
		}
	})
}

// What is done at the lead is a term ahead; a day later it is not.
func TestLead(t *testing.T) {
	event := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"30 days": "2026-02-01", "1 month": "2026-02-03", "5 business days": "2026-02-24", "2 weeks": "2026-02-17",
	} {
		if got, ok := of(t, "AE").Lead(event, term(t, s)); !ok || got.Format(time.DateOnly) != want {
			t.Errorf("%s ahead of %s is %s, want %s", s, event, got, want)
		}
	}
	if got, _ := of(t, "AE").Lead(event, term(t, "72 hours")); !got.Equal(event.Add(-72 * time.Hour)) {
		t.Errorf("72 hours ahead is %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, _ := calendar.Of(rapid.SampledFrom(calendar.Countries()).Draw(t, "country"))
		at, want := moments(t, time.UTC), spans(t)
		lead, ok := c.Lead(at, want)
		if !ok || !lead.Before(at) {
			t.Fatalf("%s ahead of %s is %s", want, at, lead)
		}
		if end, _ := c.Due(lead, want); end.AddDate(0, 0, -1).After(at) {
			t.Fatalf("%s ahead of %s is %s, from which the term ends at %s", want, at, lead, end)
		}
		if end, _ := c.Due(lead.AddDate(0, 0, 1), want); !end.AddDate(0, 0, -1).After(calendar.DateOf(at).Time(time.UTC)) {
			t.Fatalf("%s ahead of %s could be a day later than %s", want, at, lead)
		}
	})
}

func TestLater(t *testing.T) {
	start := time.Date(2026, 1, 31, 15, 4, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"1 month": "2026-02-28T15:04:00Z", "1 week": "2026-02-07T15:04:00Z", "3 business days": "2026-02-04T15:04:00Z", "90 minutes": "2026-01-31T16:34:00Z",
	} {
		if got, ok := of(t, "GB").Later(start, term(t, s)); !ok || got.Format(time.RFC3339) != want {
			t.Errorf("%s after %s is %s, want %s", s, start, got, want)
		}
	}
	if _, ok := of(t, "GB").Later(start, term(t, "every week")); ok {
		t.Error("a rhythm has a later")
	}
}

func TestAnOperatorCorrects(t *testing.T) {
	c := of(t, "AE")
	moved, err := c.With([]byte(`{"country": "AE", "through": 2028, "dates": [
		{"on": "2027-03-09", "off": true}, {"on": "2027-03-12", "name": "Eid Al Fitr"}, {"on": "2028-02-26", "name": "Eid Al Fitr", "expected": true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if !moved.Business(date("2027-03-09")) || moved.Business(date("2027-03-12")) || !moved.Knows(date("2028-06-01")) || len(moved.Holidays(2028)) != 1 {
		t.Errorf("the correction was not made: %v", moved.Holidays(2027))
	}
	if c.Business(date("2027-03-09")) || c.Knows(date("2028-06-01")) {
		t.Error("the calendar underneath was changed")
	}
	for name, src := range map[string]string{
		"no JSON":           `holidays`,
		"two documents":     `{} {}`,
		"an unknown key":    `{"feasts": []}`,
		"another country":   `{"country": "US"}`,
		"no date":           `{"dates": [{"on": "2026-13-01"}]}`,
		"a week-end":        `{"weekend": ["Friday"]}`,
		"a rule over rules": `{"rules": [{"on": "01-01"}]}`,
	} {
		if _, err := c.With([]byte(src)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadCalendars(t *testing.T) {
	for name, src := range map[string]string{
		"nothing":              `{}`,
		"years without end":    `{"country": "XX", "from": 1, "through": 9999}`,
		"years the wrong way":  `{"country": "XX", "from": 2027, "through": 2026}`,
		"a day of no week":     `{"country": "XX", "from": 2026, "through": 2026, "weekend": ["Sonntag"]}`,
		"a week without work":  `{"country": "XX", "from": 2026, "through": 2026, "weekend": ["Monday","Tuesday","Wednesday","Thursday","Friday","Saturday","Sunday"]}`,
		"a rule without a day": `{"country": "XX", "from": 2026, "through": 2026, "rules": [{"name": "Never"}]}`,
		"the sixth Monday":     `{"country": "XX", "from": 2026, "through": 2026, "rules": [{"month": 5, "weekday": "Monday", "nth": 6}]}`,
		"a feast without end":  `{"country": "XX", "from": 2026, "through": 2026, "rules": [{"on": "05-01", "days": 1000000000}]}`,
		"far from Easter":      `{"country": "XX", "from": 2026, "through": 2026, "rules": [{"easter": 1000000000}]}`,
		"the 40th of May":      `{"country": "XX", "from": 2026, "through": 2026, "rules": [{"on": "05-40"}]}`,
	} {
		if _, err := calendar.Read([]byte(src)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"country":"XX","from":2026,"through":2026,"weekend":["Friday"],"rules":[{"name":"A","on":"02-29","moves":"next"},{"easter":-2,"days":3}],"dates":[{"on":"2026-01-01"}]}`)
	f.Fuzz(func(t *testing.T, src string) {
		c, err := calendar.Read([]byte(src))
		if err != nil {
			return
		}
		c.Due(time.Unix(1e9, 0), policy.Term{Form: policy.Within, Count: 3, Unit: policy.BusinessDay})
	})
}

// TestDocumentedFile: the file that the documentation shows corrects a calendar.
func TestDocumentedFile(t *testing.T) {
	text, err := os.ReadFile("../../../docs/calendars.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```json\n")
	src, _, _ := strings.Cut(after, "```")
	c, err := of(t, "AE").With([]byte(src))
	if err != nil || c.Through != 2028 || !c.Business(date("2027-03-09")) || c.Business(date("2027-03-12")) {
		t.Errorf("%+v, %v", c, err)
	}
}
