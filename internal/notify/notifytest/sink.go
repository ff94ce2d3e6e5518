// Package notifytest is a mail server for tests: on this machine, over TLS, it keeps what it is given.
package notifytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Sink is a mail server that keeps what it is given, or answers as it is told.
type Sink struct {
	At     string         // host:port
	Roots  *x509.CertPool // whom its certificate is trusted by
	Rcpt   func(to string) error
	Data   func() error
	Server *smtp.Server

	mu       sync.Mutex
	got      []Mail
	sessions int
	last     *smtp.Conn
}

// Mail is what a server was given.
type Mail struct {
	From string
	To   []string
	Body string
}

// Listen starts a sink that ends with the test; implicit says that TLS comes first, otherwise it comes by STARTTLS.
func Listen(t testing.TB, implicit bool) *Sink {
	t.Helper()
	cert, roots := Certificate(t)
	s := &Sink{Roots: roots}
	s.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		s.last = c
		return &session{sink: s}, nil
	}))
	s.Server.Domain, s.Server.ErrorLog = "sink.test", quiet{}
	s.Server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.At = at.Addr().String()
	if implicit {
		at = tls.NewListener(at, s.Server.TLSConfig)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = s.Server.Serve(at) })
	t.Cleanup(func() {
		s.Server.Close()
		running.Wait()
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	sink *Sink
	now  Mail
}

func (s *session) Reset()        { s.now = Mail{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.now.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.sink.Rcpt != nil {
		if err := s.sink.Rcpt(to); err != nil {
			return err
		}
	}
	s.now.To = append(s.now.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.Body = string(body)
	s.sink.mu.Lock()
	s.sink.got = append(s.sink.got, s.now)
	s.sink.mu.Unlock()
	if s.sink.Data != nil {
		return s.sink.Data()
	}
	return nil
}

// Took returns what the server was given.
func (s *Sink) Took() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// Sessions is how many connections there were.
func (s *Sink) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Cut closes the newest connection.
func (s *Sink) Cut() error { return s.last.Conn().Close() }

// Certificate is one for this machine, and whom it is trusted by.
func Certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
