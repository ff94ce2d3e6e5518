package calendar

import (
	"time"

	"clause.dev/clause/internal/policy"
)

// Due returns the moment by which something is done that is owed within a term from start on. Hours
// and minutes are exact. Longer terms are counted in days of start's time zone: the day of start does
// not count, and the term ends with the last moment of its last day (Regulation (EEC, Euratom)
// 1182/71, art. 3), which is given as the first moment that is too late. A term is never lengthened
// because its last day is a holiday: what was promised within 30 days is done within 30.
//
// A rhythm (every quarter; 2 per calendar year) is due a unit, or an even share of it, after start.
// It reports false for terms that no calendar can end: before an event, without undue delay.
func (c *Calendar) Due(start time.Time, t policy.Term) (time.Time, bool) {
	switch t.Form {
	case policy.Instant:
		return start, true
	case policy.Within, policy.Every:
		return c.after(start, t.Count, t.Unit), true
	case policy.PerUnit:
		return c.share(start, t), true
	}
	return time.Time{}, false
}

// Lead returns the last moment at which something can be done that must be done a term ahead of an
// event: at the event's time of day, the term's days before. It reports false for all but spans.
func (c *Calendar) Lead(event time.Time, t policy.Term) (time.Time, bool) {
	if t.Form != policy.Within {
		return time.Time{}, false
	}
	if d, ok := exact(t); ok {
		return event.Add(-d), true
	}
	day, back := DateOf(event), 0
	for c.on(day.plus(-back), t.Count, t.Unit).after(day) {
		back++
	}
	return event.AddDate(0, 0, -back), true
}

// Later returns the moment a span after start, at the same time of day. It reports false for all but
// spans.
func (c *Calendar) Later(start time.Time, t policy.Term) (time.Time, bool) {
	if t.Form != policy.Within {
		return time.Time{}, false
	}
	if d, ok := exact(t); ok {
		return start.Add(d), true
	}
	from := DateOf(start)
	to := c.on(from, t.Count, t.Unit)
	return start.AddDate(0, 0, int(to.Time(time.UTC).Sub(from.Time(time.UTC))/(24*time.Hour))), true
}

// exact is a term that is the same length always.
func exact(t policy.Term) (time.Duration, bool) {
	switch t.Unit {
	case policy.Minute:
		return time.Duration(t.Count) * time.Minute, true
	case policy.Hour:
		return time.Duration(t.Count) * time.Hour, true
	}
	return 0, false
}

func (c *Calendar) after(start time.Time, n int, unit policy.Unit) time.Time {
	if d, ok := exact(policy.Term{Count: n, Unit: unit}); ok {
		return start.Add(d)
	}
	return c.on(DateOf(start), n, unit).plus(1).Time(start.Location())
}

// on returns the last day of so many units that begin with the day after day.
func (c *Calendar) on(day Date, n int, unit policy.Unit) Date {
	switch unit {
	case policy.Day:
		return day.plus(n)
	case policy.Week:
		return day.plus(7 * n)
	case policy.Month:
		return day.months(n)
	case policy.Quarter:
		return day.months(3 * n)
	case policy.Year:
		return day.months(12 * n)
	}
	for left := n; left > 0; {
		if day = day.plus(1); c.Business(day) {
			left--
		}
	}
	return day
}

// months returns the same day so many months later, or the last day of a month that is too short:
// Regulation 1182/71, art. 3(2)(c).
func (d Date) months(n int) Date {
	first := DateOf(time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	last := DateOf(time.Date(first.Year, first.Month+1, 0, 0, 0, 0, 0, time.UTC))
	first.Day = min(d.Day, last.Day)
	return first
}

// share is the end of the first even share of the current calendar unit that begins after start: of
// two a year, the end of June and the end of December.
func (c *Calendar) share(start time.Time, t policy.Term) time.Time {
	from, to := period(DateOf(start), t.Unit)
	days := int(to.Time(time.UTC).Sub(from.Time(time.UTC)) / (24 * time.Hour))
	for k := 1; k <= t.Count; k++ {
		end := from.plus(days * k / t.Count)
		if t.Unit == policy.Year && 12%t.Count == 0 {
			end = from.months(12 * k / t.Count) // whole months, as people would divide a year
		}
		if at := end.Time(start.Location()); at.After(start) {
			return at
		}
	}
	return to.Time(start.Location())
}

// period returns the first day of the calendar unit that holds the day, and of the next.
func period(d Date, unit policy.Unit) (from, to Date) {
	switch unit {
	case policy.Year:
		return Date{d.Year, 1, 1}, Date{d.Year + 1, 1, 1}
	case policy.Quarter:
		from = Date{d.Year, (d.Month-1)/3*3 + 1, 1}
		return from, from.months(3)
	case policy.Month:
		from = Date{d.Year, d.Month, 1}
		return from, from.months(1)
	case policy.Week:
		from = d.plus(-(int(d.weekday()) + 6) % 7) // Monday, ISO 8601
		return from, from.plus(7)
	}
	return d, d.plus(1)
}
