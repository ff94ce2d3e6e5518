package proof

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func sample() Entry {
	return Entry{
		Seq: 7, Time: time.Date(2026, 11, 21, 19, 34, 52, 123456000, time.UTC), Kind: "record.get", Actor: "app_1",
		Subject: "s-9f", DataSet: "profile", Record: "r1", Version: 3, Purpose: "health-score", Recipient: "bank",
		Answer: Allow, Reason: "allowed", Clauses: []string{"clesaro-consent", "clesaro-purposes"},
		Detail: map[string]string{"b": "2", "a": "1"},
	}
}

func TestAppendIsTheDocumentedForm(t *testing.T) {
	e := sample()
	const want = `{"seq":7,"time":"2026-11-21T19:34:52.123456Z","kind":"record.get","actor":"app_1","subject":"s-9f",` +
		`"data_set":"profile","record":"r1","version":3,"purpose":"health-score","recipient":"bank","answer":"allow",` +
		`"reason":"allowed","clauses":["clesaro-consent","clesaro-purposes"],"detail":{"a":"1","b":"2"}}`
	if got := string(e.Append(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	least := Entry{Time: e.Time, Kind: "start"}
	if got, want := string(least.Append(nil)), `{"seq":0,"time":"2026-11-21T19:34:52.123456Z","kind":"start"}`; got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if !json.Valid(e.Append(nil)) {
		t.Error("not JSON")
	}
}

// TestParseRefusesOtherForms holds bytes that say the same, or nearly: a log that took them would
// have two forms of one entry.
func TestParseRefusesOtherForms(t *testing.T) {
	e := sample()
	good := string(e.Append(nil))
	if _, err := Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %q in the sample", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, bad := range map[string]string{
		"empty":             "",
		"space":             change(`"seq":7`, `"seq": 7`),
		"trailing newline":  good + "\n",
		"trailing garbage":  good + "{}",
		"cut off":           good[:len(good)-1],
		"leading zero":      change(`"seq":7`, `"seq":07`),
		"negative seq":      change(`"seq":7`, `"seq":-7`),
		"huge seq":          change(`"seq":7`, `"seq":9223372036854775808`),
		"fraction":          change(`"seq":7`, `"seq":7.0`),
		"no fraction":       change(`52.123456Z`, `52Z`),
		"nanoseconds":       change(`52.123456Z`, `52.123456789Z`),
		"zone":              change(`52.123456Z`, `52.123456+00:00`),
		"leap second":       change(`52.123456Z`, `60.123456Z`),
		"no such day":       change(`11-21T`, `11-31T`),
		"no kind":           change(`,"kind":"record.get"`, ``),
		"empty kind":        change(`"record.get"`, `""`),
		"empty actor":       change(`"app_1"`, `""`),
		"order":             change(`,"kind":"record.get","actor":"app_1"`, `,"actor":"app_1","kind":"record.get"`),
		"doubled":           change(`,"actor":"app_1"`, `,"actor":"app_1","actor":"app_1"`),
		"unknown":           change(`,"actor":"app_1"`, `,"actor":"app_1","name":"x"`),
		"upper-case key":    change(`"actor"`, `"Actor"`),
		"escape":            change(`"app_1"`, `"app\u005f1"`),
		"address":           change(`"app_1"`, `"a@b.example"`),
		"name":              change(`"app_1"`, `"Ann Lee"`),
		"name as reason":    change(`"reason":"allowed"`, `"reason":"Ann Lee"`),
		"letter":            change(`"app_1"`, `"é"`),
		"long":              change(`"app_1"`, `"`+strings.Repeat("a", MaxID+1)+`"`),
		"answer":            change(`"allow"`, `"maybe"`),
		"version zero":      change(`"version":3`, `"version":0`),
		"no clauses":        change(`["clesaro-consent","clesaro-purposes"]`, `[]`),
		"empty clause":      change(`["clesaro-consent"`, `[""`),
		"detail order":      change(`{"a":"1","b":"2"}`, `{"b":"2","a":"1"}`),
		"detail doubled":    change(`{"a":"1","b":"2"}`, `{"a":"1","a":"1","b":"2"}`),
		"empty detail":      change(`,"detail":{"a":"1","b":"2"}`, `,"detail":{}`),
		"empty detail key":  change(`{"a":"1"`, `{"":"1"`),
		"detail is a value": change(`"b":"2"`, `"b":"2 crowns"`),
	} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted %s", name, bad)
		}
	}
}

