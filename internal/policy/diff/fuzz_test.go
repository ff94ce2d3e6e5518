package diff_test

import (
	"os"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

// Any two policies that parse can be compared, both ways, and the ways agree.
func FuzzOf(f *testing.F) {
	names := []string{"testdata/base.yaml", "testdata/layout.yaml", "testdata/layout_other.yaml"}
	for i := range names {
		var seeds [2][]byte
		for j := range seeds {
			src, err := os.ReadFile(names[(i+j)%len(names)])
			if err != nil {
				f.Fatal(err)
			}
			seeds[j] = src
		}
		f.Add(seeds[0], seeds[1])
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		v := vocabulary{control.Catalogue()}
		old, err := policy.Parse("old", a, v)
		if err != nil {
			return
		}
		new, err := policy.Parse("new", b, v)
		if err != nil {
			new = base(t)
		}
		there, back := compare(old, new), compare(new, old)
		if !slices.Equal(told(back, false), told(there, true)) {
			t.Errorf("there %q, back %q", told(there, false), told(back, false))
		}
	})
}
