package control

import (
	"bytes"
	"crypto/rand"
	"testing"
)

// BenchmarkSearch searches random bytes for a canary's marks in all their forms.
func BenchmarkSearch(b *testing.B) {
	data := make([]byte, 64<<20)
	rand.Read(data)
	s := searchFor(newMarks().list()...)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if found, err := s.read(b.Context(), bytes.NewReader(data)); found != "" || err != nil {
			b.Fatal(found, err)
		}
	}
}
