package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/vault"
)

// serve runs the setting as it runs in earnest, over TLS.
func (s *setting) serve(t testing.TB) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(s.handler)
	server.Config = Server(s.handler, nil)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// raw sends bytes over a connection of their own, part by part with a pause after each.
func raw(t *testing.T, server *httptest.Server, pause time.Duration, parts ...string) (*http.Response, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), server.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if _, err := io.WriteString(conn, part); err != nil {
			break // cut off, as some tests want
		}
		time.Sleep(pause)
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

func head(method, path string, lines ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n%s\r\n\r\n", method, path, asData, why, strings.Join(lines, "\r\n"))
}

func TestSlowBodyIsCutOff(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{BodyWithin: 200 * time.Millisecond} })
	server := s.serve(t)
	for _, test := range []struct {
		name string
		head string
	}{
		{"record", head("PUT", record, isJSONl, "Content-Length: 100")},
		{"chunked record", head("PUT", record, isJSONl, "Transfer-Encoding: chunked")},
		{"none", head("POST", "/v1/tenants/acme/subjects", "Transfer-Encoding: chunked")},
		{"blob", head("PUT", record+"/blobs/scan", "Content-Length: 100")},
	} {
		began := time.Now()
		answer, err := raw(t, server, 0, test.head)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if test.name != "none" && (answer.StatusCode != 408 || answer.Header.Get("Content-Type") != api.ProblemType || !answer.Close) {
			t.Errorf("%s: %s", test.name, answer.Status)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", test.name, took)
		}
	}
	if calls := s.took(); calls != nil {
		t.Errorf("the domain saw %v", calls)
	}
}

// stuck sends a little and then nothing until it is closed.
type stuck struct {
	sent bool
	once sync.Once
	free chan struct{}
}

func (s *stuck) Close() error {
	s.once.Do(func() { close(s.free) })
	return nil
}

func (s *stuck) Read(p []byte) (int, error) {
	if !s.sent {
		s.sent = true
		return copy(p, "{"), nil
	}
	<-s.free
	return 0, io.EOF
}

// The same over HTTP/2, where one stream must not hold up the others of its connection.
func TestSlowStreamIsCutOff(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{BodyWithin: 200 * time.Millisecond} })
	server := s.serve(t)
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	body := &stuck{free: make(chan struct{})}
	target := client.Target{Tenant: "acme", Subject: "sub_1", DataSet: "financial", Record: "rec_1", Purpose: "health-score"}
	if _, err := c.PutBlob(t.Context(), target, "scan", "", body); client.Status(err) != 408 {
		t.Errorf("%v", err)
	}
	if _, err := c.Get(t.Context(), target); err != nil {
		t.Errorf("the next request: %v", err)
	}
}

func TestShortBody(t *testing.T) {
	s := set(t)
	server := s.serve(t)
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), server.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head("PUT", record, isJSONl, "Content-Length: 100")+`{"fields":{}}`); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != 400 {
		t.Errorf("%v %v", answer, err)
	}
	if calls := s.took(); calls != nil {
		t.Errorf("the domain saw %v", calls)
	}
}

// A blob that keeps moving may take longer than any time-out of a whole request.
func TestSteadyBlobArrives(t *testing.T) {
	s := set(t, func(c *Config) { c.Limits = Limits{BodyWithin: time.Second, BlobRate: 256 << 10} })
	s.config.Policy.Data[0].Fields[1].Max = 8 << 20
	server := s.serve(t)
	const pieces = 15
	part := strings.Repeat("x", 256<<10)
	parts := []string{head("PUT", record+"/blobs/scan", fmt.Sprintf("Content-Length: %d", pieces*len(part)))}
	for range pieces {
		parts = append(parts, part)
	}
	answer, err := raw(t, server, 100*time.Millisecond, parts...)
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("%v %v", answer, err)
	}
	if calls := s.took(); len(calls) != 1 || !strings.Contains(calls[0], fmt.Sprintf("%d bytes", pieces*len(part))) {
		t.Errorf("the domain saw %v", calls)
	}
}

func TestChunkedOversize(t *testing.T) {
	s := set(t)
	server := s.serve(t)
	for path, kind := range map[string]string{record: isJSONl, record + "/blobs/scan": "Content-Type: image/png"} {
		body := `{"fields":{"income":"` + strings.Repeat("x", maxBody) + `"}}`
		answer, err := raw(t, server, 0, head("PUT", path, kind, "Transfer-Encoding: chunked"), fmt.Sprintf("%x\r\n", len(body)), body, "\r\n0\r\n\r\n")
		if err != nil || answer.StatusCode != 413 {
			t.Errorf("%s: %v %v", path, answer, err)
		}
	}
	if calls := s.took(); calls != nil {
		t.Errorf("the domain saw %v", calls)
	}
}

