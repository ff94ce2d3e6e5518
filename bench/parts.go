package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/examples/clesaro"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
)

// decisions measures a decision with the policy's clauses and with a thousand more of them.
func decisions() ([]figure, error) {
	few, err := decide(0)
	if err != nil {
		return nil, err
	}
	many, err := decide(1000)
	if err != nil {
		return nil, err
	}
	ratio := float64(many.NsPerOp()) / float64(few.NsPerOp())
	one := func(what string, r testing.BenchmarkResult, beside, ratio string, fits bool) figure {
		return figure{
			what: what, measured: fmt.Sprintf("%d ns, %d allocations", r.NsPerOp(), r.AllocsPerOp()), beside: beside, ratio: ratio,
			target: "< 1 µs, none", met: fits && r.NsPerOp() < 1000 && r.AllocsPerOp() == 0,
		}
	}
	return []figure{
		one("a decision that allows, 26 clauses", few, "", "", true),
		one("the same, 1,026 clauses", many, fmt.Sprintf("%d ns", few.NsPerOp()), fmt.Sprintf("%.2f", ratio), ratio < 1.3),
	}, nil
}

func decide(extra int) (testing.BenchmarkResult, error) {
	p, err := policy.Parse("policy.yaml", clesaro.Policy, control.Catalogue())
	if err != nil {
		return testing.BenchmarkResult{}, err
	}
	for n := range extra {
		c := p.Clauses[n%len(p.Clauses)]
		c.ID = fmt.Sprintf("%s-%d", c.ID, n)
		p.Clauses = append(p.Clauses, c)
	}
	plan, err := control.PlanOf(p)
	if err != nil {
		return testing.BenchmarkResult{}, err
	}
	rules, err := decision.Compile(p, plan.Grounds)
	if err != nil {
		return testing.BenchmarkResult{}, err
	}
	held, err := rules.PurposeSet([]string{purpose})
	if err != nil {
		return testing.BenchmarkResult{}, err
	}
	here := rules.Region(p.Regions[0].ID)
	q := &decision.Request{
		Op: decision.Read, Tenant: tenant, Owner: tenant, Environment: p.Environments[0],
		Credential: decision.Credential{ID: "bench", Tenants: []string{tenant}, Purposes: held, Environment: p.Environments[0]},
		DataSet:    rules.DataSet(dataSet), Purpose: rules.Purpose(purpose), Standing: decision.Standing{Account: true},
		Home: here, Here: here, Now: time.Now(),
	}
	if a := rules.Decide(q); !a.Allow {
		return testing.BenchmarkResult{}, errors.New(a.Reason.String())
	}
	return testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if !rules.Decide(q).Allow {
				b.Fatal("refused")
			}
		}
	}), nil
}

// blobs measures the sealing and opening of a large object against raw AES-256-GCM on one core.
func blobs() ([]figure, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const size = 64 << 20
	plain := make([]byte, size)
	rand.Read(plain)
	key := keyring.NewStreamKey()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, 0, 1<<20+gcm.Overhead())
	nonce := make([]byte, gcm.NonceSize())
	raw := func() error {
		for at := 0; at < size; at += 1 << 20 {
			nonce[0] = byte(at >> 20)
			buffer = gcm.Seal(buffer[:0], nonce, plain[at:at+1<<20], nil)
		}
		return nil
	}
	fixed := make([]byte, gcm.NonceSize())
	whole := gcm.Seal(nil, fixed, plain[:1<<20], nil)
	rawOpen := func() error {
		for range size >> 20 {
			if buffer, err = gcm.Open(buffer[:0], fixed, whole, nil); err != nil {
				return err
			}
		}
		return nil
	}
	var sealed bytes.Buffer
	if err := seal(&sealed, plain); err != nil {
		return nil, err
	}
	up, err := speeds("seal a blob of 64 MiB", size, raw, func() error { return seal(io.Discard, plain) })
	if err != nil {
		return nil, err
	}
	down, err := speeds("open a blob of 64 MiB", size, rawOpen, func() error { return open(sealed.Bytes()) })
	return []figure{up, down}, err
}

var blobKey = keyring.NewStreamKey()

func seal(w io.Writer, plain []byte) error {
	// The key is used again only because what it seals is thrown away.
	stream, err := keyring.SealStream(blobKey, nil, w)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{stream}, bytes.NewReader(plain), make([]byte, 64<<10)); err != nil {
		return err
	}
	return stream.Close()
}

func open(sealed []byte) error {
	stream, err := keyring.OpenStream(blobKey, nil, bytes.NewReader(sealed))
	if err != nil {
		return err
	}
	_, err = io.Copy(struct{ io.Writer }{io.Discard}, stream) // a chunk at a time, as the vault does
	return err
}

