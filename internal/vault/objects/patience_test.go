package objects

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// slowly yields a piece at a time.
type slowly struct {
	pieces int
	wait   time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.pieces == 0 {
		return 0, io.EOF
	}
	s.pieces--
	time.Sleep(s.wait)
	return copy(p, strings.Repeat("x", 1000)), nil
}

// A transfer that moves may last; one that stands still is given up, in whatever it stands still.
func TestPatience(t *testing.T) {
	t.Parallel()              // it waits
	const limit = time.Second // a piece comes twenty times as soon: the machine may be busy
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := func() { http.NewResponseController(w).Flush() }
		switch r.URL.Path {
		case "/moves":
			io.Copy(io.Discard, r.Body)
			flush()
			for range 32 {
				time.Sleep(limit / 20)
				io.WriteString(w, "x")
				flush()
			}
		case "/takes-nothing", "/answers-nothing":
			<-over
		case "/stops":
			io.WriteString(w, "x")
			flush()
			<-over
		}
	}))
	defer server.Close()
	defer close(over)
	do := func(path string, body io.Reader) (int, error) {
		r, err := http.NewRequest("PUT", server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := patient{&http.Transport{}, limit}.RoundTrip(r)
		if err != nil {
			return 0, err
		}
		defer answer.Body.Close()
		data, err := io.ReadAll(answer.Body)
		return len(data), err
	}
	begin := time.Now()
	if n, err := do("/moves", &slowly{32, limit / 20}); n != 32 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if took := time.Since(begin); took < 3*limit {
		t.Errorf("it took %s, so the test shows nothing", took)
	}
	for path, body := range map[string]io.Reader{
		"/takes-nothing":   io.LimitReader(zeros{}, 1<<30),
		"/answers-nothing": strings.NewReader("x"),
		"/stops":           strings.NewReader("x"),
	} {
		begin := time.Now()
		_, err := do(path, body)
		if err == nil || path != "/stops" && !errors.Is(err, errSilent) {
			t.Errorf("%s: %v", path, err)
		}
		if took := time.Since(begin); took > 30*limit {
			t.Errorf("%s is given up after %s", path, took)
		}
	}
	// A reader that takes its time is not a store that does.
	r, _ := http.NewRequest("GET", server.URL+"/moves", nil)
	answer, err := patient{&http.Transport{}, limit}.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * limit)
	if data, err := io.ReadAll(answer.Body); len(data) != 32 || err != nil {
		t.Errorf("%q %v", data, err)
	}
	answer.Body.Close()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
