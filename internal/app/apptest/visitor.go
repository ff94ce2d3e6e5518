package apptest

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
)

// Visitor is a browser of no scripts: it keeps cookies, and shows where it is sent on in place of going there.
func Visitor(t testing.TB, site *httptest.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	own := site.Client().Transport.(*http.Transport).TLSClientConfig
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own.RootCAs}, ForceAttemptHTTP2: true},
		Jar:       jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Answer is what a site answers.
type Answer struct {
	Status int
	To     string // where it sends on
	Body   string
	Header http.Header
}

// Ask has a visitor ask.
func Ask(t testing.TB, visitor *http.Client, r *http.Request) Answer {
	t.Helper()
	a, err := visitor.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{a.StatusCode, a.Header.Get("Location"), string(body), a.Header}
}
