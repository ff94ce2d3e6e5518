package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
)

// remote says how a server is spoken to: the flags of every command that asks one.
type remote struct {
	KeyFile string `env:"CLAUSE_KEY_FILE" placeholder:"FILE" help:"A file that holds an application's key. Without it the key is taken from the variable CLAUSE_KEY."`
	CA      string `name:"ca" env:"CLAUSE_CA" placeholder:"FILE" help:"A PEM file of the authority that signed the server's certificate; of a self-made one, the certificate itself."`
	Cert    string `name:"client-cert" env:"CLAUSE_CLIENT_CERT" placeholder:"FILE" help:"The application's own certificate, in PEM, where it is bound to one." and:"client certificate"`
	CertKey string `name:"client-cert-key" env:"CLAUSE_CLIENT_CERT_KEY" placeholder:"FILE" help:"Its private key, in PEM." and:"client certificate"`
}

// server is remote with an address.
type server struct {
	URL    string `name:"url" default:"https://127.0.0.1:8443" env:"CLAUSE_URL" placeholder:"URL" help:"The server's address. Default: ${default}."`
	Remote remote `embed:""`
}

func (s *server) client() (*client.Client, error) { return s.Remote.client(s.URL) }

// answersWithin bounds a call: a run of every probe may take minutes.
const answersWithin = 15 * time.Minute

// client returns a client with the key.
func (r *remote) client(address string) (*client.Client, error) {
	const op = "clause.remote"
	key, err := r.key()
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, fault.New(op, fault.Invalid, "no key was given").
			WithHint("name the file it is in with --key-file, or put it in the variable CLAUSE_KEY; clause init wrote the first one to admin.key")
	}
	if err := secure(address); err != nil {
		return nil, err
	}
	through, err := r.http()
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{URL: address, Key: key, HTTP: through})
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "%q is not the address of a server", address).WithHint("for example https://127.0.0.1:8443")
	}
	return c, nil
}

// key is the application's, "" if none was given.
func (r *remote) key() (string, error) {
	if r.KeyFile == "" {
		return strings.TrimSpace(os.Getenv("CLAUSE_KEY")), nil
	}
	return readSecret("an application's key", r.KeyFile)
}

// secure refuses to send a key in the clear.
func secure(address string) error {
	const op = "clause.remote"
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fault.New(op, fault.Invalid, "%q is not the address of a server", address).WithHint("for example https://127.0.0.1:8443")
	case u.User != nil:
		return fault.New(op, fault.Invalid, "the address holds a user or a password").WithHint("a server knows its callers by their key: --key-file")
	case u.Scheme != "https" && !isLoopback(u.Hostname()):
		return fault.New(op, fault.Invalid, "the key would travel in the clear").WithHint("use https://")
	}
	return nil
}

// http follows no redirect: the key goes to the server named and nowhere else.
func (r *remote) http() (*http.Client, error) {
	roots, err := readRoots(r.CA)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if r.Cert != "" {
		own, err := tls.LoadX509KeyPair(r.Cert, r.CertKey)
		if err != nil {
			return nil, fault.New("clause.remote", fault.Invalid, "the client certificate cannot be used: %v", rootCause(err))
		}
		config.Certificates = []tls.Certificate{own}
	}
	return &http.Client{
		Timeout: answersWithin,
		Transport: &http.Transport{
			TLSClientConfig:   config,
			ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// told makes a fault of what a call failed with, in words for whoever typed the command.
func told(err error) error {
	if err == nil {
		return nil
	}
	const op = "clause.remote"
	var p *client.Problem
	if errors.As(err, &p) {
		return problem(p)
	}
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case unknownAuthority(err):
		return fault.New(op, fault.Unavailable, "the server's certificate is signed by nobody this machine knows").
			WithHint("name the authority's certificate with --ca; of a self-made one it is tls/cert.pem in the server's data folder")
	case errors.As(err, &name):
		return fault.New(op, fault.Unavailable, "the server's certificate is for another name").WithHint("call the server by a name of its certificate: %s", strings.Join(namesOf(name.Certificate), ", "))
	case errors.As(err, &invalid):
		return fault.New(op, fault.Unavailable, "the server's certificate cannot be trusted: %v", invalid)
	case errors.Is(err, context.Canceled):
		return fault.New(op, fault.Unavailable, "interrupted")
	}
	return fault.New(op, fault.Unavailable, "the server cannot be reached: %v", reason(err)).WithHint("is it running, and is that its address?")
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// reason is what a failed call says, without its method and address.
func reason(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// problem is a server's refusal as a fault.
func problem(p *client.Problem) error {
	const op = "clause.remote"
	kind, ok := map[int]fault.Kind{
		400: fault.Invalid, 422: fault.Invalid, 401: fault.Unauthenticated, 403: fault.Refused, 404: fault.NotFound, 409: fault.Conflict,
		410: fault.Erased, 412: fault.Stale, 413: fault.TooLarge, 429: fault.TooMany, 503: fault.Unavailable,
	}[p.Status]
	if !ok {
		return fault.New(op, fault.Unavailable, "the server answered %d %s", p.Status, p.Title)
	}
	msg := p.Title
	if p.Detail != "" {
		msg = p.Detail
	}
	for _, e := range p.Errors {
		msg += "; " + e.Field + ": " + e.Message
	}
	if p.Clause != "" {
		msg += " (clause " + p.Clause + ")"
	}
	f := fault.New(op, kind, "%s", msg)
	f.Hint = p.Hint
	return f
}
