package inspect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

// TestFormsWithFilesArePassedOnAsTheyCame, of any size, and every field is looked into.
func TestFormsWithFilesArePassedOnAsTheyCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		var want []Field
		for n := range rapid.IntRange(1, 8).Draw(t, "parts") {
			name := fmt.Sprint("part ", n)
			size := rapid.SampledFrom([]int{0, 1, 5000}).Draw(t, "size")
			if rapid.Bool().Draw(t, "a file") {
				part, _ := w.CreateFormFile(name, "a.jpg")
				part.Write(bytes.Repeat([]byte("\r\n--"), size*rapid.IntRange(1, 8).Draw(t, "times")))
				want = append(want, Field{Name: name}, Field{Name: "filename", Value: "a.jpg"})
				continue
			}
			value := strings.Repeat("\r", size)
			w.WriteField(name, value)
			want = append(want, Field{Name: name, Value: value})
		}
		w.Close()
		body.WriteString(rapid.SampledFrom([]string{"", "\r\n", strings.Repeat("after the end", MaxForm)}).Draw(t, "rest"))
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body.Bytes()))
		r.Header.Set("Content-Type", w.FormDataContentType())
		var later []Field
		fields, again, err := Read(r, r.Body, func(some []Field) error { later = append(later, some...); return nil })
		if err != nil {
			if sizeOf(suspects(want)) > maxLooked && fault.Is(err, fault.TooLarge) {
				return
			}
			t.Fatal(err)
		}
		got, err := io.ReadAll(again)
		if sizeOf(suspects(want)) > maxLooked {
			if !fault.Is(err, fault.TooLarge) {
				t.Fatalf("too much to look at: %v", err)
			}
			return
		}
		if err != nil || !bytes.Equal(got, body.Bytes()) {
			t.Fatalf("of %d bytes %d are passed on, %v", body.Len(), len(got), err)
		}
		if all := append(fields, later...); !slices.Equal(all, want) {
			t.Fatalf("%d fields are looked into, of %d", len(all), len(want))
		}
	})
}

// TestNothingOfAFieldPassesBeforeItIsLookedInto, wherever it stands.
func TestNothingOfAFieldPassesBeforeItIsLookedInto(t *testing.T) {
	r := afterFile(t, "text", "late, and one word after another", bytes.Repeat([]byte("x"), 3*MaxForm))
	no := errors.New("no")
	_, again, err := Read(r, r.Body, func(fields []Field) error {
		if strings.HasPrefix(fields[0].Value, "late") {
			return no
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(again)
	if !errors.Is(err, no) || bytes.Contains(got, []byte("late")) || len(got) < 2*MaxForm {
		t.Errorf("%d bytes pass, %v", len(got), err)
	}
}

// TestWhatIsHeldIsBounded: a part whose head never ends is not waited for.
func TestWhatIsHeldIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"what comes before the first part": strings.Repeat("before\r\n", MaxForm), "a head": "--b\r\n" + strings.Repeat("X: yyyyyyyyyyyy\r\n", MaxForm),
		"a field": "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("y", 8*MaxForm),
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(text))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		read := &counting{Reader: r.Body}
		if _, _, err := Read(r, io.NopCloser(read), passAll); err == nil || read.n > maxHeld+2*MaxForm {
			t.Errorf("%s: %d bytes are read, %v", name, read.n, err)
		}
	}
}

type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

// BenchmarkUpload is a file of 64 MB on its way.
func BenchmarkUpload(b *testing.B) {
	r := withFile(b, "text", "a photo", bytes.Repeat([]byte("x"), 64<<20))
	body, _ := io.ReadAll(r.Body)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		_, again, err := Read(r, io.NopCloser(bytes.NewReader(body)), passAll)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, again); err != nil {
			b.Fatal(err)
		}
	}
}
