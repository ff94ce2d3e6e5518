package control

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// A mark is found in every form, wherever it lies in the stream and whatever is around it.
func TestSearchFindsEveryForm(t *testing.T) {
	forms := map[string]func([]byte) []byte{
		"plain text":  func(b []byte) []byte { return b },
		"hexadecimal": func(b []byte) []byte { return []byte(hex.EncodeToString(b)) },
		"HEXADECIMAL": func(b []byte) []byte { return []byte(strings.ToUpper(hex.EncodeToString(b))) },
		"base64":      func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) },
		"base64url":   func(b []byte) []byte { return []byte(base64.RawURLEncoding.EncodeToString(b)) },
		"UTF-16LE":    func(b []byte) []byte { return wide(b, 0) },
		"UTF-16BE":    func(b []byte) []byte { return wide(b, 1) },
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"plain text", "hexadecimal", "HEXADECIMAL", "base64", "base64url", "UTF-16LE", "UTF-16BE"}).Draw(t, "form")
		mark := rapid.SampledFrom([]string{token(), "?>~ÿ~<?" + digits(13), digits(13)}).Draw(t, "mark")
		if strings.HasPrefix(name, "UTF") {
			mark = token() // one byte a character
		}
		before := rapid.SliceOfN(rapid.ByteRange('a', 'z'), 0, 9).Draw(t, "before")
		text := forms[name](append(append(before, mark...), "tail"...))
		stream := append(make([]byte, rapid.IntRange(0, 3).Draw(t, "far")), text...)
		found, err := searchFor(mark).read(context.Background(), bytes.NewReader(stream))
		if err != nil || found == "" {
			t.Fatalf("%s of %q: found %q, %v", name, mark, found, err)
		}
		if other, _ := searchFor(token()).read(context.Background(), bytes.NewReader(stream)); other != "" {
			t.Fatalf("another mark is found in %s", other)
		}
	})
}

func wide(b []byte, low int) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(b))) {
		pair := []byte{byte(unit), byte(unit >> 8)}
		out = append(out, pair[low], pair[1-low])
	}
	return out
}

// A mark that lies across the blocks in which a stream is read is found as well.
func TestSearchFindsAcrossBlocks(t *testing.T) {
	mark := token()
	s := searchFor(mark)
	for _, end := range []int{1 << 20, s.longest + 1<<20, 2 << 20, s.longest + 2<<20} {
		for shift := -len(mark) - 1; shift <= 1; shift++ {
			stream := append(append(bytes.Repeat([]byte{'.'}, end+shift), mark...), bytes.Repeat([]byte{'.'}, 100)...)
			found, err := searchFor(mark).read(t.Context(), bytes.NewReader(stream))
			if err != nil || found != "plain text" {
				t.Fatalf("a mark at %d is not found: %q, %v", end+shift, found, err)
			}
		}
	}
}

func TestSearchOfFiles(t *testing.T) {
	folder, mark := t.TempDir(), token()
	deep := filepath.Join(folder, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"one": "nothing", "two": "some " + hex.EncodeToString([]byte(mark)) + " more"} {
		if err := os.WriteFile(filepath.Join(deep, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	where, how, err := searchFor(mark).inFiles(t.Context(), []string{filepath.Join(folder, "missing"), folder})
	if where != "two" || how != "hexadecimal" || err != nil {
		t.Errorf("found in %q as %q, %v", where, how, err)
	}
	other := searchFor(token())
	where, how, err = other.inFiles(t.Context(), []string{folder})
	if where != "" || how != "" || err != nil || other.files != 2 || other.size != 7+5+int64(2*len(mark))+5 {
		t.Errorf("found in %q as %q, %v, after %d files and %d bytes", where, how, err, other.files, other.size)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := searchFor(mark).inFiles(ctx, []string{folder}); err == nil {
		t.Error("a search that was stopped says it found nothing")
	}
}
