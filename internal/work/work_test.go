package work

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunCallsEachDutyOnItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var minutely, hourly atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour+30*time.Second)
		defer cancel()
		Run(ctx, slog.New(slog.DiscardHandler),
			Duty{Name: "minutely", Every: time.Minute, Now: true, Do: func(context.Context) error { minutely.Add(1); return nil }},
			Duty{Name: "hourly", Every: time.Hour, Do: func(context.Context) error { hourly.Add(1); return nil }},
		)
		if got := minutely.Load(); got != 121 {
			t.Errorf("the minutely duty ran %d times in two hours, want 121", got)
		}
		if got := hourly.Load(); got != 2 {
			t.Errorf("the hourly duty ran %d times in two hours, want 2", got)
		}
	})
}

func TestADutyThatFailsOrPanicsRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var calls atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Second)
		defer cancel()
		Run(ctx, slog.New(slog.NewTextHandler(&log, nil)), Duty{Name: "shaky", Every: time.Minute, Do: func(context.Context) error {
			switch calls.Add(1) {
			case 1:
				panic("a secret that must not be logged")
			case 2:
				return errors.New("another secret")
			}
			return nil
		}})
		if calls.Load() != 3 {
			t.Errorf("ran %d times, want 3", calls.Load())
		}
		if strings.Contains(log.String(), "secret") || strings.Count(log.String(), "duty=shaky") != 2 {
			t.Errorf("the log must name the duty twice and repeat nothing: %s", &log)
		}
	})
}

func TestGoEndsTheOthersAtTheFirstError(t *testing.T) {
	want := errors.New("no")
	err := Go(t.Context(),
		func(context.Context) error { return want },
		func(ctx context.Context) error { <-ctx.Done(); return nil },
	)
	if !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if err := Go(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("nothing failed, got %v", err)
	}
}
