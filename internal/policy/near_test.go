package policy

import "testing"

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
