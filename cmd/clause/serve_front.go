package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
)

// front is what the front door shows.
type front struct {
	cert  tls.Certificate
	roots *x509.CertPool // what trusts it; nil: what the machine trusts
	own   string         // the file of a certificate that the server made for itself
	url   string
}

// front reads the certificate, or has one made.
func (c *serveCmd) front(now time.Time) (front, error) {
	if c.Cert == "" {
		return c.ownFront(now)
	}
	cert, err := readCertificate(c.Cert, c.Key, now)
	if err != nil {
		return front{}, err
	}
	roots, err := readRoots(c.CA)
	return front{cert: cert, roots: roots}, err
}

// ownFront makes a certificate, or takes the one made before.
func (c *serveCmd) ownFront(now time.Time) (front, error) {
	folder := filepath.Join(c.Place.Data, "tls")
	cert, err := app.SelfSigned(folder, c.hosts(), now)
	if err != nil {
		return front{}, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	return front{cert: cert, roots: roots, own: filepath.Join(folder, "cert.pem")}, nil
}

// hosts are the names of a certificate that the server makes for itself.
func (c *serveCmd) hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	add := append([]string(nil), c.Host...)
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !everywhere(host) {
		add = append(add, host)
	}
	for _, host := range add {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// everywhere reports whether listening at the host is listening at every address.
func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// isHost reports whether an address is https, a host and nothing else.
func isHost(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && *u == url.URL{Scheme: u.Scheme, Host: u.Host}
}

// address is where clients and probes reach the server.
func (c *serveCmd) address(f front, at net.Addr) string {
	if c.URL != "" {
		return c.URL
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return "https://" + at.String()
	}
	if everywhere(host) {
		host = "127.0.0.1"
	}
	if leaf := f.cert.Leaf; f.own == "" && leaf != nil && len(leaf.DNSNames) > 0 {
		host = leaf.DNSNames[0]
	}
	if port == "443" {
		return "https://" + host
	}
	return "https://" + net.JoinHostPort(host, port)
}

// readCertificate refuses a certificate that no client could trust.
func readCertificate(certFile, keyFile string, now time.Time) (tls.Certificate, error) {
	const op = "clause.certificate"
	for _, file := range []string{certFile, keyFile} {
		if _, err := os.Stat(file); err != nil {
			return tls.Certificate{}, unreadable(file, err)
		}
	}
	if info, err := os.Stat(keyFile); err == nil && info.Mode().Perm()&0o007 != 0 {
		return tls.Certificate{}, fault.New(op, fault.Invalid, "every user can read the certificate's key in %q", keyFile).WithHint("chmod 0600 %s", keyFile)
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return tls.Certificate{}, fault.New(op, fault.Invalid, "the certificate cannot be used: %v", err).
			WithHint("--cert is a PEM file of the certificate and those it was signed by, --key one of its private key")
	}
	switch {
	case now.After(cert.Leaf.NotAfter):
		return cert, fault.New(op, fault.Invalid, "the certificate %q was good until %s", certFile, cert.Leaf.NotAfter.Format(time.DateOnly)).WithHint("renew it")
	case now.Before(cert.Leaf.NotBefore):
		return cert, fault.New(op, fault.Invalid, "the certificate %q is not good before %s", certFile, cert.Leaf.NotBefore.Format(time.DateOnly)).WithHint("is the machine's clock right?")
	}
	return cert, nil
}

// readRoots reads the authorities to trust; without a file it is those of the machine, nil.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fault.New("clause.certificate", fault.Invalid, "%q holds no certificate in PEM form", file)
	}
	return roots, nil
}

// unknownAuthority reports whether err says that nobody we trust vouches for the server.
func unknownAuthority(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}
