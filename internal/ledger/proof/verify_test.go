package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func verify(t *testing.T, l *memLog, heads ...Head) Report {
	t.Helper()
	r, err := Verify(context.Background(), l, Options{Key: l.vkey, Heads: heads})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerifyHonestLogs(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 255, 256, 257, 511, 512, 700} {
		l := newMemLog(t, n)
		var heads []Head
		for m := 0; m <= n; m += 37 {
			heads = append(heads, Head{Size: int64(m), Root: l.rootOf(m), By: "test"})
		}
		r := verify(t, l, heads...)
		if !r.Verified() || r.Read != int64(n) || r.Size != int64(n) || r.Root != l.rootOf(n) {
			t.Errorf("%d entries: %+v", n, r)
		}
	}
}

// TestVerifyFindsTheAlteredEntry alters a log of 600 entries in one way each and asks for the index.
func TestVerifyFindsTheAlteredEntry(t *testing.T) {
	rewrite := func(i int, change func(*Entry)) func(*memLog) {
		return func(l *memLog) {
			e := entryAt(i)
			change(&e)
			l.entries[i] = e.Append(nil)
		}
	}
	for name, c := range map[string]struct {
		alter func(*memLog)
		want  int64
		say   string
	}{
		"a word changed":       {rewrite(300, func(e *Entry) { e.Kind = "record.put" }), 300, "not those that were logged"},
		"the first entry":      {rewrite(0, func(e *Entry) { e.Actor = "other" }), 0, "not those that were logged"},
		"the last entry":       {rewrite(599, func(e *Entry) { e.Actor = "other" }), 599, "not those that were logged"},
		"a number changed":     {rewrite(10, func(e *Entry) { e.Seq = 11 }), 10, "says it is entry 11"},
		"a time set back":      {rewrite(500, func(e *Entry) { e.Time = e.Time.Add(-time.Hour) }), 500, "dated before"},
		"garbage":              {func(l *memLog) { l.entries[257] = []byte("{}") }, 257, "canonical"},
		"a space":              {func(l *memLog) { l.entries[257] = append(l.entries[257], ' ') }, 257, "canonical"},
		"an entry gone":        {func(l *memLog) { l.entries[400] = nil }, 400, "missing"},
		"the first entry gone": {func(l *memLog) { l.entries[0] = nil }, 0, "missing"},
		"the end gone":         {func(l *memLog) { l.entries = l.entries[:590] }, 590, "missing"},
		"two swapped":          {func(l *memLog) { l.entries[42], l.entries[43] = l.entries[43], l.entries[42] }, 42, "says it is entry 43"},
		"one taken out": {func(l *memLog) {
			l.entries = append(l.entries[:100], append(l.entries[101:], entryBytes(599))...)
		}, 100, "says it is entry 101"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newMemLog(t, 600)
			c.alter(l)
			r := verify(t, l)
			if first(r) != c.want || !strings.Contains(r.Findings[0].What, c.say) {
				t.Errorf("got %+v, want %d %s", r.Findings, c.want, c.say)
			}
		})
	}
}

func entryBytes(i int) []byte {
	e := entryAt(i)
	return e.Append(nil)
}

// TestVerifyFindsTheServersOwnForgery is about a server that signs anew what it altered: only what
// somebody else remembers tells.
func TestVerifyFindsTheServersOwnForgery(t *testing.T) {
	honest := newMemLog(t, 600)
	head := func(n int) Head { return Head{Size: int64(n), Root: honest.rootOf(n), By: "memory"} }

	forged := newMemLog(t, 600)
	e := entryAt(300)
	e.Actor = "somebody"
	forged.entries[300] = e.Append(nil)
	forged.leaves[300] = leafHash(forged.entries[300])
	forged.sign(t)
	if r := verify(t, forged); !r.Verified() {
		t.Fatalf("the forgery should stand by itself: %+v", r)
	}
	if r := verify(t, forged, head(600)); first(r) != 0 {
		t.Errorf("with one head: %+v", r.Findings)
	}
	// More heads narrow it down: 290 still holds, 310 no longer.
	if r := verify(t, forged, head(600), head(100), head(290), head(310)); first(r) != 290 {
		t.Errorf("with four heads: %+v", r.Findings)
	}

	short := newMemLog(t, 500)
	if r := verify(t, short, head(600)); first(r) != 500 {
		t.Errorf("rolled back: %+v", r.Findings)
	}
	if r := verify(t, short, head(500), head(120)); !r.Verified() {
		t.Errorf("an honest past: %+v", r.Findings)
	}
}

