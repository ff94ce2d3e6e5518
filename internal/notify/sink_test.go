package notify_test

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

// sink is a mail server on this machine that keeps what it is given, or answers as it is told.
type sink struct {
	mu       sync.Mutex
	got      []letter
	sessions int
	last     *smtp.Conn
	rcpt     func(to string) error
	data     func() error
	server   *smtp.Server
	roots    *x509.CertPool
	at       string
}

type letter struct {
	from string
	to   []string
	body string
}

// listen starts a sink; implicit says that TLS comes first, otherwise it comes by STARTTLS.
func listen(t testing.TB, implicit bool) *sink {
	t.Helper()
	cert, roots := certificate(t)
	s := &sink{roots: roots}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sessions++
		s.last = c
		return &session{sink: s}, nil
	}))
	s.server.Domain, s.server.ErrorLog = "sink.test", quiet{}
	s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.at = at.Addr().String()
	if implicit {
		at = tls.NewListener(at, s.server.TLSConfig)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = s.server.Serve(at) })
	t.Cleanup(func() {
		s.server.Close()
		running.Wait()
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	sink *sink
	now  letter
}

func (s *session) Reset()        { s.now = letter{} }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.now.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.sink.rcpt != nil {
		if err := s.sink.rcpt(to); err != nil {
			return err
		}
	}
	s.now.to = append(s.now.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.body = string(body)
	s.sink.mu.Lock()
	s.sink.got = append(s.sink.got, s.now)
	s.sink.mu.Unlock()
	if s.sink.data != nil {
		return s.sink.data()
	}
	return nil
}

func (s *sink) took() []letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// certificate is one for this machine, and whom it is trusted by.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
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
