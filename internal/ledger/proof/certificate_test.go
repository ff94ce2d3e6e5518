package proof

import (
	"strings"
	"testing"
	"time"
)

// FuzzVerifyCertificate: whatever is handed in as a certificate, it is refused without a panic, unless the key
// signed it; and what is read back is what was written.
func FuzzVerifyCertificate(f *testing.F) {
	l := newMemLog(f, 3)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := Certificate{
		Format: CertificateFormat, ID: "cert_1", Kind: OfTenant, Issuer: "Acme <b>", Log: l.origin, Opened: at, Erased: at, Issued: at,
		Keys: []string{"00ff"}, Removed: map[string]int64{"blobs": 2}, Key: l.vkey, Signature: "— " + l.origin + " AAAA\n",
		Entries: []ProvenEntry{{Entry: string(l.entries[0]), Proof: string((&Inclusion{Signed: l.signed}).Marshal())}},
	}
	document, err := c.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"clause_certificate": 1}`))
	f.Add([]byte(strings.Repeat("[", 1000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, key := range []string{"", l.vkey} {
			if got, err := VerifyCertificate(data, key); err == nil && key != "" {
				t.Fatalf("what nobody signed was accepted: %+v", got)
			}
		}
		got, err := ParseCertificate(data)
		if err != nil {
			return
		}
		again, err := got.Marshal()
		if err != nil || string(again) != string(data) {
			t.Fatalf("a certificate has two forms: %q, %q", data, again)
		}
	})
}