func TestVerifyCheckpoints(t *testing.T) {
	other := newMemLog(t, 5)
	for name, alter := range map[string]func(*memLog){
		"a byte of the size":    func(l *memLog) { l.signed = []byte(strings.Replace(string(l.signed), "\n5\n", "\n4\n", 1)) },
		"no signature":          func(l *memLog) { l.signed = l.signed[:strings.Index(string(l.signed), "\n\n")+2] },
		"nothing":               func(l *memLog) { l.signed = nil },
		"another origin":        func(l *memLog) { l.signText(t, strings.Replace(l.text(5, l.rootOf(5)), "acme", "evil", 1)) },
		"size with a zero":      func(l *memLog) { l.signText(t, strings.Replace(l.text(5, l.rootOf(5)), "\n5\n", "\n05\n", 1)) },
		"negative size":         func(l *memLog) { l.signText(t, strings.Replace(l.text(5, l.rootOf(5)), "\n5\n", "\n-5\n", 1)) },
		"short root":            func(l *memLog) { l.signText(t, l.origin+"\n5\nAAAA\n") },
		"no root":               func(l *memLog) { l.signText(t, l.origin+"\n5\n") },
		"another tree's root":   func(l *memLog) { l.signText(t, l.text(5, other.rootOf(4))) },
		"a size beyond the log": func(l *memLog) { l.signText(t, l.text(1<<61, l.rootOf(5))) },
	} {
		l := newMemLog(t, 5)
		alter(l)
		if r := verify(t, l); r.Verified() {
			t.Errorf("%s: verified", name)
		}
	}
	l := newMemLog(t, 5)
	l.signText(t, l.text(5, l.rootOf(5))+"an extension line\n")
	if r := verify(t, l); !r.Verified() {
		t.Errorf("an extension line: %+v", r)
	}
	if _, err := Verify(context.Background(), l, Options{Key: "nonsense"}); err != nil {
		t.Errorf("a malformed key is a finding: %v", err)
	}
}

// TestVerifyTellsUnreadableFromAltered: a log that cannot be read proves nothing, unless it should
// have been there.
func TestVerifyTellsUnreadableFromAltered(t *testing.T) {
	l := newMemLog(t, 300)
	head := Head{Size: 300, Root: l.rootOf(300), By: "memory"}
	run := func(fail error, heads ...Head) (Report, error) {
		l.fail = fail
		return Verify(context.Background(), l, Options{Key: l.vkey, Heads: heads})
	}
	if r, err := run(errors.New("connection refused"), head); err == nil {
		t.Errorf("a network failure was a verdict: %+v", r)
	}
	if _, err := run(ErrMissing); err == nil {
		t.Error("a log never seen was a verdict")
	}
	if r, err := run(ErrMissing, head); err != nil || first(r) != -1 {
		t.Errorf("a log that vanished: %+v %v", r, err)
	}
	l.entries[77] = []byte("{}")
	if r, err := run(ErrFailed, head); err != nil || first(r) != 77 {
		t.Errorf("a server that no longer signs: %+v %v", r, err)
	}
	if r, err := run(ErrFailed); err != nil || first(r) != -1 {
		t.Errorf("a server that no longer signs, nothing remembered: %+v %v", r, err)
	}
}

func TestVerifyBounds(t *testing.T) {
	l := newMemLog(t, 600)
	for i := range l.entries {
		l.entries[i] = []byte("{}")
	}
	r := verify(t, l)
	if len(r.Findings) != maxFindings+1 || !strings.Contains(r.Findings[maxFindings].What, "more") {
		t.Errorf("%d findings", len(r.Findings))
	}
	_, err := Verify(context.Background(), l, Options{Key: l.vkey, Bound: func(size int64) bool { return size < 600 }})
	if err == nil {
		t.Error("read a log over the bound")
	}
}

func TestEachSeesEveryEntry(t *testing.T) {
	l := newMemLog(t, 300)
	next := int64(0)
	_, err := Verify(context.Background(), l, Options{Key: l.vkey, Each: func(e Entry) {
		if e.Seq != next || e.Record != fmt.Sprint("r", next) {
			t.Errorf("entry %d is %+v", next, e)
		}
		next++
	}})
	if err != nil || next != 300 {
		t.Errorf("%d entries, %v", next, err)
	}
}

// TestVerifyWithoutTiles: the leaf hashes are a hint alone; without them, or with forged ones, the
// verdict is the same though the entry cannot be named.
func TestVerifyWithoutTiles(t *testing.T) {
	l := newMemLog(t, 600)
	e := entryAt(300)
	e.Actor = "somebody"
	l.entries[300] = e.Append(nil)
	l.leaves[300] = leafHash(l.entries[300]) // the hash is altered too, the checkpoint is not
	if r := verify(t, l); first(r) != -1 {
		t.Errorf("%+v", r.Findings)
	}
	// A hash forged elsewhere must not put the blame on an honest entry.
	l.leaves[10] = Hash{}
	if r := verify(t, l); first(r) != -1 {
		t.Errorf("%+v", r.Findings)
	}
	l.leaves = l.leaves[:200]
	if r := verify(t, l); first(r) != -1 {
		t.Errorf("%+v", r.Findings)
	}
}

// padded is a log whose bundles hold more than they should.
type padded struct{ *memLog }

func (p padded) Bundle(ctx context.Context, index int64, width int) ([]byte, error) {
	data, err := p.memLog.Bundle(ctx, index, width)
	return append(data, 0), err
}

func TestVerifyRefusesPaddedBundles(t *testing.T) {
	l := newMemLog(t, 300)
	r, err := Verify(context.Background(), padded{l}, Options{Key: l.vkey})
	if err != nil || first(r) != 256 {
		t.Errorf("%+v %v", r.Findings, err)
	}
}
