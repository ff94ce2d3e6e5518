package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/work"
)

// server is a child process.
type server struct {
	hello
	process *exec.Cmd
	out     *bufio.Reader
	client  *http.Client
}

// connections is how many keep-alive connections the load has.
const connections = 16

// start starts this program again as a server of a kind, and waits until it serves.
func start(ctx context.Context, kind, folder string, fill int, env ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{process: exec.CommandContext(ctx, self, "-child", kind, "-folder", folder, "-fill", strconv.Itoa(fill))}
	s.process.Env = append(os.Environ(), env...)
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(s.out).Decode(&s.hello); err != nil {
		return nil, fmt.Errorf("the %s server did not start: %w", kind, err)
	}
	// The load does not check the certificate: what is measured is the server.
	s.client = &http.Client{Transport: &http.Transport{
		MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		TLSClientConfig: insecure(),
	}}
	return s, nil
}

// insecure is for loopback only.
func insecure() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

func (s *server) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

// cpu is the processor time the server has used, user and system: proc(5), in ticks of 10 ms.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	after := stat[bytes.LastIndexByte(stat, ')')+2:]
	f := strings.Fields(string(after))
	user, err := strconv.ParseInt(f[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

// round sends n requests over the connections and returns the server's CPU time for each.
func (s *server) round(ctx context.Context, n int, request func(i int) (*http.Request, error)) (time.Duration, error) {
	before, err := s.cpu()
	if err != nil {
		return 0, err
	}
	var next atomic.Int64
	var hands []func(context.Context) error
	for range connections {
		hands = append(hands, func(ctx context.Context) error {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := s.one(ctx, i, request); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := work.Go(ctx, hands...); err != nil {
		return 0, err
	}
	after, err := s.cpu()
	return (after - before) / time.Duration(n), err
}

func (s *server) one(ctx context.Context, i int, request func(int) (*http.Request, error)) error {
	r, err := request(i)
	if err != nil {
		return err
	}
	answer, err := s.client.Do(r.WithContext(ctx))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return err
}

// read asks for the record of one of the people.
func (s *server) read(i int) (*http.Request, error) {
	url := "https://" + s.Addr + "/v1/tenants/" + tenant + "/subjects/x/data/" + dataSet + "/x"
	if len(s.People) > 0 {
		// A stride that is prime to the number of people visits them all, far apart.
		n := i * 7919 % len(s.People)
		url = "https://" + s.Addr + "/v1/tenants/" + tenant + "/subjects/" + s.People[n] + "/data/" + dataSet + "/" + s.Record[n]
	}
	return s.request(http.MethodGet, url, nil)
}

// write stores a new record of one of the people.
func (s *server) write(i int) (*http.Request, error) {
	url := "https://" + s.Addr + "/v1/tenants/" + tenant + "/subjects/x/data/" + dataSet
	if len(s.People) > 0 {
		url = "https://" + s.Addr + "/v1/tenants/" + tenant + "/subjects/" + s.People[i*7919%len(s.People)] + "/data/" + dataSet
	}
	return s.request(http.MethodPost, url, record)
}

var record = func() []byte {
	body, err := json.Marshal(map[string]any{"fields": fields()})
	if err != nil {
		panic(err)
	}
	return body
}()

func (s *server) request(method, url string, body []byte) (*http.Request, error) {
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.Key)
	r.Header.Set("Clause-Purpose", purpose)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}
