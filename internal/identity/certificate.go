package identity

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// certificateName reports whether s can be what an application's certificate is known by: a DNS name or a URI, as its
// subject's alternative names hold them. A common name is none (RFC 9525 section 2).
func certificateName(s string) bool {
	if len(s) > maxTitle || !printable(s) || strings.ContainsAny(s, " *\"<>") {
		return false
	}
	if strings.Contains(s, ":") {
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && u.Host != "" && u.User == nil
	}
	return name(s) && strings.Trim(s, ".") == s && s == strings.ToLower(s)
}

// shows reports whether a caller's certificate is the application's: any will do where none is asked for. The
// handshake has proven that the caller holds its key, and that an authority the operator named has signed it.
func (a *Application) shows(cert *x509.Certificate) bool {
	if a.Certificate == "" {
		return true
	}
	if cert == nil {
		return false
	}
	for _, u := range cert.URIs {
		if u.String() == a.Certificate {
			return true
		}
	}
	return slices.ContainsFunc(cert.DNSNames, func(dns string) bool { return strings.EqualFold(dns, a.Certificate) })
}

// thumbprint names a certificate, RFC 8705 section 3.1 (x5t#S256); "" for none.
func thumbprint(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
