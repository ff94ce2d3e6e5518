package app_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/client"
)

// room bounds a store in bytes: a small disk, or where this user may mount none the size that files of
// the server may have.
type room struct {
	folder string
	disk   bool
}

const smallDisk = 24 << 20

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{folder: t.TempDir()}
	if syscall.Mount("tmpfs", r.folder, "tmpfs", 0, "size="+strconv.Itoa(smallDisk)) == nil {
		r.disk = true
		t.Cleanup(func() {
			if err := syscall.Unmount(r.folder, syscall.MNT_DETACH); err != nil {
				t.Errorf("the small disk stays mounted: %v", err)
			}
		})
	}
	return r
}

// fill takes all room that is left.
func (r *room) fill(t *testing.T, s *child) {
	t.Helper()
	if !r.disk {
		limit(t, s, "16384") // the store's file is larger by now, and cannot grow
		return
	}
	f, err := os.Create(filepath.Join(r.folder, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 16 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// clear makes room again.
func (r *room) clear(t *testing.T, s *child) {
	t.Helper()
	if !r.disk {
		limit(t, s, "unlimited")
		return
	}
	if err := os.Remove(filepath.Join(r.folder, "filler")); err != nil {
		t.Fatal(err)
	}
}

// limit bounds the size of the server's files.
func limit(t *testing.T, s *child, size string) {
	t.Helper()
	said, err := exec.Command("prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize="+size+":unlimited").CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit (Debian's util-linux): %v %s", err, said)
	}
}

// TestFullDisk fills the disk that store, blobs and keys are on under load. What cannot be recorded is
// refused as unavailable; once there is room the server goes on by itself, and nothing is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	p := setUp(t, r.folder)
	s := p.serve(t)
	audit, workers := s.staff(p.admin, 1)
	w := workers[0]
	steps := func(n int) {
		t.Helper()
		for range n {
			w.step(t)
		}
	}
	steps(200)
	_, key := s.application(p.admin, "data", "subjects")
	target, c := s.spender(key), s.client(key)
	w.tired = true
	for range 3 {
		r.fill(t, s)
		for until := time.Now().Add(20 * time.Second); w.refused == 0 && time.Now().Before(until); {
			steps(20)
		}
		steps(200)
		if w.refused < 50 {
			t.Fatalf("on a full disk %d requests were refused", w.refused)
		}
		refusesBlobs(t, c, target)
		statusOf(t, s, "/", 200, 503)
		statusOf(t, s, "/healthz", 200, 503)
		r.clear(t, s)
		awaitRoom(t, w)
		w.tired, w.refused = false, 0
		w.check(t, s, len(w.people))
		steps(100)
		if _, err := c.PutBlob(t.Context(), target, "receipt", "image/png", bytes.NewReader(make([]byte, 1<<20))); err != nil {
			t.Errorf("there is room again: %v", err)
		}
		verified(t, s, audit, nil, workers)
		w.tired = true
	}
	w.tired = false
	if status := s.end(); status != 0 {
		t.Errorf("the server ended with status %d", status)
	}
	s = p.serve(t)
	w.check(t, s, len(w.people))
	verified(t, s, audit, nil, workers)
}

// awaitRoom waits until the server writes again.
func awaitRoom(t *testing.T, w *worker) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !w.create(t); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("there is room again, and the server still refuses")
		}
	}
}

// spender makes a person with a transaction that a receipt may be put to.
func (s *child) spender(key string) client.Target {
	s.t.Helper()
	c := s.client(key)
	id, err := c.CreateSubject(s.t.Context(), "acme")
	if err != nil {
		s.t.Fatal(err)
	}
	target := client.Target{Tenant: "acme", Subject: id, DataSet: "transactions", Purpose: "budgeting"}
	stored, err := c.Create(s.t.Context(), target, map[string]any{
		"date": "2026-03-01", "amount": "12.50 AED", "direction": "expense", "category": "leisure", "merchant": "Bookshop",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	target.Record = stored.Record
	return target
}

// refusesBlobs sends a large object that there is no room for.
func refusesBlobs(t *testing.T, c *client.Client, target client.Target) {
	t.Helper()
	_, err := c.PutBlob(t.Context(), target, "receipt", "image/png", bytes.NewReader(make([]byte, 4<<20)))
	if client.Status(err) != 503 {
		t.Errorf("a blob on a full disk: %v", err)
	}
}

// statusOf gets a public page.
func statusOf(t *testing.T, s *child, path string, allowed ...int) {
	t.Helper()
	answer, err := s.http.Get(s.url + path)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	for _, status := range allowed {
		if answer.StatusCode == status && err == nil {
			return
		}
	}
	t.Errorf("%s: status %d, %v: %s", path, answer.StatusCode, err, strings.TrimSpace(string(body[:min(len(body), 200)])))
}
