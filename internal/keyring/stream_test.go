package keyring

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/fault"
)

// pattern is n bytes in which no two chunks are alike.
func pattern(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16) ^ byte(i>>20)*31
	}
	return out
}

func openAll(key [32]byte, bound, sealed []byte) ([]byte, error) {
	r, err := OpenStream(key, bound, bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

var edges = []int{0, 1, 15, 16, 17, chunkSize - 1, chunkSize, chunkSize + 1, 2*chunkSize - 1, 2 * chunkSize, 2*chunkSize + 1}

func TestStreamRoundTripsAtTheEdges(t *testing.T) {
	for _, size := range edges {
		key, plain := NewStreamKey(), pattern(size)
		sealed := sealAll(t, key, []byte("blob 7"), plain)
		chunks := max(1, (size+chunkSize-1)/chunkSize)
		if len(sealed) != size+chunks*overhead {
			t.Fatalf("%d bytes sealed to %d", size, len(sealed))
		}
		got, err := openAll(key, []byte("blob 7"), sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		var copied bytes.Buffer // the ReadFrom path
		w := must(SealStream(key, []byte("blob 7"), &copied))(t)
		if n, err := io.Copy(w, iotest.HalfReader(onlyReader{bytes.NewReader(plain)})); n != int64(size) || errors.Join(err, w.Close()) != nil {
			t.Fatalf("%d bytes: copied %d, %v", size, n, err)
		}
		if got, err := openAll(key, []byte("blob 7"), copied.Bytes()); err != nil || !bytes.Equal(got, plain) || copied.Len() != len(sealed) {
			t.Fatalf("%d bytes copied: %d came out, %v", size, len(got), err)
		}
		var out bytes.Buffer // the WriteTo path
		n, err := io.Copy(&out, must(OpenStream(key, []byte("blob 7"), iotest.HalfReader(bytes.NewReader(sealed))))(t))
		if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), plain) {
			t.Fatalf("%d bytes: copied %d, %v", size, n, err)
		}
	}
}

func TestStreamDoesNotCareHowItIsWrittenAndRead(t *testing.T) {
	plain := pattern(2*chunkSize + 12345)
	rapid.Check(t, func(t *rapid.T) {
		key := NewStreamKey()
		var out bytes.Buffer
		w, _ := SealStream(key, nil, &out)
		size := rapid.IntRange(0, len(plain)).Draw(t, "size")
		for rest := plain[:size]; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "write")
			if m, err := w.Write(rest[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, _ := OpenStream(key, nil, &out)
		var got []byte
		buffer := make([]byte, rapid.IntRange(1, 2*chunkSize).Draw(t, "read")+4096)
		for {
			n, err := r.Read(buffer)
			got = append(got, buffer[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, plain[:size]) {
			t.Fatal("another object came out")
		}
	})
}

// tamper changes a sealed stream in one of the ways an attacker with the bytes can.
func tamper(t *rapid.T, sealed []byte) []byte {
	chunks := bytes.Clone(sealed)
	count := (len(sealed) + sealedChunk - 1) / sealedChunk
	chunk := func(i int) []byte { return sealed[i*sealedChunk : min(len(sealed), (i+1)*sealedChunk)] }
	pick := func(name string) int { return rapid.IntRange(0, count-1).Draw(t, name) }
	switch rapid.SampledFrom([]string{"flip", "truncate", "cut", "extend", "swap", "double", "drop"}).Draw(t, "way") {
	case "flip":
		chunks[rapid.IntRange(0, len(chunks)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	case "truncate":
		chunks = chunks[:rapid.IntRange(0, len(chunks)-1).Draw(t, "length")]
	case "cut": // at the border of a chunk, the hardest to see
		chunks = chunks[:pick("chunks")*sealedChunk]
	case "extend":
		chunks = append(chunks, rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "more")...)
	case "swap":
		i, j := pick("i"), pick("j")
		chunks = nil
		for n := range count {
			switch n {
			case i:
				n = j
			case j:
				n = i
			}
			chunks = append(chunks, chunk(n)...)
		}
	case "double":
		i := pick("chunk")
		chunks = append(bytes.Clone(sealed[:i*sealedChunk]), chunk(i)...)
		chunks = append(chunks, sealed[i*sealedChunk:]...)
	case "drop":
		i := pick("chunk")
		chunks = append(bytes.Clone(sealed[:i*sealedChunk]), sealed[min(len(sealed), (i+1)*sealedChunk):]...)
	}
	return chunks
}

func TestStreamTamperingIsDetected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{0, 1, 100, chunkSize, chunkSize + 1, 3 * chunkSize}).Draw(t, "size")
		key, plain := NewStreamKey(), pattern(size)
		var out bytes.Buffer
		w, _ := SealStream(key, []byte("here"), &out)
		w.Write(plain)
		w.Close()
		altered := tamper(t, out.Bytes())
		if bytes.Equal(altered, out.Bytes()) {
			return // swapped with itself
		}
		got, err := openAll(key, []byte("here"), altered)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !fault.Is(err, fault.Other) {
			t.Fatalf("tampering went unnoticed: %v", err)
		}
		// What came out before the error is whole authentic chunks.
		if len(got)%chunkSize != 0 && len(got) != size || !bytes.HasPrefix(plain, got) {
			t.Fatalf("%d bytes came out that nobody sealed", len(got))
		}
	})
}

func TestStreamIsBoundToItsPlaceAndKey(t *testing.T) {
	key := NewStreamKey()
	for _, size := range []int{0, 100, chunkSize + 1} {
		sealed := sealAll(t, key, []byte("tenant a, blob 1"), pattern(size))
		for _, c := range []struct {
			name  string
			key   [32]byte
			bound string
		}{
			{"another place", key, "tenant b, blob 1"},
			{"no place", key, ""},
			{"another key", NewStreamKey(), "tenant a, blob 1"},
		} {
			got, err := openAll(c.key, []byte(c.bound), sealed)
			if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 0 {
				t.Fatalf("%s: %d bytes, %v", c.name, len(got), err)
			}
		}
	}
}

// The chunks of two objects under one key must not be mixed even if a caller uses a key twice by mistake
// with different bound data.
func TestStreamChunksOfTwoObjectsDoNotMix(t *testing.T) {
	key := NewStreamKey()
	a, b := sealAll(t, key, []byte("a"), pattern(2*chunkSize)), sealAll(t, key, []byte("b"), pattern(2*chunkSize))
	mixed := append(bytes.Clone(a[:sealedChunk]), b[sealedChunk:]...)
	got, err := openAll(key, []byte("a"), mixed)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != chunkSize {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

func TestStreamFailuresStick(t *testing.T) {
	boom := errors.New("boom")
	key := NewStreamKey()
	sealed := sealAll(t, key, nil, pattern(chunkSize+5))
	r := must(OpenStream(key, nil, io.MultiReader(bytes.NewReader(sealed[:sealedChunk+3]), iotest.ErrReader(boom))))(t)
	got, err := io.ReadAll(r)
	if !errors.Is(err, boom) || len(got) != chunkSize {
		t.Fatalf("a reader's own failure counts as an end: %d bytes, %v", len(got), err)
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, boom) {
		t.Fatal("the failure was forgotten")
	}

	w := must(SealStream(key, nil, failWriter{boom}))(t)
	if _, err := w.Write(pattern(2*chunkSize + 1)); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, boom) {
		t.Fatal(err)
	}

	var out bytes.Buffer
	w = must(SealStream(key, nil, &out))(t)
	if err := errors.Join(w.Close(), w.Close()); err != nil || out.Len() != overhead {
		t.Fatal("closing twice", err, out.Len())
	}
	if _, err := io.Copy(w, onlyReader{zeros{}}); err == nil {
		t.Fatal("a closed stream took more")
	}
	if _, err := w.Write([]byte("late")); err == nil {
		t.Fatal("a closed stream took more")
	}
}

type failWriter struct{ err error }

func (w failWriter) Write([]byte) (int, error) { return 0, w.err }

// An unclosed object is a truncated one, wherever the writer stopped.
func TestStreamUnclosedIsTruncated(t *testing.T) {
	for _, size := range []int{0, 5, chunkSize, chunkSize + 1, 2 * chunkSize} {
		key := NewStreamKey()
		var out bytes.Buffer
		w := must(SealStream(key, nil, &out))(t)
		must(w.Write(pattern(size)))(t)
		if _, err := openAll(key, nil, out.Bytes()); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestStreamMemoryIsBounded(t *testing.T) {
	key := NewStreamKey()
	in, out := io.Pipe()
	go func() {
		w, _ := SealStream(key, nil, out)
		_, err := io.Copy(w, io.LimitReader(zeros{}, 64*chunkSize))
		out.CloseWithError(errors.Join(err, w.Close()))
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, must(OpenStream(key, nil, in))(t))
	runtime.ReadMemStats(&after)
	if n != 64*chunkSize || err != nil {
		t.Fatal(n, err)
	}
	// Everything allocated on both sides for 64 MiB: two chunks each, and change.
	if used := after.TotalAlloc - before.TotalAlloc; used > 5*chunkSize {
		t.Fatalf("64 chunks took %d bytes of memory", used)
	}
}

// golden is "seed" sealed under a key of 1, 0, 0 … and bound to "place": objects sealed by an older
// version must open for ever.
const golden = "e5305ea60f66224db033b0c3efab78723023a01686418f873500a75532befa95"

func TestStreamFormatIsStable(t *testing.T) {
	got, err := openAll([32]byte{1}, []byte("place"), must(hex.DecodeString(golden))(t))
	if err != nil || string(got) != "seed" {
		t.Fatal(got, err)
	}
}

func FuzzStreamOpen(f *testing.F) {
	authentic := must(hex.DecodeString(golden))(f)
	f.Add([]byte{})
	f.Add(make([]byte, overhead))
	f.Add(authentic)
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := openAll([32]byte{1}, []byte("place"), sealed)
		if err == nil && !bytes.Equal(sealed, authentic) {
			t.Fatalf("%d forged bytes opened to %d", len(sealed), len(got))
		}
	})
}
