package control

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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
