package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

// BenchmarkParse reads a policy of a thousand clauses: about 300 KiB.
func BenchmarkParse(b *testing.B) {
	src := strings.Builder{}
	src.WriteString(small)
	for i := range 1000 {
		fmt.Fprintf(&src, "  - id: clause-%d\n    section: Section %d\n    text: >\n      %s\n    keep:\n      - tls: {minimum: \"1.2\"}\n      - erasure: {within: 30d}\n",
			i, i%20, strings.Repeat("We promise this to you. ", 8))
	}
	v := controls()
	b.SetBytes(int64(src.Len()))
	for b.Loop() {
		if _, err := policy.Parse("p.yaml", []byte(src.String()), v); err != nil {
			b.Fatal(err)
		}
	}
}
