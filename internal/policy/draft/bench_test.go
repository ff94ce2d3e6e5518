package draft_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy/draft"
)

func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	for text.Len() < 100<<10 {
		for _, l := range corpus(b) {
			if strings.HasSuffix(l.name, ".txt") {
				text.Write(l.src)
				text.WriteString("\n\n")
			}
		}
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := draft.Read("a.txt", []byte(text.String()), control.Catalogue(), day); err != nil {
			b.Fatal(err)
		}
	}
}
