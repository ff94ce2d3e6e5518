package app_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/client"
)

const (
	stalledEach  = 60               // connections of each kind
	servedWithin = 6 * time.Second  // a read beside them, on a machine that does other things too; a held one takes longer than 8
	cutWithin    = 25 * time.Second // a client that sends too slowly is cut off by then
)

// TestStalledClients lets clients say nothing, send slowly, and never read, while others go on
// working: these are served, and those are cut off.
func TestStalledClients(t *testing.T) {
	p := setUp(t, t.TempDir())
	s := p.serve(t)
	_, workers := s.staff(p.admin, 1)
	w := workers[0]
	target := s.spender(w.key)
	if _, err := s.client(w.key).PutBlob(t.Context(), target, "receipt", "image/png", bytes.NewReader(make([]byte, 8<<20))); err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf("/v1/tenants/acme/subjects/%s/data/transactions/%s", target.Subject, target.Record)
	head := "Host: clause\r\nAuthorization: Bearer " + w.key + "\r\nClause-Purpose: budgeting\r\n"
	var stalled sync.WaitGroup
	for _, kind := range []stall{
		{name: "says nothing, before TLS", raw: true, cut: true},
		{name: "says nothing", cut: true},
		{name: "sends its header slowly", say: "GET " + record + " HTTP/1.1\r\n" + head, drip: "X: y\r\n", cut: true},
		{name: "sends its body slowly", say: "PUT " + record + " HTTP/1.1\r\n" + head + "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{", drip: " ", cut: true},
		{name: "sends its chunks slowly", say: "PUT " + record + "/blobs/receipt HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\n", drip: "1\r\nx\r\n", cut: true},
		{name: "reads nothing", say: "GET " + record + "/blobs/receipt HTTP/1.1\r\n" + head + "\r\n", drip: ""},
	} {
		for range stalledEach {
			stalled.Go(func() { kind.play(t, s) })
		}
	}
	done := make(chan struct{})
	go func() { stalled.Wait(); close(done) }()
	serveOn(t, s, w, target, done)
	if status := s.end(); status != 0 {
		t.Errorf("the server ended with status %d", status)
	}
}

// serveOn reads and writes until done.
func serveOn(t *testing.T, s *child, w *worker, target client.Target, done <-chan struct{}) {
	t.Helper()
	served, slowest := 0, time.Duration(0)
	for {
		select {
		case <-done:
			t.Logf("served %d requests beside them, the slowest in %v", served, slowest)
			if slowest > servedWithin || served < 50 {
				t.Error("the others were not served in time")
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
		before := time.Now()
		if _, err := s.client(w.key).Get(t.Context(), target); err != nil {
			t.Fatal(err)
		}
		if !w.step(t) {
			t.Fatal("a request was not answered")
		}
		served += 2
		slowest = max(slowest, time.Since(before))
	}
}

// stall is a client that keeps a connection and gets nowhere.
type stall struct {
	name string
	raw  bool   // it does not even begin TLS
	say  string // what it sends at once
	drip string // what it sends each second after
	cut  bool   // the server must cut it off
}

// play plays the client until the server cuts it off, or for long enough.
func (k stall) play(t *testing.T, s *child) {
	address := strings.TrimPrefix(s.url, "https://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Errorf("%s: %v", k.name, err)
		return
	}
	defer conn.Close()
	if !k.raw {
		config := s.http.Transport.(*http.Transport).TLSClientConfig.Clone()
		config.ServerName, config.NextProtos = "localhost", []string{"http/1.1"}
		conn = tls.Client(conn, config)
	}
	began := time.Now()
	if _, err := io.WriteString(conn, k.say); err != nil && k.say != "" {
		t.Errorf("%s: %v", k.name, err)
		return
	}
	for time.Since(began) < cutWithin {
		if !k.cut {
			time.Sleep(8 * time.Second) // without a read
			return
		}
		if k.over(conn) {
			return
		}
	}
	t.Errorf("a client that %s keeps its connection for %v", k.name, cutWithin)
}

// over sends a little, and reports whether the server has ended the connection.
func (k stall) over(conn net.Conn) bool {
	if k.drip != "" {
		_, _ = io.WriteString(conn, k.drip) // the read below tells whether it is cut
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return true
	}
	_, err := io.Copy(io.Discard, conn)
	var late net.Error
	return err == nil || !errors.As(err, &late) || !late.Timeout()
}
