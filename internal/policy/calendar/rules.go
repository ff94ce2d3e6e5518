package calendar

import "time"

// rule says on which day of every year a holiday is: a day of the year, a day of a week of a month, or
// a number of days from Easter.
type rule struct {
	Name    string `json:"name"`
	On      string `json:"on"`      // 12-25
	Days    int    `json:"days"`    // how many days it lasts; none said: one
	Weekday string `json:"weekday"` // with month and nth: the first Monday of May; the last is -1
	Month   int    `json:"month"`
	Nth     int    `json:"nth"`
	Easter  *int   `json:"easter"` // days after Easter Sunday of the western churches
	// Moves says where the day off is when the holiday is on a week-end: "" nowhere, "next" on the next
	// day that is not off, "nearest" on Friday or Monday.
	Moves string `json:"moves"`
	From  int    `json:"from"` // the first year of the rule; none said: always
}

func (c *Calendar) apply(r rule, year int) error {
	if year < r.From {
		return nil
	}
	if r.Days > 31 || r.Easter != nil && max(*r.Easter, -*r.Easter) > 100 {
		return invalid("the rule of %q lasts longer than a month, or is far from Easter", r.Name)
	}
	day, err := r.day(year)
	if err != nil {
		return err
	}
	for i := range max(1, r.Days) {
		at := c.observed(day.plus(i), r.Moves)
		c.holidays[at] = Holiday{Date: at, Name: r.Name}
	}
	return nil
}

func (r rule) day(year int) (Date, error) {
	switch {
	case r.Easter != nil:
		return easter(year).plus(*r.Easter), nil
	case r.On != "":
		at, err := time.Parse("01-02", r.On)
		if err != nil {
			return Date{}, invalid("%q is no day of a year", r.On)
		}
		return Date{year, at.Month(), at.Day()}, nil
	}
	want, ok := weekday(r.Weekday)
	if !ok || r.Month < 1 || r.Month > 12 || r.Nth == 0 || r.Nth < -1 || r.Nth > 4 {
		return Date{}, invalid("the rule of %q says no day", r.Name)
	}
	day := Date{year, time.Month(r.Month), 1}
	if r.Nth == -1 {
		day = Date{year, time.Month(r.Month) + 1, 1}.plus(-7)
	}
	for day.weekday() != want {
		day = day.plus(1)
	}
	return day.plus(7 * (max(1, r.Nth) - 1)), nil
}

// observed is the day off for a holiday on the day.
func (c *Calendar) observed(day Date, moves string) Date {
	switch moves {
	case "nearest":
		switch day.weekday() {
		case time.Saturday:
			return day.plus(-1)
		case time.Sunday:
			return day.plus(1)
		}
	case "next":
		for !c.Business(day) {
			day = day.plus(1)
		}
	}
	return day
}

// easter is Easter Sunday of the western churches: the algorithm of Meeus, Jones and Butcher.
func easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return Date{year, time.Month(month), day}
}
