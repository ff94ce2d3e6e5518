package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/identity/token"
)

// authority signs the certificates of applications.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	made := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// sign makes a certificate; the first one of an authority signs itself.
func (a *authority) sign(t *testing.T, c *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	by, with := c, key
	if a.cert != nil {
		by, with = a.cert, a.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, by, &key.PublicKey, with)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) client(t *testing.T, name string) tls.Certificate {
	t.Helper()
	return a.sign(t, &x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// Over real connections: an application bound to a certificate is let in with it alone, and its token works for whoever
// had it alone. What another authority signed, what is over and what is for servers is none.
func TestApplicationsShowCertificates(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	s := apptest.Start(t, apptest.Options{Prepare: func(a *app.App) {
		a.ClientCAs = x509.NewCertPool()
		a.ClientCAs.AddCert(ours.cert)
		a.PublicURL = "https://clause.example"
		a.Applications.Tokens = token.New([32]byte{1}, a.PublicURL)
	}})
	admin := s.Client(t, s.Application(t, nil, "admin"))
	if _, err := admin.CreateTenant(t.Context(), newTenant("acme")); err != nil {
		t.Fatal(err)
	}
	made, key, err := admin.CreateApplication(t.Context(), api.NewApplication{
		Title: "billing", Tenants: []string{"acme"}, Purposes: []string{"account"}, Scopes: []string{"data", "subjects"}, Environment: "production",
		Certificate: "billing.acme.example",
	})
	if err != nil || made.Certificate != "billing.acme.example" {
		t.Fatal(made, err)
	}
	mine := ours.client(t, "billing.acme.example")
	token := tokenWith(t, s, made.ID, key, mine)
	over := ours.sign(t, &x509.Certificate{DNSNames: []string{"billing.acme.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotAfter: time.Now().Add(-time.Minute)})
	server := ours.sign(t, &x509.Certificate{DNSNames: []string{"billing.acme.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	for name, c := range map[string]struct {
		shown            []tls.Certificate
		byKey, byToken   bool
		noConnectionEven bool
	}{
		"its own":              {[]tls.Certificate{mine}, true, true, false},
		"its next":             {[]tls.Certificate{ours.client(t, "billing.acme.example")}, true, false, false},
		"none":                 {nil, false, false, false},
		"another's":            {[]tls.Certificate{ours.client(t, "shop.acme.example")}, false, false, false},
		"another authority's":  {[]tls.Certificate{newAuthority(t, "ours").client(t, "billing.acme.example")}, false, false, true},
		"one whose time is up": {[]tls.Certificate{over}, false, false, true},
		"a server's":           {[]tls.Certificate{server}, false, false, true},
	} {
		for secret, works := range map[string]bool{key: c.byKey, token: c.byToken} {
			_, err := clientShowing(t, s, secret, c.shown).CreateSubject(t.Context(), "acme")
			if (err == nil) != works {
				t.Errorf("%s, a token %t: %v", name, secret == token, err)
			}
			if err != nil && !c.noConnectionEven && !strings.Contains(err.Error(), "401") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := s.Client(t, s.Application(t, []string{"acme"}, "subjects")).CreateSubject(t.Context(), "acme"); err != nil {
		t.Errorf("an application that is bound to none: %v", err)
	}
	plain := apptest.Start(t, apptest.Options{})
	_, _, err = plain.Client(t, plain.Application(t, nil, "admin")).CreateApplication(t.Context(), api.NewApplication{
		Title: "billing", Scopes: []string{"data"}, Environment: "production", Certificate: "billing.acme.example",
	})
	if err == nil || !strings.Contains(err.Error(), "client certificates") {
		t.Errorf("a server that asks for none: %v", err)
	}
}

// showing is the server's client, with certificates that it shows whatever the server asks for.
func showing(s *apptest.Server, certs []tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: s.Door.Roots, MinVersion: tls.VersionTLS12}
	if len(certs) > 0 {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certs[0], nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: startWithin}
}

func clientShowing(t *testing.T, s *apptest.Server, key string, certs []tls.Certificate) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: s.Door.URL, Key: key, HTTP: showing(s, certs)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tokenWith(t *testing.T, s *apptest.Server, id, key string, cert tls.Certificate) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, s.Door.URL+"/oauth/token", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(id, key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := showing(s, []tls.Certificate{cert}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var out api.AccessToken
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("no token: %d, %v", answer.StatusCode, err)
	}
	return out.Token
}