// TestLargestEntryFitsItsFrame: whatever Validate lets through can be written.
func TestLargestEntryFitsItsFrame(t *testing.T) {
	id := strings.Repeat("x", MaxID)
	e := Entry{Seq: 1<<63 - 1, Time: sample().Time, Kind: id, Actor: id, Subject: id, DataSet: id, Record: id, Version: 1<<63 - 1,
		Purpose: id, Recipient: id, Answer: Refuse, Reason: id, Detail: map[string]string{}}
	for i := range MaxClauses {
		e.Clauses = append(e.Clauses, id[:MaxID-2]+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	for _, c := range e.Clauses[:MaxDetail] {
		e.Detail[c] = id
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	data := e.Append(nil)
	if len(data) > MaxEntry {
		t.Errorf("%d bytes", len(data))
	}
	if _, err := Parse(data); err != nil {
		t.Error(err)
	}
	e.Clauses = append(e.Clauses, "more")
	if e.Validate() == nil {
		t.Error("too many clauses were accepted")
	}
	e.Clauses = nil
	e.Detail["more"] = ""
	if e.Validate() == nil {
		t.Error("too many details were accepted")
	}
}

func anEntry(t *rapid.T) Entry {
	id := rapid.StringMatching(`[A-Za-z0-9_.:-]{0,12}`)
	some := rapid.StringMatching(`[A-Za-z0-9_.:-]{1,12}`)
	e := Entry{
		Seq:  rapid.Int64Min(0).Draw(t, "seq"),
		Time: time.UnixMicro(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "time")).UTC(),
		Kind: some.Draw(t, "kind"), Actor: id.Draw(t, "actor"), Subject: id.Draw(t, "subject"), DataSet: id.Draw(t, "set"),
		Record: id.Draw(t, "record"), Version: rapid.Int64Min(0).Draw(t, "version"), Purpose: id.Draw(t, "purpose"),
		Recipient: id.Draw(t, "recipient"), Answer: rapid.SampledFrom([]string{"", Allow, Refuse}).Draw(t, "answer"),
		Reason: rapid.StringMatching(`[a-z ,'-]{0,20}`).Draw(t, "reason"),
	}
	if c := rapid.SliceOfN(some, 0, 5).Draw(t, "clauses"); len(c) > 0 {
		e.Clauses = c
	}
	if d := rapid.MapOfN(some, id, 0, 5).Draw(t, "detail"); len(d) > 0 {
		e.Detail = d
	}
	return e
}

func TestParseUndoesAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anEntry(t)
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		data := e.Append(nil)
		back, err := Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !bytes.Equal(back.Append(nil), data) || back.Actor != e.Actor || back.Detail["a"] != e.Detail["a"] || !back.Time.Equal(e.Time) {
			t.Fatalf("%s came back as %+v", data, back)
		}
		if !json.Valid(data) {
			t.Fatalf("%s is not JSON", data)
		}
	})
}

// FuzzParse: what Parse accepts is what Append writes, byte for byte.
func FuzzParse(f *testing.F) {
	e := sample()
	f.Add(e.Append(nil))
	seeds, err := filepath.Glob("testdata/entries/*.json")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range seeds {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(data, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Parse(data)
		if err != nil {
			return
		}
		if err := e.Validate(); err != nil {
			t.Errorf("accepted an invalid entry: %v", err)
		}
		if again := e.Append(nil); !bytes.Equal(again, data) {
			t.Errorf("%q was read, and is written as %q", data, again)
		}
	})
}

func TestAppendAllocatesNothing(t *testing.T) {
	e := sample()
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = e.Append(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	e := sample()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
}

func BenchmarkParse(b *testing.B) {
	e := sample()
	data := e.Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTimesAreRFC3339: the hand-written time is that of the standard library.
func TestTimesAreRFC3339(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "time")).UTC()
		if got, want := string(appendTime(nil, at)), at.Format(timeLayout); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}
