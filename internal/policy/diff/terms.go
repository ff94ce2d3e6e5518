package diff

import (
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// firstDay returns the first day on which notice given on a day is as old as promised: of 30 days
// from 1 June, 1 July. It reports false where the term or the calendar does not tell.
func firstDay(on time.Time, t policy.Term, country string) (time.Time, bool) {
	if t.Form == policy.Instant {
		return on, true
	}
	c, known := calendar.Of(country)
	switch {
	case known:
	case t.Unit == policy.BusinessDay:
		return time.Time{}, false
	default:
		c = &calendar.Calendar{} // days, weeks and months are the same everywhere
	}
	at, ok := c.Later(on, t)
	if day := at.Truncate(24 * time.Hour); day.Before(at) {
		at = day.AddDate(0, 0, 1) // hours end within a day
	}
	return at, ok
}

// unsettled returns the holidays between two days that may still be moved, and whether the calendar
// knows them at all.
func unsettled(from, to time.Time, country string) (names []string, known bool) {
	c, ok := calendar.Of(country)
	if !ok {
		return nil, false
	}
	for year := from.Year(); year <= to.Year(); year++ {
		for _, h := range c.Holidays(year) {
			if at := h.Date.Time(time.UTC); h.Expected && at.After(from) && !at.After(to) {
				names = append(names, h.Name+" ("+h.Date.String()+")")
			}
		}
	}
	return names, c.Knows(calendar.DateOf(to))
}

// amount returns the least and the most seconds that a term can amount to. It reports false for one
// that names no figure.
func amount(t policy.Term) (least, most int64, ok bool) {
	const day = 24 * 60 * 60
	n := int64(t.Count)
	switch t.Form {
	case policy.Instant:
		return 0, 0, true
	case policy.PerUnit: // each has an even share
		least, most, ok = amount(policy.Term{Form: policy.Within, Count: 1, Unit: t.Unit})
		return least / max(n, 1), most / max(n, 1), ok
	case policy.Within, policy.Every:
	default:
		return 0, 0, false
	}
	switch t.Unit {
	case policy.Minute:
		return n * 60, n * 60, true
	case policy.Hour:
		return n * 60 * 60, n * 60 * 60, true
	case policy.Day:
		return n * day, n * day, true
	case policy.Week:
		return n * 7 * day, n * 7 * day, true
	case policy.BusinessDay: // week-ends and feasts can double it, see policy.Term.Longest
		return n * day, n * 2 * day, true
	}
	each, ok := map[policy.Unit]int{policy.Month: 1, policy.Quarter: 3, policy.Year: 12}[t.Unit]
	days := daysOf(each * t.Count)
	return slices.Min(days) * day, slices.Max(days) * day, ok
}

// daysOf is what months come to from the first of each month of a leap year and its neighbours.
func daysOf(months int) (days []int64) {
	for start := range 4 * 12 {
		from := time.Date(2023, time.January+time.Month(start), 1, 0, 0, 0, 0, time.UTC)
		days = append(days, int64(from.AddDate(0, months, 0).Unix()-from.Unix())/(24*60*60))
	}
	return days
}
