package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/notify"
)

// A server that dies between sending and recording leaves a lease behind: nobody sends the message again
// until it has run out, then somebody does, under the same id.
func TestCutOffBetweenSendingAndRecording(t *testing.T) {
	each(t, func(w *world) {
		mail := &tray{}
		w.outbox.Senders[notify.Email] = mail
		alias := w.outbox.Alias
		w.outbox.Alias = func(*db.Tx, string) (string, error) { return "", errors.New("killed") } // the recording fails
		w.enqueue(request("req_1:received", notify.Email))
		if _, err := w.outbox.Run(w.Context(), w.now); err == nil {
			w.Fatal("the recording did not fail")
		}
		w.outbox.Alias = alias
		if n := w.run(time.Minute); n != 0 {
			w.Errorf("%d were sent while the lease runs", n)
		}
		if n := w.run(15 * time.Minute); n != 1 || len(mail.got) != 2 || mail.got[0].Key() != mail.got[1].Key() {
			w.Errorf("%d were sent after it: %+v", n, mail.got)
		}
		if r := w.only(); r.state != notify.Sent || r.tries != 2 {
			w.Errorf("stored is %+v", r)
		}
	})
}

// What was taken is recorded even where the server is told to end meanwhile.
func TestToldToEndWhileSending(t *testing.T) {
	w := one(t)
	ctx, end := context.WithCancel(t.Context())
	w.outbox.Senders[notify.Email] = &tray{fail: func(*notify.Dispatch) error { end(); return nil }}
	w.enqueue(request("req_1", notify.Email))
	_, _ = w.outbox.Run(ctx, w.now)
	if r := w.only(); r.state != notify.Sent {
		t.Errorf("stored is %+v", r)
	}
}

// A server that is told to end gives back what it has not begun: the next one need not wait for a lease.
func TestToldToEnd(t *testing.T) {
	each(t, func(w *world) {
		ctx, end := context.WithCancel(w.Context())
		n := 0
		mail := &tray{fail: func(*notify.Dispatch) error {
			if n++; n < 2 {
				return nil
			}
			end()
			return ctx.Err()
		}}
		w.outbox.Senders[notify.Email] = mail
		for i := range 10 {
			w.enqueue(request(fmt.Sprintf("req_%d", i), notify.Email))
		}
		if _, err := w.outbox.Run(ctx, w.now); !errors.Is(err, context.Canceled) {
			w.Fatalf("it ended with %v", err)
		}
		mail.fail = nil
		if n := w.run(time.Second); n != 8 { // one went, and one was under way: nobody knows whether it was taken
			w.Errorf("%d went at once", n)
		}
		if n := w.run(15 * time.Minute); n != 1 || len(mail.got) != 10 {
			w.Errorf("%d went later, %d in all", n, len(mail.got))
		}
	})
}

// Whoever is on duty is called before anybody is written to, and soon again if a server dies over it.
func TestPagesGoFirst(t *testing.T) {
	w := one(t)
	mail, pager := &tray{}, &tray{}
	w.outbox.Senders[notify.Email], w.outbox.Senders[notify.Pager] = mail, pager
	for i := range 30 {
		w.enqueue(clock(fmt.Sprintf("clk_%d", i), notify.Email))
	}
	w.now = w.now.Add(time.Second)
	w.enqueue(clock("clk_30", notify.Pager))
	undone := errors.New("killed")
	pager.fail = func(*notify.Dispatch) error {
		if len(mail.got) > 0 {
			t.Errorf("%d mails went before", len(mail.got))
		}
		panic(undone)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = w.outbox.Run(t.Context(), w.now)
	}()
	pager.fail = nil
	w.run(2 * time.Minute)
	if len(pager.got) != 1 {
		t.Errorf("called %d times", len(pager.got))
	}
}
