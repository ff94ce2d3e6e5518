package db

import (
	"math"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Cursor is where a list goes on: after the row of a time in microseconds and an id.
type Cursor struct {
	At int64
	ID string
}

// Where lists begin.
const (
	Newest int64 = math.MaxInt64 // those with the newest row first
	Oldest int64 = 0
)

// String is the cursor as it is handed out.
func (c Cursor) String() string { return strconv.FormatInt(c.At, 36) + "." + c.ID }

// ParseCursor reads a cursor; "" is before the row that a list begins with. What String did not write is Invalid.
func ParseCursor(s string, begins int64) (Cursor, error) {
	if s == "" {
		return Cursor{At: begins}, nil
	}
	head, id, found := strings.Cut(s, ".")
	at, err := strconv.ParseInt(head, 36, 64)
	if err != nil || !found {
		return Cursor{}, fault.New("db.ParseCursor", fault.Invalid, "the cursor is none of this server's").WithField("cursor")
	}
	return Cursor{at, id}, nil
}

// Micros is a time as it is stored: in microseconds, 0 for none.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Moment is a stored time.
func Moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
