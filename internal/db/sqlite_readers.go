package db

import (
	"context"
	"sync"

	"clause.dev/clause/internal/fault"
)

// readers is a bounded pool of connections that read. The one used last is used next: its page cache
// is warm.
type readers struct {
	open  func() (*sqliteConn, error)
	slots chan struct{} // one element for each connection in use

	mu     sync.Mutex
	idle   []*sqliteConn
	closed bool
}

// take returns a connection for the caller alone, waiting for one if all are in use.
func (r *readers) take(ctx context.Context) (*sqliteConn, error) {
	const op = "db.Read"
	if err := ctx.Err(); err != nil {
		return nil, fault.As(op, fault.Unavailable, err)
	}
	select {
	case r.slots <- struct{}{}:
	default:
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, fault.As(op, fault.Unavailable, ctx.Err())
		}
	}
	c, err := r.pick()
	if err != nil {
		<-r.slots
		return nil, fault.Wrap(op, err)
	}
	return c, nil
}

func (r *readers) pick() (*sqliteConn, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, fault.New("db.Read", fault.Unavailable, "the store is closed")
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	return r.open()
}

// give returns a connection. One whose transaction could not be ended is not used again.
func (r *readers) give(c *sqliteConn) {
	if c.inTransaction() {
		c.close()
	} else {
		r.mu.Lock()
		r.idle = append(r.idle, c)
		r.mu.Unlock()
	}
	<-r.slots
}

// close refuses new readers, waits for those under way and closes the connections.
func (r *readers) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	for _, c := range r.idle {
		c.close()
	}
	r.idle = nil
	for range cap(r.slots) {
		<-r.slots
	}
}
