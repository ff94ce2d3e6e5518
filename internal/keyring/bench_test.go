package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"io"
	"testing"
	"time"
)

const object = 16 << 20 // bytes in the streams measured

// rawGCM returns what sealing and opening an object costs at least: AES-256-GCM over the whole of it, in
// one call, into memory that is there already.
func rawGCM(b *testing.B) (seal, open func()) {
	key := newKey()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	plain, nonce := make([]byte, object), make([]byte, 12)
	sealed := aead.Seal(nil, nonce, plain, nil)
	seal = func() { sealed = aead.Seal(sealed[:0], nonce, plain, nil) }
	open = func() {
		if _, err := aead.Open(plain[:0], nonce, sealed, nil); err != nil {
			b.Fatal(err)
		}
	}
	return seal, open
}

// stream returns the same with SealStream and OpenStream.
func stream(b *testing.B) (seal, open func()) {
	plain, key := make([]byte, object), NewStreamKey()
	sealed := sealAll(b, key, nil, plain)
	seal = func() {
		w, err := SealStream(NewStreamKey(), nil, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(w, onlyReader{bytes.NewReader(plain)}); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	open = func() {
		r, err := OpenStream(key, nil, onlyReader{bytes.NewReader(sealed)})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
	return seal, open
}

// onlyReader hides WriteTo, as a request's body has none.
type onlyReader struct{ io.Reader }

func measure(b *testing.B, run func()) {
	b.SetBytes(object)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

func BenchmarkRawGCM(b *testing.B) {
	seal, open := rawGCM(b)
	b.Run("Seal", func(b *testing.B) { measure(b, seal) })
	b.Run("Open", func(b *testing.B) { measure(b, open) })
}

func BenchmarkStreamSeal(b *testing.B) {
	seal, _ := stream(b)
	measure(b, seal)
}

func BenchmarkStreamOpen(b *testing.B) {
	_, open := stream(b)
	measure(b, open)
}

// BenchmarkStreamOfRaw runs both in turn, so that a busy machine slows both, and reports the speed of the
// stream as a percentage of raw AES-256-GCM. The bound is 70.
func BenchmarkStreamOfRaw(b *testing.B) {
	rawSeal, rawOpen := rawGCM(b)
	seal, open := stream(b)
	for _, c := range []struct {
		name     string
		raw, run func()
	}{{"Seal", rawSeal, seal}, {"Open", rawOpen, open}} {
		b.Run(c.name, func(b *testing.B) {
			var raw, run time.Duration
			for b.Loop() {
				start := time.Now()
				c.raw()
				middle := time.Now()
				c.run()
				raw, run = raw+middle.Sub(start), run+time.Since(middle)
			}
			b.ReportMetric(100*raw.Seconds()/run.Seconds(), "%-of-raw")
		})
	}
}

func sealAll(t testing.TB, key [32]byte, bound, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := SealStream(key, bound, &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkUnwrapSubject(b *testing.B) {
	r := testRing(b)
	tenant, _, _ := r.NewTenantKey("acme")
	s, wrapped, _ := tenant.NewSubjectKey("s1")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := tenant.OpenSubjectKey("s1", s.ID(), wrapped); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkRecord300(b *testing.B) {
	r := testRing(b)
	tenant, _, _ := r.NewTenantKey("acme")
	s, _, _ := tenant.NewSubjectKey("s1")
	plain, bound := make([]byte, 300), make([]byte, 80)
	sealed, _ := s.Seal(nil, bound, plain)
	b.Run("Seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sealed, _ = s.Seal(sealed[:0], bound, plain)
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plain, _ = s.Open(plain[:0], bound, sealed)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	r := testRing(b)
	tenant, _, _ := r.NewTenantKey("acme")
	b.ReportAllocs()
	for b.Loop() {
		tenant.Lookup("people", "email", "somebody@example.com")
	}
}

func BenchmarkOpenTenant(b *testing.B) {
	r := testRing(b)
	k, wrapped, _ := r.NewTenantKey("acme")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.OpenTenantKey("acme", k.ID(), 1, wrapped); err != nil {
			b.Fatal(err)
		}
	}
}
