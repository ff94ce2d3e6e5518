package keyring

import (
	"bytes"
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
)

func sampleFiles() []*keyFile {
	id := ID{1, 2, 3}
	return []*keyFile{
		{kind: kindStore, store: id},
		{kind: kindLedger, store: id, sealed: []byte("sealed bytes")},
		{kind: kindEpoch, store: id, number: 12, began: noon, sealed: []byte("vault:v1:abc")},
		{kind: kindGone, store: id, number: 12, began: noon, destroyed: noon.AddDate(0, 1, 0)},
	}
}

func TestKeyFileFormat(t *testing.T) {
	want := "clause epoch key v1\n" +
		"store 01020300000000000000000000000000\n" +
		"number 12\n" +
		"began 2026-03-01T12:00:00.123456Z\n" +
		"sealed dmF1bHQ6djE6YWJj\n"
	file := sampleFiles()[2]
	text, sum, _ := strings.Cut(string(file.encode()), "sum ")
	if text != want || len(sum) != 9 {
		t.Fatalf("the format changed, older folders would not open:\n%s", text)
	}
	if got := string(file.bound()); got != want[:strings.Index(want, "sealed")] {
		t.Fatalf("what an epoch key is bound to changed:\n%s", got)
	}
}

// Each byte counts: any change to any of them is noticed.
func TestKeyFileDamageIsNoticed(t *testing.T) {
	for _, file := range sampleFiles() {
		text := file.encode()
		back, err := parseKeyFile(file.kind, text)
		if err != nil || !bytes.Equal(back.encode(), text) || !back.began.Equal(file.began) {
			t.Fatal(file.kind, err)
		}
		for i := range text {
			for _, flip := range []byte{1, 2, 16, 0x20, 0x80} {
				broken := bytes.Clone(text)
				broken[i] ^= flip
				_, err := parseKeyFile(file.kind, broken)
				wantKind(t, err, fault.Invalid)
			}
			_, err := parseKeyFile(file.kind, text[:i])
			wantKind(t, err, fault.Invalid)
		}
		_, err = parseKeyFile(file.kind, append(text, '\n'))
		wantKind(t, err, fault.Invalid)
		for _, other := range sampleFiles() {
			if other.kind != file.kind {
				_, err := parseKeyFile(other.kind, text)
				wantKind(t, err, fault.Invalid)
			}
		}
	}
}

func TestEpochNames(t *testing.T) {
	for name, want := range map[string]int64{
		"epoch-1.key": 1, "epoch-9223372036854775807.key": 1<<63 - 1,
		"epoch-0.key": 0, "epoch--1.key": 0, "epoch-01.key": 0, "epoch-+1.key": 0, "epoch-1.key~": 0,
		"epoch-1.gone": 0, "epoch-.key": 0, "epoch-9223372036854775808.key": 0, "1.key": 0, "Epoch-1.key": 0,
	} {
		number, ok := epochNumber(name, ".key")
		if ok != (want > 0) || ok && (number != want || epochName(number) != name) {
			t.Errorf("%s: %d %v", name, number, ok)
		}
	}
}

func FuzzParseKeyFile(f *testing.F) {
	for i, file := range sampleFiles() {
		f.Add(i, file.encode())
	}
	f.Fuzz(func(t *testing.T, which int, text []byte) {
		kinds := []fileKind{kindStore, kindLedger, kindEpoch, kindGone}
		kind := kinds[uint(which)%uint(len(kinds))]
		file, err := parseKeyFile(kind, text)
		if err == nil && !bytes.Equal(file.encode(), text) {
			t.Fatal("two texts mean the same file")
		}
	})
}

// TestIDOf: lists of destroyed keys name applications so for ever.
func TestIDOf(t *testing.T) {
	if got := IDOf("application", "app_1").String(); got != "a39faf1862c88a626e5de98a3d74596c" {
		t.Error(got)
	}
}

func TestParseID(t *testing.T) {
	id := NewID()
	if back := must(ParseID(id.String()))(t); back != id || id.IsZero() {
		t.Fatal(back)
	}
	for _, text := range []string{"", "00", strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("g", 32), strings.Repeat("A", 32)} {
		_, err := ParseID(text)
		wantKind(t, err, fault.Invalid)
	}
}
