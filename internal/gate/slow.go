package gate

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// How slow people may be.
const (
	headWithin  = 5 * time.Second  // to send the head of a request
	formWithin  = 15 * time.Second // to send a form of the account pages
	pageWithin  = time.Minute      // to take an answer, or its next part
	stallWithin = 30 * time.Second // to send the next part of an upload
	graceOfRate = 30 * time.Second // before an upload's speed is looked at
	leastRate   = 1 << 10          // bytes a second of an upload, from then on
	maxHead     = 32 << 10         // bytes of a request's head
)

// Server returns a server for the gate. It has no time limit for whole requests: uploads, streams and WebSockets
// take as long as they take, and the gate sees that they go on.
func Server(handler http.Handler, config *tls.Config) *http.Server {
	return &http.Server{
		Handler: handler, TLSConfig: config, ReadHeaderTimeout: headWithin, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHead,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 128, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second, WriteByteTimeout: 30 * time.Second},
	}
}

// transport is the way to the application: straight, without the proxies of the machine's environment.
func transport() http.RoundTripper {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 2 * time.Minute, ExpectContinueTimeout: time.Second,
		MaxIdleConns: 512, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		DisableCompression:     true, // what is compressed passes as it is
	}
}

var errTooSlow = errors.New("the upload is too slow")

// upload is a body that must go on coming.
type upload struct {
	io.ReadCloser
	control    *http.ResponseController
	wall       func() time.Time
	began, set time.Time
	read       int64
}

func (u *upload) Read(p []byte) (n int, err error) {
	now := u.wall()
	if u.set.IsZero() || now.Sub(u.set) > time.Second {
		if late := now.Sub(u.began) - graceOfRate; late > 0 && float64(u.read) < late.Seconds()*leastRate {
			return 0, errTooSlow
		}
		u.set = now
		_ = u.control.SetReadDeadline(now.Add(stallWithin))
	}
	n, err = u.ReadCloser.Read(p)
	u.read += int64(n)
	if err != nil { // what comes after the body, on a WebSocket or the next request, may take its time
		_ = u.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// bounded is a request's body within its bounds; false if it is said to be too large.
func (g *Gate) bounded(w http.ResponseWriter, r *http.Request) (io.ReadCloser, bool) {
	if r.ContentLength == 0 || r.Body == nil {
		return r.Body, true
	}
	if most := g.sources.Upload; most > 0 {
		if r.ContentLength > most {
			return nil, false
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
	}
	return &upload{ReadCloser: r.Body, control: http.NewResponseController(w), wall: g.Wall, began: g.Wall()}, true
}

// steady is where an answer is written: whoever does not take it is let go of, and what comes before it is left out.
func (g *Gate) steady(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	s := &steady{ResponseWriter: w, wall: g.Wall}
	if r.ProtoMajor == 1 { // a stream of HTTP/2 would end at its deadline with nothing to write; its connection is pinged
		s.control = http.NewResponseController(w)
		s.extend()
	}
	return s
}

type steady struct {
	http.ResponseWriter
	control *http.ResponseController
	wall    func() time.Time
	set     time.Time
}

// Unwrap lets a connection be flushed and taken over.
func (s *steady) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader leaves out early hints and the like: their links are loaded before a Content-Security-Policy is known.
func (s *steady) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *steady) Write(p []byte) (int, error) {
	if s.control != nil {
		s.extend()
	}
	return s.ResponseWriter.Write(p)
}

func (s *steady) extend() {
	if now := s.wall(); s.set.IsZero() || now.Sub(s.set) > pageWithin/10 {
		s.set = now
		_ = s.control.SetWriteDeadline(now.Add(pageWithin))
	}
}

// buffers are those that bodies are copied through.
type buffers struct{ pool *sync.Pool }

func newBuffers() buffers {
	return buffers{&sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}}
}

// Get takes one.
func (b buffers) Get() []byte {
	p, _ := b.pool.Get().(*[]byte)
	return *p
}

// Put gives one back.
func (b buffers) Put(p []byte) { b.pool.Put(&p) }

// quiet keeps what the proxy would print out of the log: addresses of people among it.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
