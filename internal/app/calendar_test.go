package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy/calendar"
)

// The reader of the log learns more than three months ahead that a calendar knows no next year, and no sooner.
func TestACalendarsEndIsTold(t *testing.T) {
	days, ok := calendar.Of("AE")
	if !ok {
		t.Fatal("there is no calendar")
	}
	end := time.Date(days.Through+1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		at   time.Time
		warn bool
	}{
		{end.AddDate(-1, 0, 0), false},
		{end.AddDate(0, 0, -102), false},
		{end.AddDate(0, 0, -98), true},
		{end.AddDate(1, 0, 0), true},
	} {
		var log bytes.Buffer
		a := &App{Config: Config{Now: func() time.Time { return step.at }, Log: slog.New(slog.NewTextHandler(&log, nil))}, Clocks: &obligation.Engine{Calendar: days}}
		if err := a.watchCalendar(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "level=WARN") && strings.Contains(log.String(), "country=AE") && strings.Contains(log.String(), "--calendar"); got != step.warn {
			t.Errorf("at %s: warned %v, want %v: %s", step.at.Format(time.DateOnly), got, step.warn, log.String())
		}
	}
}
