package keyring

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"io"
	"testing"
)

func BenchmarkRawGCM(b *testing.B) {
	key := newKey()
	block, err := aes.NewCipher(key[:])
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	plain, nonce := make([]byte, 1<<20), make([]byte, 12)
	sealed := aead.Seal(nil, nonce, plain, nil)
	b.Run("Seal", func(b *testing.B) {
		b.SetBytes(1 << 24)
		for b.Loop() {
			for range 16 {
				sealed = aead.Seal(sealed[:0], nonce, plain, nil)
			}
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.SetBytes(1 << 24)
		for b.Loop() {
			for range 16 {
				if _, err := aead.Open(plain[:0], nonce, sealed, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkStreamSeal(b *testing.B) {
	plain := make([]byte, 1<<24)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
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
}

// onlyReader hides WriteTo, so that io.Copy writes 32 KiB at a time as a request's body would.
type onlyReader struct{ io.Reader }

func BenchmarkStreamOpen(b *testing.B) {
	key, plain := NewStreamKey(), make([]byte, 1<<24)
	sealed := sealAll(b, key, nil, plain)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		r, err := OpenStream(key, nil, bytes.NewReader(sealed))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, onlyReader{r}); err != nil {
			b.Fatal(err)
		}
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
