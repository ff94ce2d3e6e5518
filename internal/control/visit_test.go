package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a probe says of sites elsewhere is published: it names no machine of the network. A way that leaves TLS
// is not gone, and one without end is left.
func TestVisitsSayNothingOfTheNetwork(t *testing.T) {
	encrypted := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/plain":
			http.Redirect(w, r, "http://127.0.0.1:1/other", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/on":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/slow":
			<-r.Context().Done() // until whoever asked has gone
		case "/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
		default:
			io.WriteString(w, "there")
		}
	}))
	defer encrypted.Close()
	trusting, strange := encrypted.Client(), &http.Client{}
	hurried := *trusting
	hurried.Timeout = 200 * time.Millisecond
	for _, row := range []struct {
		address string
		client  *http.Client
		says    string
	}{
		{encrypted.URL + "/on", trusting, ""},
		{encrypted.URL + "/plain", trusting, "not encrypted"},
		{encrypted.URL + "/round", trusting, "too long"},
		{encrypted.URL + "/slow", &hurried, "did not answer in time"},
		{encrypted.URL + "/cut", trusting, "does not answer"},
		{encrypted.URL, strange, "certificate is not trusted"},
		{"https://127.0.0.1:1", trusting, "does not answer"},
		{"https://nobody.invalid", &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "nobody.invalid", Server: "10.1.2.3:53", IsNotFound: true}
		}}}, "name is not known"},
		{"https://a b", trusting, "no address of the web"},
	} {
		v, err := (&System{Web: row.client}).visit(t.Context(), row.address)
		switch {
		case row.says == "" && (err != nil || v.status != 200 || string(v.body) != "there" || v.sum != "e244f187f696561d5fd7e00f618e7ba641dc52e3c137380f6fa23a854b773aac"):
			t.Errorf("%s: %+v, %v", row.address, v, err)
		case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "10.1.2.3")):
			t.Errorf("%s: %v", row.address, err)
		}
	}
}

// Nor does what it says of the server's own doors, some of which are for nobody but its machines; what kind of error
// it was, a probe can still tell.
func TestDoorsSayNothingOfTheNetwork(t *testing.T) {
	const shut = "127.0.0.1:1" // which nobody is given
	at := "https://" + shut
	hangsUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		panic(http.ErrAbortHandler)
	}))
	defer hangsUp.Close()
	l := &Listener{Flag: "--metrics", URL: at, Shows: "/metrics", From: func(netip.Addr) *http.Client { return &http.Client{} }}
	asked, err := l.own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, metrics := l.ask(netip.Addr{}, asked)
	_, front := door{http: &http.Client{}, url: at}.do(t.Context(), call{method: http.MethodGet, path: "/"})
	_, left := door{http: &http.Client{}, url: hangsUp.URL}.do(t.Context(), call{method: http.MethodGet, path: "/"})
	trial := &trial{}
	tryPlain(t.Context(), trial, shut)
	encrypted := (&TLS{Minimum: "1.2"}).Probe(t.Context(), &System{URL: at})
	for what, said := range map[string]string{
		"a listener": fmt.Sprint(metrics), "the front door": fmt.Sprint(front), "a door that hangs up": fmt.Sprint(left),
		"a plain port": fmt.Sprint(trial.hurdles), "TLS": encrypted.Summary,
	} {
		if !strings.Contains(said, "it does not answer") || strings.Contains(said, "127.0.0.1") {
			t.Errorf("%s: %s", what, said)
		}
	}
	if !errors.Is(metrics, syscall.ECONNREFUSED) || !closed(left) {
		t.Errorf("a port that is shut: %#v, a connection that is: %#v", metrics, left)
	}
}
