package db

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"clause.dev/clause/internal/fault"
)

// maxBatch bounds how many Writes share one transaction, and so how long each waits for the others.
const maxBatch = 256

// groups are the queues of Writes. On SQLite, which has one writer, there is one; on PostgreSQL one
// for each tenant that is writing now.
type groups struct {
	single bool
	mu     sync.Mutex
	all    map[string]*group
}

// group is one queue. There is a leader while calls are queued or being committed: one of the
// callers, on its own goroutine.
type group struct {
	mu      sync.Mutex
	queue   []*call
	leading bool
	company int // how many were in the batch before, or queued when it ended
	// expected is how many calls the leader waits for, 0 if it does not; full tells it they are here.
	expected int
	full     chan struct{}
	users    int // callers that hold the group; guarded by groups.mu
}

// call is one Write, waiting.
type call struct {
	ctx    context.Context
	tenant string
	fn     func(*Tx) error
	wake   chan bool // true: lead; false: done, err is set
	taken  bool      // a leader has it; guarded by group.mu
	lead   bool      // was told to lead; guarded by group.mu
	err    error
	tx     Tx
}

var calls = sync.Pool{New: func() any { return &call{wake: make(chan bool, 1)} }}

// Write runs fn in a transaction that it shares with whatever else arrived, and returns once the
// commit is on disk. fn may run more than once and must be repeatable. Its error undoes its own work
// alone and is returned as it is; a panic is contained and becomes an error. If the commit fails all
// get fault.Unavailable; on PostgreSQL the outcome may then be unknown, and the message says so.
//
// A ctx that ends while the call is still queued takes it out (fault.Unavailable, wrapping the
// context's error); once it is being run the outcome is waited for.
func (d *DB) Write(ctx context.Context, tenant string, fn func(*Tx) error) error {
	const op = "db.Write"
	if err := checkTenant(op, tenant); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	g := d.groups.enter(tenant)
	defer d.groups.leave(tenant, g)
	c := calls.Get().(*call)
	c.ctx, c.tenant, c.fn = ctx, tenant, fn
	if !g.join(c) {
		if lead := g.wait(c); !lead {
			return c.release()
		}
	}
	d.lead(g)
	return c.release()
}

// release empties the call for the next Write and returns its outcome.
func (c *call) release() error {
	err := c.err
	*c = call{wake: c.wake}
	calls.Put(c)
	return err
}

// lead commits one batch, the caller's own call in it, wakes the others and passes the lead on.
func (d *DB) lead(g *group) {
	g.gather()
	batch := g.take()
	finished := false
	defer func() {
		if !finished { // fn ended the goroutine (runtime.Goexit): nobody may wait for ever
			failAll(batch, fault.New("db.Write", fault.Other, "the transaction's goroutine ended"))
		}
		g.count(len(batch))
		for _, c := range batch[1:] {
			c.wake <- false
		}
		g.passOn()
	}()
	d.settle(batch)
	finished = true
}

// join queues the call and reports whether its caller leads.
func (g *group) join(c *call) (leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, c)
	if g.expected > 0 && len(g.queue) >= g.expected {
		g.expected = 0
		g.full <- struct{}{}
	}
	if g.leading {
		return false
	}
	g.leading = true
	return true
}

// wait returns once the call is done, or must lead. The call is first in the queue if it leads.
func (g *group) wait(c *call) (lead bool) {
	select {
	case lead = <-c.wake:
		return lead
	case <-c.ctx.Done():
	}
	if !g.withdraw(c) {
		return <-c.wake // taken: the outcome is near
	}
	c.err = fault.As("db.Write", fault.Unavailable, c.ctx.Err())
	return false
}

// withdraw takes a call out of the queue, unless a leader has it already or it has been told to lead.
func (g *group) withdraw(c *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.taken || c.lead {
		return false
	}
	if i := slices.Index(g.queue, c); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
	return true
}

// linger is how long a leader waits for callers that are likely to write too. It is a fraction of
// what a sync to disk takes.
const linger = time.Millisecond

// gather lets callers who are about to write join the batch: as many as were there when the one before
// ended, for at most linger. Those just woken would otherwise come too late for this one, and the
// group would fall into parts that take turns, each paying for a commit: with 16 callers over HTTPS a
// batch has 15 of them instead of 8. A caller on its own is not held up.
func (g *group) gather() {
	g.mu.Lock()
	expected := min(g.company, maxBatch)
	if expected <= 1 || len(g.queue) >= expected {
		g.mu.Unlock()
		return
	}
	g.expected = expected
	g.mu.Unlock()
	runtime.Gosched()
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-g.full:
	case <-timer.C:
	}
	g.mu.Lock()
	g.expected = 0
	g.mu.Unlock()
	select { // it filled up just at the end
	case <-g.full:
	default:
	}
}

// take returns the next batch; the leader's own call is its first.
func (g *group) take() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), maxBatch)
	batch := slices.Clone(g.queue[:n])
	g.queue = slices.Delete(g.queue, 0, n)
	for _, c := range batch {
		c.taken = true
	}
	return batch
}

// count notes how many callers there are, before those of the batch are woken.
func (g *group) count(batch int) {
	g.mu.Lock()
	g.company = batch + len(g.queue)
	g.mu.Unlock()
}

// passOn makes the first of the queue the leader.
func (g *group) passOn() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.leading = false
		return
	}
	g.queue[0].lead = true
	g.queue[0].wake <- true
}

func (gs *groups) enter(tenant string) *group {
	if gs.single {
		tenant = ""
	}
	gs.mu.Lock()
	defer gs.mu.Unlock()
	g := gs.all[tenant]
	if g == nil {
		g = &group{full: make(chan struct{}, 1)}
		if gs.all == nil {
			gs.all = map[string]*group{}
		}
		gs.all[tenant] = g
	}
	g.users++
	return g
}

func (gs *groups) leave(tenant string, g *group) {
	if gs.single {
		return // the one group stays
	}
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if g.users--; g.users == 0 {
		delete(gs.all, tenant)
	}
}
