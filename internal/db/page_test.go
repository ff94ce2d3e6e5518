package db_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

func TestCursor(t *testing.T) {
	for _, c := range []db.Cursor{{At: 1, ID: "req_7"}, {At: db.Newest, ID: ""}, {At: 0, ID: "a.b"}} {
		if got, err := db.ParseCursor(c.String(), db.Newest); got != c || err != nil {
			t.Errorf("%v is read as %v, %v", c, got, err)
		}
	}
	for _, begins := range []int64{db.Newest, db.Oldest} {
		if got, err := db.ParseCursor("", begins); got != (db.Cursor{At: begins}) || err != nil {
			t.Errorf("the first page begins at %v, %v", got, err)
		}
	}
	for _, bad := range []string{"x", ".", "!.a", "zzzzzzzzzzzzzzzzzz.a"} {
		if _, err := db.ParseCursor(bad, db.Newest); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	if got := db.Moment(db.Micros(at)); got != at {
		t.Errorf("%s comes back as %s", at, got)
	}
	if db.Micros(time.Time{}) != 0 || !db.Moment(0).IsZero() {
		t.Error("no time is not 0")
	}
}
