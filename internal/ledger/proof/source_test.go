package proof

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestVerifyOverHTTP(t *testing.T) {
	l := newMemLog(t, 600)
	s := l.serve(t, "secret")
	base, err := LogURL(s.URL+"/", "acme")
	if err != nil {
		t.Fatal(err)
	}
	src := &HTTP{Client: s.Client(), Base: base, Credential: "secret"}
	key, err := src.Key(context.Background())
	if err != nil || key != l.vkey {
		t.Fatal(key, err)
	}
	r, err := Verify(context.Background(), src, Options{Key: key})
	if err != nil || !r.Verified() || r.Read != 600 {
		t.Fatal(r, err)
	}
	e := entryAt(300)
	e.Actor = "other"
	l.entries[300] = e.Append(nil)
	if r, err = Verify(context.Background(), src, Options{Key: key}); err != nil || first(r) != 300 {
		t.Errorf("altered: %+v %v", r.Findings, err)
	}
	l.entries[290] = nil
	if r, err = Verify(context.Background(), src, Options{Key: key}); err != nil || first(r) != 290 {
		t.Errorf("gone: %+v %v", r.Findings, err)
	}
	src.Credential = "wrong"
	if r, err = Verify(context.Background(), src, Options{Key: key}); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("no credential: %+v %v", r, err)
	}
}

