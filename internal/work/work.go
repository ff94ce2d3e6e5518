// Package work is the only place with long-lived goroutines: it calls duties when they are due.
package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"clause.dev/clause/internal/fault"
)

// Duty is something to be done again and again. Do is synchronous, may be interrupted anywhere, and
// goes on from where it stands at the next call.
type Duty struct {
	Name  string
	Every time.Duration // from the end of one call to the next
	Now   bool          // also at once
	Do    func(context.Context) error
}

// Run calls the duties on their schedules until ctx ends, and returns when the last call has. A duty
// that fails or panics is logged and called again when it is next due.
func Run(ctx context.Context, log *slog.Logger, duties ...Duty) {
	var running sync.WaitGroup
	for _, d := range duties {
		running.Go(func() { d.repeat(ctx, log) })
	}
	running.Wait()
}

func (d Duty) repeat(ctx context.Context, log *slog.Logger) {
	wait := time.NewTimer(d.Every)
	defer wait.Stop()
	if d.Now {
		d.once(ctx, log)
	}
	for {
		wait.Reset(d.Every)
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
			d.once(ctx, log)
		}
	}
}

// once contains a panic: one broken duty must not end the others.
func (d Duty) once(ctx context.Context, log *slog.Logger) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("a duty panicked", "duty", d.Name)
		}
	}()
	if err := d.Do(ctx); err != nil && ctx.Err() == nil {
		log.Error("a duty failed", "duty", d.Name, "kind", fault.KindOf(err).String(), "why", fault.Public(err))
	}
}

// Go runs each of the functions in a goroutine of its own and returns the first error when all have
// returned; the context they are given ends with the first error.
func Go(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, f := range all {
		running.Go(func() {
			if err := f(ctx); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil && err != context.Canceled {
		return err
	}
	return nil
}
