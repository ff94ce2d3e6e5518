package detection_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/fault"
)

// written keeps what a log writes.
type written struct{ all []string }

func (w *written) write(_ context.Context, e detection.Entry) error {
	w.all = append(w.all, fmt.Sprint(e.Tenant, " ", e.Subject, " ", e.Day, " ", e.Method, " ", e.Page, " ", e.From))
	return nil
}

func TestWhatPeopleDoIsWrittenOnceADay(t *testing.T) {
	l, w := detection.NewLog(12, false, true), &written{}
	at := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	one := detection.Interaction{At: at, Subject: "ana", Method: "GET", Path: "/orders", From: netip.MustParseAddr("192.0.2.1")}
	nobody, long, tomorrow := one, one, one
	nobody.Subject = ""
	long.Path, tomorrow.At = "/aaaaaaaaaaé/x", at.Add(2*time.Hour)
	for _, i := range []detection.Interaction{one, one, nobody, long} {
		l.Note("acme", i)
	}
	flush := func(want ...string) {
		t.Helper()
		if err := l.Flush(t.Context(), w.write); err != nil {
			t.Fatal(err)
		}
		slices.Sort(w.all)
		if !slices.Equal(w.all, want) {
			t.Errorf("written %q, want %q", w.all, want)
		}
		w.all = nil
	}
	flush("acme ana 2026-11-22  /aaaaaaaaaa 192.0.2.1", "acme ana 2026-11-22  /orders 192.0.2.1")
	l.Note("acme", one)
	flush()
	l.Note("acme", tomorrow)
	flush("acme ana 2026-11-23  /orders 192.0.2.1")
}

func TestWhatCannotBeWrittenWaits(t *testing.T) {
	l, w := detection.NewLog(100, true, false), &written{}
	i := detection.Interaction{At: time.Unix(1_800_000_000, 0), Subject: "ana", Method: "GET", Path: "/a", From: netip.MustParseAddr("192.0.2.1")}
	l.Note("acme", i)
	away := func(context.Context, detection.Entry) error {
		return fault.New("test", fault.Unavailable, "the store is away")
	}
	if err := l.Flush(t.Context(), away); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the failure is %v", err)
	}
	if err := l.Flush(t.Context(), w.write); err != nil || len(w.all) != 1 || !strings.Contains(w.all[0], "GET /a invalid IP") {
		t.Errorf("written later: %q, %v", w.all, err)
	}
	i.Path = "/b"
	l.Note("acme", i)
	objects := 0
	for range 3 { // who objected is asked of once
		err := l.Flush(t.Context(), func(context.Context, detection.Entry) error {
			objects++
			return fault.New("test", fault.Refused, "they object")
		})
		if err != nil {
			t.Fatal(err)
		}
		l.Note("acme", i)
	}
	if objects != 1 {
		t.Errorf("somebody who objected was tried %d times", objects)
	}
}

// TestTwoWhoWriteAtATime write each thing once: at the end of the server the last to come writes beside the duty.
func TestTwoWhoWriteAtATime(t *testing.T) {
	l := detection.NewLog(100, false, false)
	for k := range 100 {
		l.Note("acme", detection.Interaction{At: time.Unix(1_800_000_000, 0), Subject: fmt.Sprint(k), Path: "/"})
	}
	var writes atomic.Int64
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := l.Flush(t.Context(), func(context.Context, detection.Entry) error { writes.Add(1); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := writes.Load(); n != 100 {
		t.Errorf("100 things were written %d times", n)
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	l, w := detection.NewLog(100, false, false), &written{}
	for k := range 12_000 {
		l.Note("acme", detection.Interaction{At: time.Unix(1_800_000_000, 0), Subject: fmt.Sprint(k), Path: "/"})
	}
	if l.Lost() != 2_000 {
		t.Errorf("%d are said to be lost", l.Lost())
	}
	if err := l.Flush(t.Context(), w.write); err != nil || len(w.all) != 10_000 {
		t.Errorf("%d were written, %v", len(w.all), err)
	}
}
