package app_test

import (
	"io"
	"sync"
	"syscall"
	"testing"
	"time"
)

// slowly hands out its bytes over a time, a piece at a time, and says when some are gone.
type slowly struct {
	pieces int
	piece  []byte
	every  time.Duration
	begun  chan<- struct{} // closed when a quarter is gone
}

func (s *slowly) Read(b []byte) (int, error) {
	if s.pieces == 0 {
		return 0, io.EOF
	}
	if s.pieces--; s.pieces == 30 {
		close(s.begun)
	}
	time.Sleep(s.every)
	return copy(b, s.piece), nil
}

// TestToldToEnd tells a server under load to end. What is under way finishes, what was answered is in
// the ledger, and the status is 0.
func TestToldToEnd(t *testing.T) {
	t.Parallel()
	p := setUp(t, t.TempDir())
	s := p.serve(t)
	audit, workers := s.staff(p.admin, killedClients)
	_, key := s.application(p.admin, "data", "subjects")
	target, c := s.spender(key), s.client(key)
	var working sync.WaitGroup
	for _, w := range workers {
		working.Go(func() { w.work(t) })
	}
	upload := make(chan error, 1)
	begun := make(chan struct{})
	body := &slowly{pieces: 40, piece: make([]byte, 16<<10), every: 50 * time.Millisecond, begun: begun}
	go func() {
		_, err := c.PutBlob(t.Context(), target, "receipt", "image/png", body)
		upload <- err
	}()
	select {
	case <-begun:
	case err := <-upload:
		t.Fatalf("the upload ended before the server did: %v", err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-upload:
		if err != nil {
			t.Errorf("the upload that was under way: %v", err)
		}
	case <-time.After(startWithin):
		t.Fatal("the upload that was under way never ends")
	}
	err := <-s.exited
	s.exited <- err
	if err != nil {
		t.Errorf("the server ended with %v: %s", err, s.said.String())
	}
	working.Wait()
	s = p.serve(t)
	for _, w := range workers {
		w.check(t, s, len(w.people))
	}
	verified(t, s, audit, nil, workers)
	blob, err := s.client(key).GetBlob(t.Context(), target, "receipt")
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if n, err := io.Copy(io.Discard, blob); n != 40*16<<10 || err != nil {
		t.Errorf("of what was uploaded %d bytes are there: %v", n, err)
	}
}