func TestLargeHeader(t *testing.T) {
	server := set(t).serve(t)
	answer, err := raw(t, server, 0, head("GET", record, "X-Long: "+strings.Repeat("x", 17<<10)))
	if err != nil || answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%v %v", answer, err)
	}
	if answer, err = raw(t, server, 0, head("GET", record, "X-Long: "+strings.Repeat("x", 14<<10))); err != nil || answer.StatusCode != 200 {
		t.Errorf("%v %v", answer, err)
	}
}

// broken yields some bytes and then fails, as a damaged blob does.
type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, fmt.Errorf("damaged")
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func TestDamagedBlob(t *testing.T) {
	s := set(t)
	// Damage in the first bytes is a problem.
	s.rest = &broken{left: 10}
	if w := s.send("GET", record+"/blobs/scan", "", asData, why); w.Code != 500 {
		t.Errorf("status %d", w.Code)
	}
	// Damage later cuts the connection: nobody takes half for the whole.
	s.blob, s.rest = bytes.Repeat([]byte("x"), 1<<20), &broken{left: 0}
	s.vaultSize(t, 2<<20)
	server := s.serve(t)
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	blob, err := c.GetBlob(t.Context(), client.Target{Tenant: "acme", Subject: "sub_1", DataSet: "financial", Record: "rec_1", Purpose: "health-score"}, "scan")
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(blob)
	if err == nil {
		t.Errorf("%d bytes of a damaged blob looked whole", len(content))
	}
	if rest := bytes.Trim(content, "x"); len(rest) > 0 {
		t.Errorf("the blob goes on with %s", rest)
	}
}

// vaultSize makes the fake claim another size for its blob.
func (s *setting) vaultSize(t testing.TB, size int64) {
	t.Helper()
	s.config.Vault = sized{s.fake, size}
	h, err := New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.handler = h
}

// sized is a fake whose blobs have a size of their own.
type sized struct {
	*fake
	size int64
}

func (s sized) GetBlob(ctx context.Context, c vault.Caller, t vault.Target, field string) (vault.BlobInfo, io.ReadCloser, error) {
	info, body, err := s.fake.GetBlob(ctx, c, t, field)
	info.Size = s.size
	return info, body, err
}

// zeros never ends. It notes how much memory is held when half of size has been read.
type zeros struct {
	n, size int64
	held    uint64
}

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	if z.n += int64(len(p)); z.n > z.size/2 && z.held == 0 {
		z.held = heap()
	}
	return len(p), nil
}

// heap is how much memory is held, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A large blob streams through in bounded memory, both ways.
func TestBlobsStream(t *testing.T) {
	const size = 64 << 20
	s := set(t)
	s.config.Policy.Data[0].Fields[1].Max = size
	up, down := &zeros{size: size}, &zeros{size: size}
	s.rest = io.LimitReader(down, size)
	s.config.Vault = drained{sized{s.fake, size}}
	h, err := New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.handler = h
	server := s.serve(t)
	c, err := client.New(client.Config{URL: server.URL, Key: dataKey, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	target := client.Target{Tenant: "acme", Subject: "sub_1", DataSet: "financial", Record: "rec_1", Purpose: "health-score"}
	before := heap()
	if _, err := c.PutBlob(t.Context(), target, "scan", "video/mp4", io.LimitReader(up, size)); err != nil {
		t.Fatal(err)
	}
	blob, err := c.GetBlob(t.Context(), target, "scan")
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, blob)
	if err != nil || n != size || blob.Size != size {
		t.Errorf("%d bytes of %d, %v", n, blob.Size, err)
	}
	for way, z := range map[string]*zeros{"up": up, "down": down} {
		if z.held == 0 || z.held > before+16<<20 {
			t.Errorf("%s: %d MiB were held half-way", way, z.held>>20)
		}
	}
}

// drained throws blobs away as they come.
type drained struct{ sized }

func (d drained) PutBlob(_ context.Context, _ vault.Caller, _ vault.Target, _, _ string, body io.Reader, _ vault.Condition) (vault.Stored, error) {
	_, err := io.Copy(io.Discard, body)
	return stored, err
}

func TestServerIsBounded(t *testing.T) {
	s := Server(http.NotFoundHandler(), &tls.Config{MinVersion: tls.VersionTLS12})
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > maxHeader || s.TLSConfig == nil {
		t.Errorf("%+v", s)
	}
}

// The slow header is net/http's own to cut off; this sees that it does.
func TestSlowHeader(t *testing.T) {
	server := httptest.NewUnstartedServer(set(t).handler)
	server.Config = Server(server.Config.Handler, nil)
	server.Config.ReadHeaderTimeout = 100 * time.Millisecond
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost:"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}
