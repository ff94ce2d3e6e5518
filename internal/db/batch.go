package db

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Outcomes of an attempt that are not the index of a call that failed.
const (
	settled     = -1 // every call has its outcome
	flushFailed = -2 // a flush failed, rolled back: some call's fault, not known whose
)

// settle gives every call its outcome. A call that fails after it has changed something has the
// batch rolled back: those before it run again and are committed, it runs once more alone, so that
// its error is its own, and the rest go on as a batch. So no call runs more than three times
// however many fail.
func (d *DB) settle(batch []*call) {
	for len(batch) > 0 {
		culprit := d.attempt(batch)
		switch culprit {
		case settled:
			return
		case flushFailed:
			for i := range batch {
				d.attempt(batch[i : i+1])
			}
			return
		}
		d.settle(batch[:culprit])
		d.attempt(batch[culprit : culprit+1])
		batch = batch[culprit+1:]
	}
}

// attempt runs the calls in one transaction and commits it. A batch of one is always settled.
func (d *DB) attempt(batch []*call) int {
	w, err := d.engine.begin(batch[0].tenant)
	if err != nil {
		failAll(batch, err)
		return settled
	}
	ended := false
	defer func() {
		if !ended {
			w.rollback()
		}
	}()
	p := physical{writer: w, now: d.frozen(), dialect: d.engine.dialect()}
	for i, c := range batch {
		if done := p.run(c); done {
			continue
		}
		if c.tx.lost() {
			failAll(batch, c.err)
			return settled
		}
		if len(batch) > 1 {
			return i
		}
		return settled
	}
	if err := p.flush(); err != nil {
		if len(batch) > 1 && !fault.Is(err, fault.Unavailable) {
			return flushFailed
		}
		failAll(batch, err)
		return settled
	}
	ended = true
	if err := w.commit(); err != nil {
		failAll(batch, err)
	}
	return settled
}

// physical is one transaction of the engine, shared by a batch.
type physical struct {
	writer  writer
	now     time.Time
	dialect Dialect
	scopes  scopes
}

// run runs one call and reports whether the transaction can go on. A call that failed without having
// changed anything has its outcome: what it saw is what is about to be committed.
func (p *physical) run(c *call) (goOn bool) {
	if err := c.ctx.Err(); err != nil {
		c.err = fault.As("db.Write", fault.Unavailable, err)
		return true
	}
	c.tx = p.tx(c.tenant)
	c.err = contained(&c.tx, c.fn)
	return c.err == nil || !c.tx.dirty && !c.tx.lost()
}

func (p *physical) tx(tenant string) Tx {
	return Tx{session: p.writer, writing: true, tenant: tenant, now: p.now, dialect: p.dialect, scopes: &p.scopes}
}

// flush flushes the scopes in the order they were made, those made by a flush included.
func (p *physical) flush() error {
	for i := 0; i < len(p.scopes.list); i++ {
		s := p.scopes.list[i]
		if s.flush == nil {
			continue
		}
		tx := p.tx(s.tenant)
		err := contained(&tx, func(tx *Tx) error { return s.flush(tx, s.value) })
		if err != nil {
			return err
		}
	}
	return nil
}

// contained runs fn and turns a panic into an error that says where, but not what: the value of a
// panic may hold personal data.
func contained(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			tx.dirty = true // it may have been interrupted anywhere
			err = fault.New("db.Write", fault.Other, "a transaction's function panicked (%T) at %s", v, origin())
		}
		tx.end()
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.failed
}

// origin names the function and line that panicked, called from the deferred function.
func origin() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}

// failAll gives every call that has not ended for its own ctx the error.
func failAll(batch []*call, err error) {
	for _, c := range batch {
		c.err = err
	}
}