// speeds compares CPU times of alternating rounds.
func speeds(what string, size int, raw, ours func() error) (figure, error) {
	var ratios, as, bs []float64
	for range 15 {
		b, err := used(raw)
		if err != nil {
			return figure{}, err
		}
		a, err := used(ours)
		if err != nil {
			return figure{}, err
		}
		as, bs, ratios = append(as, float64(a)), append(bs, float64(b)), append(ratios, float64(b)/float64(a))
	}
	ratio := median(ratios)
	return figure{
		what: what, measured: rate(size, median(as)), beside: rate(size, median(bs)) + " raw AES-256-GCM",
		ratio: fmt.Sprintf("%.2f", ratio), target: "≥ 0.7", met: ratio >= 0.7,
	}, nil
}

func rate(size int, ns float64) string { return fmt.Sprintf("%.1f GB/s", float64(size)/ns) }

// used is the CPU time this process takes for f.
func used(f func() error) (time.Duration, error) {
	before := ownCPU()
	err := f()
	return ownCPU() - before, err
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// large measures the erasure of a large tenant, and reads in it against reads in a small one.
func large(ctx context.Context, scratch string, people, rounds int) ([]figure, error) {
	folder := filepath.Join(scratch, "large")
	big, err := start(ctx, "clause", folder, people)
	if err != nil {
		return nil, err
	}
	small, err := start(ctx, "clause", filepath.Join(scratch, "small"), 10_000)
	if err != nil {
		return nil, err
	}
	reads, err := against(ctx, rounds, fmt.Sprintf("read, %d people against 10,000", people), big, small, big.read, small.read, 1.5)
	if err != nil {
		return nil, err
	}
	ids := big.hello
	big.stop()
	small.stop()
	erased, err := erasing(ctx, folder, ids, people)
	return []figure{reads, erased}, err
}

// erasing erases the tenant of a store that is there already, while a reader tries to read on.
func erasing(ctx context.Context, folder string, ids hello, people int) (figure, error) {
	a, err := openApp(ctx, folder)
	if err != nil {
		return figure{}, err
	}
	defer a.Close()
	gone, returned, err := eraseTenant(ctx, a, ids)
	return figure{
		what:     fmt.Sprintf("a tenant of %d people unreadable", people),
		measured: fmt.Sprintf("%.1f ms (the call returns after %.1f)", gone.Seconds()*1000, returned.Seconds()*1000), target: "≤ 50 ms",
		met: gone <= 50*time.Millisecond,
	}, err
}

// starting measures how soon a server is ready on an existing store, and how much memory it keeps.
func starting(ctx context.Context, scratch string) ([]figure, error) {
	binary := filepath.Join(scratch, "clause")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/clause").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	folder := filepath.Join(scratch, "start")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	source := filepath.Join(folder, "policy.yaml")
	if err := os.WriteFile(source, clesaro.Policy, 0o600); err != nil {
		return nil, err
	}
	places := []string{"--policy", source, "--data", filepath.Join(folder, "data"), "--keys", filepath.Join(folder, "keys")}
	if out, err := exec.CommandContext(ctx, binary, append([]string{"init"}, places...)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("init: %w: %s", err, out)
	}
	var ready []float64
	var memory int
	for n := range 7 {
		took, kib, err := startOnce(ctx, binary, places, n == 6)
		if err != nil {
			return nil, err
		}
		ready = append(ready, float64(took.Milliseconds()))
		memory = kib
	}
	took, mib := median(ready), float64(memory)/1024
	return []figure{
		{what: "ready on an existing store", measured: fmt.Sprintf("%.0f ms", took), target: "≤ 300 ms", met: took <= 300},
		{what: "idle memory, after its probes ran", measured: fmt.Sprintf("%.0f MB", mib), target: "< 80 MB", met: mib < 80},
	}, nil
}

// startOnce starts the real binary and asks until it answers.
func startOnce(ctx context.Context, binary string, places []string, settle bool) (ready time.Duration, kib int, err error) {
	file := filepath.Join(filepath.Dir(places[1]), "ready")
	_ = os.Remove(file)
	p := exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--ready-file", file}, places...)...)
	began := time.Now()
	if err := p.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		_ = p.Process.Signal(os.Interrupt)
		_ = p.Wait()
	}()
	if err := untilReady(file, began); err != nil {
		return 0, 0, err
	}
	ready = time.Since(began)
	if settle {
		time.Sleep(20 * time.Second)
	}
	kib, err = resident(p.Process.Pid)
	return ready, kib, err
}

// untilReady asks /healthz at the address the server wrote, as a load balancer would.
func untilReady(file string, began time.Time) error {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: insecure()}}
	for time.Since(began) < 10*time.Second {
		if addr, err := os.ReadFile(file); err == nil && len(addr) > 0 {
			url := strings.TrimSpace(string(addr))
			if !strings.HasPrefix(url, "https://") {
				url = "https://" + url
			}
			if answer, err := client.Get(url + "/healthz"); err == nil {
				_ = answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					return nil
				}
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return errors.New("the server was not ready within 10 s")
}

// resident is a process's resident memory in KiB.
func resident(pid int) (kib int, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(status), "VmRSS:")
	if !ok {
		return 0, errors.New("no VmRSS")
	}
	_, err = fmt.Sscanf(rest, "%d", &kib)
	return kib, err
}
