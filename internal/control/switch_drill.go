package control

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"clause.dev/clause/api"
)

// Load is what was seen of a store that is written to while another node takes over.
type Load struct {
	Acknowledged int64         // writes that were answered for
	Lost         int64         // those that were not there afterwards
	Pause        time.Duration // the longest time in which none was answered for
}

// SwitchLoad writes to a made-up person's record, one version after another, until stop, which is asked
// after each write and may be told that writes are answered again after a pause. A version that comes back
// lower than one that was acknowledged is a write that was lost; so is one that cannot be read at the end.
func SwitchLoad(ctx context.Context, s *System, stop func(Load) bool) (l Load, err error) {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) { l, err = p.load(ctx, s, stop) })
	if err == nil && len(t.hurdles) > 0 {
		err = errors.New(t.hurdles[0])
	}
	return l, err
}

func (p *person) load(ctx context.Context, s *System, stop func(Load) bool) (l Load, err error) {
	var k kept
	for i := range p.policy.Data {
		if k, err = p.stock(ctx, &p.policy.Data[i]); err == nil {
			break
		}
	}
	if err != nil {
		return l, err
	}
	purpose, _ := writer(p.policy, k.set)
	var newest int64
	last := s.Now()
	for !stop(l) {
		a, err := p.once(ctx, call{method: "PUT", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, body: map[string]any{"fields": k.values}})
		if ctx.Err() != nil {
			return l, ctx.Err()
		}
		var stored api.Stored
		if err != nil || !a.ok() || json.Unmarshal(a.body, &stored) != nil { // nobody answers at the moment
			if err := pause(ctx, 50*time.Millisecond); err != nil {
				return l, err
			}
			continue
		}
		now := s.Now()
		l.Acknowledged, l.Pause, last = l.Acknowledged+1, max(l.Pause, now.Sub(last)), now
		if stored.Version <= newest {
			l.Lost += newest - stored.Version + 1
		}
		newest = stored.Version
	}
	a, err := p.read(ctx, purpose.ID, k.set.ID, k.id)
	if err := done("the record could not be read afterwards", a, err); err != nil {
		return l, err
	}
	var record api.Record
	if err := json.Unmarshal(a.body, &record); err != nil {
		return l, errors.New("the record could not be read afterwards")
	}
	l.Lost += max(0, newest-record.Version)
	return l, nil
}
