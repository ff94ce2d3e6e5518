package main

import (
	"context"
	"log/slog"
	"strings"
)

// withoutCanaries passes on all but the requests of the probes, which try what must be refused some
// thousand times a day. What they found is evidence, and in the ledger.
type withoutCanaries struct{ slog.Handler }

// The ids of the probes' credentials: those that begin so, and their agent's.
const (
	canaryPrefix = "canary-"
	canaryAgent  = "agt_canary"
)

// Handle drops the record of a probe's request below the level of a warning.
func (h withoutCanaries) Handle(ctx context.Context, r slog.Record) error {
	probed := false
	r.Attrs(func(a slog.Attr) bool {
		id := a.Value.String()
		probed = a.Key == "credential" && (strings.HasPrefix(id, canaryPrefix) || id == canaryAgent)
		return !probed
	})
	if probed && r.Level < slog.LevelWarn {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps dropping.
func (h withoutCanaries) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutCanaries{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps dropping.
func (h withoutCanaries) WithGroup(name string) slog.Handler {
	return withoutCanaries{h.Handler.WithGroup(name)}
}
