package proof

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// memLog is a log in memory, which a test can alter.
type memLog struct {
	entries [][]byte
	leaves  []Hash // as first logged
	signed  []byte
	vkey    string
	skey    string
	origin  string
	fail    error // of Checkpoint
}

func newMemLog(t testing.TB, n int) *memLog {
	t.Helper()
	l := &memLog{origin: "clause.test/acme"}
	seed := ed25519.NewKeyFromSeed(make([]byte, 32))
	var err error
	if l.vkey, err = note.NewEd25519VerifierKey(l.origin, seed.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	hash := strings.Split(l.vkey, "+")[1]
	l.skey = "PRIVATE+KEY+" + l.origin + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed.Seed()...))
	l.grow(n)
	l.sign(t)
	return l
}

func (l *memLog) grow(n int) {
	for range n {
		e := entryAt(len(l.entries))
		l.entries = append(l.entries, e.Append(nil))
		l.leaves = append(l.leaves, leafHash(l.entries[len(l.entries)-1]))
	}
}

func entryAt(i int) Entry {
	return Entry{Seq: int64(i), Time: time.Unix(1700000000+int64(i/3), 0).UTC(), Kind: "record.get", Record: fmt.Sprint("r", i)}
}

func (l *memLog) rootOf(n int) Hash { return naiveRoot(l.leaves[:n]) }

func (l *memLog) sign(t testing.TB) { l.signText(t, l.text(len(l.leaves), l.rootOf(len(l.leaves)))) }

func (l *memLog) text(size int, root Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", l.origin, size, base64.StdEncoding.EncodeToString(root[:]))
}

func (l *memLog) signText(t testing.TB, text string) {
	t.Helper()
	s, err := note.NewSigner(l.skey)
	if err != nil {
		t.Fatal(err)
	}
	if l.signed, err = note.Sign(&note.Note{Text: text}, s); err != nil {
		t.Fatal(err)
	}
}

func (l *memLog) Checkpoint(context.Context) ([]byte, error) { return l.signed, l.fail }
func (l *memLog) Key(context.Context) (string, error)        { return l.vkey, nil }

func (l *memLog) Bundle(_ context.Context, index int64, width int) ([]byte, error) {
	first := int(index * BundleWidth)
	if first+width > len(l.entries) {
		return nil, ErrMissing
	}
	var b []byte
	for _, e := range l.entries[first : first+width] {
		if e == nil {
			return nil, ErrFailed
		}
		b = AppendFrame(b, e)
	}
	return b, nil
}

func (l *memLog) Tile(_ context.Context, level int, index int64, width int) ([]byte, error) {
	first := int(index * BundleWidth)
	if level != 0 || first+width > len(l.leaves) {
		return nil, ErrMissing
	}
	var b []byte
	for _, h := range l.leaves[first : first+width] {
		b = append(b, h[:]...)
	}
	return b, nil
}

// serve is the log's HTTP face, in the simplest words.
func (l *memLog) serve(t testing.TB, credential string) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+credential {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		name, ok := strings.CutPrefix(r.URL.Path, "/ledger/acme/")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		body, err := l.answer(r.Context(), name)
		switch {
		case err == ErrMissing:
			w.WriteHeader(http.StatusNotFound)
		case err != nil:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (l *memLog) answer(ctx context.Context, name string) ([]byte, error) {
	switch name {
	case "checkpoint":
		return l.Checkpoint(ctx)
	case "key":
		return []byte(l.vkey + "\n"), nil
	}
	level, index, width, err := ParsePath(name)
	if err != nil {
		return nil, ErrMissing
	}
	if level < 0 {
		return l.Bundle(ctx, index, width)
	}
	return l.Tile(ctx, level, index, width)
}

// naiveRoot is RFC 6962's definition, word for word.
func naiveRoot(d []Hash) Hash {
	if len(d) == 0 {
		var empty tree
		return empty.root(0)
	}
	if len(d) == 1 {
		return d[0]
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	return nodeHash(naiveRoot(d[:k]), naiveRoot(d[k:]))
}

// first is the least index that a report names; -2 for none at all.
func first(r Report) int64 {
	if len(r.Findings) == 0 {
		return -2
	}
	if i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Index >= 0 }); i >= 0 {
		return r.Findings[i].Index
	}
	return -1
}
