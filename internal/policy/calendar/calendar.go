// Package calendar knows the business days of countries, and when a promise's term ends on them.
//
// Holidays are data, a file a country. Feasts that follow the moon are announced, not computed: what
// a file expects of them an operator can correct with a file of their own.
package calendar

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

//go:embed data/*.json
var files embed.FS

// Calendar is the business days of a country. It is made by Of or Read, and never changes.
type Calendar struct {
	Country string // ISO 3166-1 alpha-2, or EU for the institutions of the European Union
	Name    string
	Zone    string // the time zone whose days count, as in the IANA database
	Source  string // where the holidays were taken from
	Through int    // the last year whose holidays are known

	weekend  []time.Weekday
	holidays map[Date]Holiday
}

// Date is a day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day of a moment, in the moment's own time zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Time returns the first moment of the day in a time zone.
func (d Date) Time(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

func (d Date) String() string { return d.Time(time.UTC).Format(time.DateOnly) }

// plus returns the day so many days later.
func (d Date) plus(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

func (d Date) after(o Date) bool { return d.Time(time.UTC).After(o.Time(time.UTC)) }

func (d Date) weekday() time.Weekday { return d.Time(time.UTC).Weekday() }

// Holiday is a day off.
type Holiday struct {
	Date     Date
	Name     string
	Expected bool // the moon or a government may still move it
}

// Of returns the calendar of a country. It reports false where none is known.
func Of(country string) (*Calendar, bool) {
	src, err := files.ReadFile("data/" + strings.ToLower(country) + ".json")
	if err != nil {
		return nil, false
	}
	c, err := Read(src)
	return c, err == nil
}

// Countries returns the countries whose calendars are known, sorted.
func Countries() (all []string) {
	entries, _ := files.ReadDir("data")
	for _, e := range entries {
		all = append(all, strings.ToUpper(strings.TrimSuffix(e.Name(), ".json")))
	}
	return all
}

// file is a calendar as written.
type file struct {
	Country string   `json:"country"`
	Name    string   `json:"name"`
	Zone    string   `json:"zone"`
	Source  string   `json:"source"`
	From    int      `json:"from"`    // the first year
	Through int      `json:"through"` // the last year
	Weekend []string `json:"weekend"`
	Rules   []rule   `json:"rules"`
	Dates   []dated  `json:"dates"`
}

// dated is a holiday of one year.
type dated struct {
	On       string `json:"on"` // 2026-03-20
	Name     string `json:"name"`
	Expected bool   `json:"expected"`
	Off      bool   `json:"off"` // in an operator's file: this is no holiday after all
}

// Read reads a calendar from a file. A file that is not one is Invalid.
func Read(src []byte) (*Calendar, error) {
	f, err := parse(src)
	if err != nil {
		return nil, err
	}
	if f.Country == "" || f.From == 0 || f.Through < f.From || f.Through > f.From+100 {
		return nil, invalid("a calendar needs country, from and through, at most a hundred years apart")
	}
	c := &Calendar{Country: f.Country, Name: f.Name, Zone: f.Zone, Source: f.Source, Through: f.Through, holidays: map[Date]Holiday{}}
	for _, name := range f.Weekend {
		day, ok := weekday(name)
		if !ok {
			return nil, invalid("%q is no day of the week", name)
		}
		c.weekend = append(c.weekend, day)
	}
	if len(c.weekend) > 6 {
		return nil, invalid("a week needs a business day")
	}
	for year := f.From; year <= f.Through; year++ {
		for _, r := range f.Rules {
			if err := c.apply(r, year); err != nil {
				return nil, err
			}
		}
	}
	return c, c.add(f.Dates)
}

// With returns the calendar with an operator's file over it: more holidays, holidays that were moved
// (on with off: true, and on the new day), later years. Only dates, through and country are read.
func (c *Calendar) With(src []byte) (*Calendar, error) {
	f, err := parse(src)
	if err != nil {
		return nil, err
	}
	if f.Country != "" && f.Country != c.Country {
		return nil, invalid("the file is for %s, the calendar is of %s", f.Country, c.Country)
	}
	if f.Rules != nil || f.Weekend != nil {
		return nil, invalid("a file over a calendar holds dates, not rules or a week-end")
	}
	more := *c
	more.holidays = map[Date]Holiday{}
	for d, h := range c.holidays {
		more.holidays[d] = h
	}
	more.Through = max(c.Through, f.Through)
	return &more, more.add(f.Dates)
}

func parse(src []byte) (f file, err error) {
	dec := json.NewDecoder(strings.NewReader(string(src)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return f, invalid("the calendar cannot be read: %v", err)
	}
	if dec.More() {
		return f, invalid("the calendar goes on after its end")
	}
	return f, nil
}

func (c *Calendar) add(dates []dated) error {
	for _, d := range dates {
		at, err := time.Parse(time.DateOnly, d.On)
		if err != nil {
			return invalid("%q is no date", d.On)
		}
		if d.Off {
			delete(c.holidays, DateOf(at))
			continue
		}
		c.holidays[DateOf(at)] = Holiday{DateOf(at), d.Name, d.Expected}
	}
	return nil
}

// Holidays returns the days off of a year in order, week-ends aside.
func (c *Calendar) Holidays(year int) (all []Holiday) {
	for d, h := range c.holidays {
		if d.Year == year {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b Holiday) int { return a.Date.Time(time.UTC).Compare(b.Date.Time(time.UTC)) })
	return all
}

// Business reports whether a day is a business day.
func (c *Calendar) Business(d Date) bool {
	_, off := c.holidays[d]
	return !off && !slices.Contains(c.weekend, d.weekday())
}

// Knows reports whether the holidays of the day's year are known. Where they are not, week-ends alone
// are off, so that a term ends too early rather than too late.
func (c *Calendar) Knows(d Date) bool { return d.Year <= c.Through }

func weekday(name string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if day.String() == name {
			return day, true
		}
	}
	return 0, false
}

func invalid(format string, args ...any) error {
	return fault.New("calendar.Read", fault.Invalid, format, args...).WithHint("docs/calendars.md shows a calendar file")
}

// Plain is a calendar on which Saturdays and Sundays are off and nothing else is known.
func Plain() *Calendar {
	return &Calendar{Name: "no country", Zone: "UTC", weekend: []time.Weekday{time.Saturday, time.Sunday}, holidays: map[Date]Holiday{}}
}
