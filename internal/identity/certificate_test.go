package identity

import (
	"crypto/x509"
	"net/url"
	"testing"

	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/token"
)

// shown is a certificate as a handshake leaves it.
func shown(raw string, dns []string, uris ...string) *x509.Certificate {
	c := &x509.Certificate{Raw: []byte(raw), DNSNames: dns}
	for _, text := range uris {
		u, _ := url.Parse(text)
		c.URIs = append(c.URIs, u)
	}
	return c
}

// An application that is bound to a certificate is nobody without it, from the store and remembered, and by a token too.
func TestBoundToACertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		a := New(open(at(now)), &gone{})
		a.Tokens = token.New([32]byte{1}, "https://clause.example")
		bound := shop()
		bound.Certificate = "billing.acme.example"
		app, key := create(t, a, bound)
		if app.Certificate != bound.Certificate {
			t.Fatalf("made is %+v", app)
		}
		mine := shown("one", []string{"other.acme.example", "Billing.acme.example"})
		renewed := shown("two", []string{"billing.acme.example"})
		given, err := a.Grant(t.Context(), app.ID, key, nil, mine, now)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for name, c := range map[string]struct {
				shown       *x509.Certificate
				byKey, byIt bool
			}{
				"its own":          {mine, true, true},
				"a renewed one":    {renewed, true, false}, // a token is of one certificate
				"none":             {nil, false, false},
				"another's":        {shown("three", []string{"shop.acme.example"}), false, false},
				"a name within":    {shown("four", []string{"billing.acme.example.evil.example", "x.billing.acme.example"}), false, false},
				"as a URI":         {shown("five", nil, "https://billing.acme.example"), false, false},
				"nothing named":    {shown("six", nil), false, false},
				"a common name":    {commonName("billing.acme.example"), false, false},
				"all names of all": {shown("seven", []string{"*.acme.example"}), false, false},
			} {
				if got, err := a.Authenticate(t.Context(), key, c.shown, now); (err == nil) != c.byKey || !c.byKey && (got.ID != "" || !fault.Is(err, fault.Unauthenticated)) {
					t.Errorf("%s, by the key: %+v, %v", name, got, err)
				}
				if _, err := a.Authenticate(t.Context(), given.Text, c.shown, now); (err == nil) != c.byIt {
					t.Errorf("%s, by the token: %v", name, err)
				}
			}
		}
		if _, err := a.Grant(t.Context(), app.ID, key, nil, nil, now); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a token without the certificate: %v", err)
		}
	})
}

func commonName(name string) *x509.Certificate {
	c := shown("cn", nil)
	c.Subject.CommonName = name
	return c
}

// Whoever is not bound may show a certificate, and the token that they get is bound to it: a thief of it has nothing.
func TestATokenIsOfTheCertificateItWasHadWith(t *testing.T) {
	c := dbtest.SQLite(t)
	at(now)(&c)
	a := New(dbtest.Open(t, c), &gone{})
	a.Tokens = token.New([32]byte{1}, "https://clause.example")
	app, key := create(t, a, shop())
	mine := shown("one", []string{"shop.acme.example"})
	given, err := a.Grant(t.Context(), app.ID, key, nil, mine, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		shown *x509.Certificate
		works bool
	}{{mine, true}, {nil, false}, {shown("two", []string{"shop.acme.example"}), false}} {
		if _, err := a.Authenticate(t.Context(), given.Text, c.shown, now); (err == nil) != c.works {
			t.Errorf("shown %v: %v", c.shown, err)
		}
	}
	if _, err := a.Authenticate(t.Context(), key, nil, now); err != nil {
		t.Errorf("its key needs no certificate: %v", err)
	}
}

func TestNamesOfCertificates(t *testing.T) {
	for name, good := range map[string]bool{
		"billing.acme.example": true, "spiffe://acme.example/billing": true, "https://billing.acme.example/v1": true, "localhost": true,
		"*.acme.example": false, "Billing.acme.example": false, ".acme": false, "acme.": false, "a b": false, "spiffe://": false, "urn:x": false,
		"https://u:p@acme.example": false, "a\x00b": false, "<b>": false, "1:2": false,
	} {
		app := shop()
		app.Certificate = name
		if err := app.check(now); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
