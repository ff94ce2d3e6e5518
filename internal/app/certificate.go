package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"clause.dev/clause/internal/fault"
)

// certificateLives is how long a certificate that the server makes for itself is good.
const certificateLives = 90 * 24 * time.Hour

// SelfSigned returns the certificate kept in the folder, made anew where there is none, it names
// other hosts or ends within a week. Clients must be told to trust cert.pem of the folder.
func SelfSigned(folder string, hosts []string, now time.Time) (tls.Certificate, error) {
	const op = "app.SelfSigned"
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	if pair, err := tls.LoadX509KeyPair(certFile, keyFile); err == nil && stillGood(pair.Leaf, hosts, now) {
		return pair, nil
	}
	cert, key, err := makeCertificate(hosts, now)
	if err != nil {
		return tls.Certificate{}, fault.As(op, fault.Other, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return tls.Certificate{}, fault.As(op, fault.Unavailable, err)
	}
	if err := os.WriteFile(keyFile, key, 0o600); err != nil {
		return tls.Certificate{}, fault.As(op, fault.Unavailable, err)
	}
	if err := os.WriteFile(certFile, cert, 0o600); err != nil {
		return tls.Certificate{}, fault.As(op, fault.Unavailable, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	return pair, fault.As(op, fault.Other, err)
}

func stillGood(leaf *x509.Certificate, hosts []string, now time.Time) bool {
	if leaf == nil || now.Before(leaf.NotBefore) || now.Add(7*24*time.Hour).After(leaf.NotAfter) {
		return false
	}
	for _, host := range hosts {
		if leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}

func makeCertificate(hosts []string, now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Clause, self-signed"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLives),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
