package detection

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"clause.dev/clause/internal/fault"
)

// Entry is what is recorded of what somebody did: as much as the policy declares, once a day.
type Entry struct {
	Tenant, Subject string
	Day             string // 2026-11-22
	Page            string
	Method          string     // "" where it is not declared
	From            netip.Addr // likewise
}

// Log gathers what people who are signed in do, until it is written. Safe for use by many at once.
type Log struct {
	Page    int // bytes of a page that are kept
	Method  bool
	Address bool

	writing sync.Mutex // else two that write at a time write the same

	mu      sync.Mutex
	seed    maphash.Seed
	day     string
	done    map[uint64]struct{} // what was written this day
	waiting map[Entry]struct{}
	lost    int64
}

// Bounds of what is held in memory: some 5 MB each.
const (
	maxWaiting = 10_000
	maxDone    = 200_000
)

// NewLog returns a log of entries with pages of at most so many bytes.
func NewLog(page int, method, address bool) *Log {
	return &Log{Page: page, Method: method, Address: address, seed: maphash.MakeSeed(), done: map[uint64]struct{}{}, waiting: map[Entry]struct{}{}}
}

// Note has an interaction be written, if somebody was signed in and it was not this day. It waits for nothing.
func (l *Log) Note(tenant string, i Interaction) {
	if i.Subject == "" {
		return
	}
	e := Entry{Tenant: tenant, Subject: i.Subject, Day: i.At.UTC().Format(time.DateOnly), Page: cut(i.Path, l.Page)}
	if l.Method {
		e.Method = i.Method
	}
	if l.Address {
		e.From = i.From
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Day != l.day || len(l.done) >= maxDone { // then some are written twice
		l.day = e.Day
		clear(l.done)
	}
	if _, ok := l.done[maphash.Comparable(l.seed, e)]; ok {
		return
	}
	if _, ok := l.waiting[e]; !ok && len(l.waiting) >= maxWaiting {
		l.lost++
		return
	}
	l.waiting[e] = struct{}{}
}

// cut keeps the beginning of a text, whole characters of it.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}

// Lost is how many interactions could not be held until they were written.
func (l *Log) Lost() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// mostFailures is after how many failures a store is left in peace until the next time.
const mostFailures = 10

// Flush writes what waits. Somebody who objected, or is not there any more, is not written of, nor what the policy's
// fields do not take. What cannot be written now waits on.
func (l *Log) Flush(ctx context.Context, write func(context.Context, Entry) error) (failed error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	failures := 0
	for _, e := range l.all() {
		err := write(ctx, e)
		switch fault.KindOf(err) {
		case fault.Refused, fault.NotFound, fault.Erased, fault.Invalid, fault.TooLarge:
			err = nil
		}
		if err == nil {
			l.wrote(e)
			continue
		}
		failed = err
		if failures++; failures == mostFailures || ctx.Err() != nil {
			break
		}
	}
	return failed
}

func (l *Log) all() (waiting []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range l.waiting {
		waiting = append(waiting, e)
	}
	return waiting
}

func (l *Log) wrote(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, e)
	if e.Day == l.day {
		l.done[maphash.Comparable(l.seed, e)] = struct{}{}
	}
}
