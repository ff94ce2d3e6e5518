package policy

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	known := []string{"tls", "tenant-isolation", "minimum", "transactions", "read", "1.2"}
	for name, want := range map[string]string{
		"tsl": "tls", "TLS": "tls", "tenant_isolation": "tenant-isolation", "tenant isolaton": "tenant-isolation",
		"minimun": "minimum", "transaction": "transactions", "raed": "read",
		"x": "", "1.1": "", "entirely-different": "", "": "",
	} {
		if got := nearest(name, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}

// The table of which only a band is worked out says what the whole table says.
func TestDistanceWithinItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching("[ab]{0,8}")
		a, b, limit := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(1, 4).Draw(t, "limit")
		if got, whole := distance(a, b, limit), distance(a, b, 8); got != min(whole, limit+1) || whole != distance(b, a, 8) {
			t.Errorf("%q and %q are %d apart, within %d they are %d", a, b, whole, limit, got)
		}
	})
}