func TestHTTPBounds(t *testing.T) {
	calls := 0
	answer := http.HandlerFunc(nil)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++; answer(w, r) }))
	defer s.Close()
	src := &HTTP{Client: s.Client(), Base: s.URL}
	answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxCheckpoint+1)) }
	if _, err := src.Checkpoint(context.Background()); err == nil {
		t.Error("an endless checkpoint was read")
	}
	answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := src.Checkpoint(ctx); err == nil {
		t.Error("a busy server was an answer")
	}
	answer = func(w http.ResponseWriter, _ *http.Request) {
		if calls < 4 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	calls = 2
	if _, err := src.Checkpoint(context.Background()); err != nil || calls != 4 {
		t.Errorf("%d calls, %v", calls, err)
	}
	for _, bad := range []string{"", "clause.example", "ftp://x", "https://u:p@x", "https://x?q=1", "https://"} {
		if _, err := LogURL(bad, "acme"); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
	for _, bad := range []string{"", ".", "..", "../../admin", "a/b", "a?b", "a b"} {
		if u, err := LogURL("https://x/base", bad); err == nil {
			t.Errorf("tenant %q led to %s", bad, u)
		}
	}
}

// export writes the log as its server would.
func export(t testing.TB, l *memLog) string {
	t.Helper()
	var b bytes.Buffer
	w := NewExportWriter(&b)
	add := func(name string) {
		data, err := l.answer(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(name, data); err != nil {
			t.Fatal(err)
		}
	}
	add("checkpoint")
	add("key")
	for i := 0; i < len(l.entries); i += BundleWidth {
		width := min(len(l.entries)-i, BundleWidth)
		add(BundlePath(int64(i/BundleWidth), width))
		add(TilePath(0, int64(i/BundleWidth), width))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "log.tar")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func verifyFile(name, key string) (Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	e, err := OpenExport(f)
	if err != nil {
		return Report{}, err
	}
	return Verify(context.Background(), e, Options{Key: key})
}

func TestVerifyExports(t *testing.T) {
	l := newMemLog(t, 600)
	name := export(t, l)
	r, err := verifyFile(name, l.vkey)
	if err != nil || !r.Verified() || r.Read != 600 {
		t.Fatal(r, err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Replace(data, []byte(`"record":"r421"`), []byte(`"record":"r422"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := verifyFile(name, l.vkey); err != nil || first(r) != 421 {
		t.Errorf("altered: %+v %v", r.Findings, err)
	}
	for size := 0; size < len(data)-1024; size += 997 {
		if err := os.WriteFile(name, data[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := verifyFile(name, l.vkey); err == nil && r.Verified() {
			t.Fatalf("cut at %d of %d: verified", size, len(data))
		}
	}
}

// TestExportsNeverVerifyAfterAnyChange flips one byte anywhere: either the bytes that matter are as
// they were, or the export does not verify.
func TestExportsNeverVerifyAfterAnyChange(t *testing.T) {
	l := newMemLog(t, 300)
	name := export(t, l)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		changed := bytes.Clone(data)
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if err := os.WriteFile(name, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := verifyFile(name, l.vkey)
		if err == nil && r.Verified() && (r.Root != l.rootOf(300) || r.Read != 300) {
			t.Fatalf("byte %d: verified as something else", at)
		}
	})
}

func TestPaths(t *testing.T) {
	for path, want := range map[string][3]int64{
		"tile/entries/000":               {-1, 0, 256},
		"tile/entries/x001/234":          {-1, 1234, 256},
		"tile/entries/x001/x234/067.p/8": {-1, 1234067, 8},
		"tile/0/000.p/255":               {0, 0, 255},
		"tile/7/999":                     {7, 999, 256},
	} {
		level, index, width, err := ParsePath(path)
		if err != nil || [3]int64{int64(level), index, int64(width)} != want {
			t.Errorf("%s: %d %d %d %v", path, level, index, width, err)
		}
	}
	for _, bad := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/8/000", "tile/-1/000", "tile/+1/000", "tile/00/000",
		"tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/",
		"tile/0/000/", "/tile/0/000", "tile/entries/-01", "tile/entries/+01", "tile/entry/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
		"tile/0/../../key", "tile/entries/000.p/1.p/1",
	} {
		if level, index, width, err := ParsePath(bad); err == nil {
			t.Errorf("%q: %d %d %d", bad, level, index, width)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("tile/entries/x001/234.p/8")
	f.Add("tile/3/x999/999")
	f.Fuzz(func(t *testing.T, path string) {
		level, index, width, err := ParsePath(path)
		if err != nil {
			return
		}
		again := TilePath(level, index, width)
		if level < 0 {
			again = BundlePath(index, width)
		}
		if again != path {
			t.Errorf("%q is also %q", path, again)
		}
	})
}

func TestMemory(t *testing.T) {
	l := newMemLog(t, 20)
	m := Memory{}
	m.Remember(l.vkey, verify(t, l))
	data, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseMemory(data)
	if err != nil {
		t.Fatal(err)
	}
	h, ok := back.Head(l.origin)
	if !ok || h.Size != 20 || h.Root != l.rootOf(20) {
		t.Errorf("%+v", h)
	}
	if _, ok := back.Head("other"); ok {
		t.Error("remembered a log never seen")
	}
	for _, bad := range []string{"", "{", "null", "[]", strings.Replace(string(data), `\n20\n`, `\n19\n`, 1),
		strings.Replace(string(data), "acme", "evil", 1), strings.Replace(string(data), `"key"`, `"keys"`, 1)} {
		if _, err := ParseMemory([]byte(bad)); err == nil {
			t.Errorf("accepted %s", bad)
		}
	}
}

func TestTenantHeads(t *testing.T) {
	l := newMemLog(t, 20)
	e := Entry{Seq: 4, Time: time.Unix(1, 0), Kind: KindTenantHead, Detail: TenantHeadDetail("acme", 20, l.rootOf(20))}
	back, err := Parse(e.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	tenant, h, ok := TenantHead(back)
	if !ok || tenant != "acme" || h.Size != 20 || h.Root != l.rootOf(20) {
		t.Errorf("%s %+v %v", tenant, h, ok)
	}
	for _, detail := range []map[string]string{nil, {"tenant": "acme", "size": "-1", "root": l.rootOf(1).String()},
		{"tenant": "acme", "size": "1", "root": "00"}, {"size": "1", "root": l.rootOf(1).String()}} {
		if _, _, ok := TenantHead(Entry{Kind: KindTenantHead, Detail: detail}); ok {
			t.Errorf("%v passed", detail)
		}
	}
}

func TestKeyFor(t *testing.T) {
	l := newMemLog(t, 1)
	same, err := KeyFor(l.vkey, "acme")
	if err != nil || same != l.vkey {
		t.Errorf("%s, want %s, %v", same, l.vkey, err)
	}
	other, err := KeyFor(l.vkey, "beta")
	if err != nil || TenantOf(other) != "beta" || !strings.HasPrefix(other, "clause.test/beta+") {
		t.Error(other, err)
	}
	if _, err := OpenCheckpoint(l.signed, other); err == nil {
		t.Error("one log's checkpoint passed for another's")
	}
	for _, bad := range []string{"", "x", l.vkey[1:], l.vkey + "A"} {
		if _, err := KeyFor(bad, "acme"); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
}
