package gate_test

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/gate"
)

// TestStreams: parts of an answer arrive as they are made, on both versions of HTTP, and end with the session.
func TestStreams(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			next := make(chan string)
			w := open(t, func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Content-Type", "text/event-stream")
				rw.Header().Set("Trailer", "X-Sum")
				for {
					select {
					case text, ok := <-next:
						if !ok {
							rw.Header().Set("X-Sum", "7")
							return
						}
						fmt.Fprintln(rw, text)
						http.NewResponseController(rw).Flush()
					case <-r.Context().Done():
						return
					}
				}
			}, func(c *gate.Config) { c.Watch = 50 * time.Millisecond })
			client := w.client()
			if proto == "HTTP/1.1" {
				plain := client.Transport.(*http.Transport).Clone()
				plain.ForceAttemptHTTP2, plain.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
				plain.TLSClientConfig.NextProtos = []string{"http/1.1"}
				client.Transport = plain
			}
			read := func() (*http.Response, *bufio.Reader) {
				a, err := client.Do(w.request("GET", "/", as()...))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { a.Body.Close() })
				if a.Proto != proto {
					t.Fatalf("over %s", a.Proto)
				}
				return a, bufio.NewReader(a.Body)
			}
			go func() { next <- "one" }()
			a, in := read()
			for _, text := range []string{"one", "two"} {
				if line, err := in.ReadString('\n'); err != nil || line != text+"\n" {
					t.Fatalf("%q, %v", line, err)
				}
				if text == "one" {
					go func() { next <- "two" }()
				}
			}
			close(next)
			if _, err := in.ReadByte(); err != io.EOF || a.Trailer.Get("X-Sum") != "7" {
				t.Errorf("at the end %v, %v", err, a.Trailer)
			}
			next = make(chan string)
			go func() { next <- "one" }()
			_, in = read()
			in.ReadString('\n')
			w.mu.Lock()
			w.ended = true
			w.mu.Unlock()
			came := make(chan error, 1)
			go func() { _, err := in.ReadByte(); came <- err }()
			select {
			case err := <-came:
				if err == nil {
					t.Error("a stream goes on after signing out")
				}
			case <-time.After(30 * time.Second):
				t.Error("a stream stays open after signing out")
			}
		})
	}
}

// TestLargeUploads pass without being held, up to a bound, said or not.
func TestLargeUploads(t *testing.T) {
	const most = 32 << 20
	var got atomic.Int64
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(sha256.New(), r.Body)
		got.Store(n)
		if err != nil {
			rw.WriteHeader(400)
		}
	}, func(c *gate.Config) { c.Limits = gate.Limits{Upload: most} })
	for _, row := range []struct {
		size   int64
		said   bool
		status int
	}{{most, true, 200}, {most, false, 200}, {most + 1, true, 413}, {most + 1, false, 413}} {
		r := w.request("POST", "/")
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, row.size)), -1
		if row.said {
			r.ContentLength = row.size
		}
		a, err := w.client().Do(r)
		if row.status == 413 && errors.Is(err, io.ErrClosedPipe) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != row.status || row.status == 200 && got.Load() != row.size {
			t.Errorf("%d bytes, said: %v: %d, of which %d arrived", row.size, row.said, a.StatusCode, got.Load())
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestSlowRequests: who sends a head or a body slowly is let go of, and holds up nobody.
func TestSlowRequests(t *testing.T) {
	var ahead atomic.Int64
	w := open(t, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }, func(c *gate.Config) {
		c.Wall = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	r := w.request("POST", "/")
	body, slow := io.Pipe()
	r.Body, r.ContentLength = body, -1
	go func() {
		for range 20 { // an hour seems to pass over twenty bytes
			slow.Write([]byte("x"))
			ahead.Add(int64(3 * time.Minute))
			time.Sleep(10 * time.Millisecond)
		}
		slow.Close()
	}()
	a, err := w.client().Do(r)
	if err == nil {
		a.Body.Close()
		if a.StatusCode != http.StatusRequestTimeout {
			t.Errorf("a slow upload is answered %d", a.StatusCode)
		}
	}
	slow.Close()
	if got := w.raw("GET / HTTP/1.1\r\nHost: " + w.host() + "\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n"); len(got) != 1 || got[0] != 431 {
		t.Errorf("a head of 64 KiB is answered %v", got)
	}
	conn, err := tls.Dial("tcp", w.host(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: ")
	conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // it is five that it may take
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("a head that never ends is waited for: %v", err)
	}
}
