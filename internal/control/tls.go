package control

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// TLS keeps clauses that say the way to the server is encrypted.
type TLS struct {
	Minimum string `param:"minimum" values:"1.2|1.3" doc:"the lowest version of TLS that is spoken"`
}

// Check finds a version that is not fit to be promised.
func (c *TLS) Check(*policy.Policy) error {
	if c.Minimum != "1.2" && c.Minimum != "1.3" {
		return problem("tls", "minimum", "minimum must be 1.2 or 1.3: older versions are broken (RFC 8996)")
	}
	return nil
}

// Plan has the listener refuse older versions.
func (c *TLS) Plan(p *Plan) {
	if c.Minimum == "1.3" {
		p.TLSMin = max(p.TLSMin, tls.VersionTLS13)
	}
}

// Probe shakes hands in each version, and asks in plain HTTP.
func (c *TLS) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	address, err := addressOf(s.URL)
	if errors.Is(err, errNotEncrypted) {
		t.breach("The server's front door is not encrypted.")
		return t.finding("")
	}
	if err != nil {
		t.hurdle("%v", err)
		return t.finding("")
	}
	if err := s.handshake(ctx, address, tls.VersionTLS10, tls.VersionTLS13); err != nil {
		t.hurdle("no encrypted connection could be made at all: %v", err)
		return t.finding("")
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		c.try(ctx, t, s, address, version)
	}
	for _, plain := range append([]string{address}, s.Plain...) {
		tryPlain(ctx, t, plain)
	}
	return t.finding(fmt.Sprintf("The server speaks TLS %s or higher only, and gives nothing to plain HTTP.", c.Minimum))
}

// try shakes hands in one version alone.
func (c *TLS) try(ctx context.Context, t *trial, s *System, address string, version uint16) {
	name := tls.VersionName(version)
	err := s.handshake(ctx, address, version, version)
	wanted := version == tls.VersionTLS13 || version == tls.VersionTLS12 && c.Minimum == "1.2"
	switch {
	case ctx.Err() != nil, isDial(err):
		t.hurdle("%s could not be tried: %v", name, err)
	case wanted && err != nil:
		t.breach("A handshake of %s fails, which ought to work.", name)
	case wanted:
		t.good("A handshake of %s works.", name)
	case err == nil:
		t.breach("A handshake of %s works, which is below TLS %s.", name, c.Minimum)
	default:
		t.good("A handshake of %s is refused.", name)
	}
}

// handshakes is how long one handshake, or one answer in plain, may take.
const handshakes = 5 * time.Second

func (s *System) handshake(ctx context.Context, address string, least, most uint16) error {
	ctx, cancel := context.WithTimeout(ctx, handshakes)
	defer cancel()
	// The old versions are asked for on purpose: the server has to refuse them.
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: s.Roots, MinVersion: least, MaxVersion: most}} //nolint:gosec
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// isDial reports whether an error is of the connection below TLS.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// tryPlain asks for a page in plain HTTP, with no key: a key must never travel so. Anything but a
// refusal of plain HTTP itself, or being sent to an encrypted address, is an answer of the server.
func tryPlain(ctx context.Context, t *trial, address string) {
	for _, path := range []string{"/v1/tenants", "/trust.json"} {
		status, location, err := askPlain(ctx, address, path)
		switch {
		case ctx.Err() != nil, isDial(err):
			t.hurdle("plain HTTP could not be tried: %v", err)
		case err != nil:
			t.good("A request in plain HTTP gets no answer.")
		case status == http.StatusBadRequest, status == http.StatusUpgradeRequired:
			t.good("A request in plain HTTP is refused.")
		case status >= 300 && status < 400 && strings.HasPrefix(location, "https://"):
			t.good("A request in plain HTTP is sent to the encrypted address.")
		default:
			t.breach("A request in plain HTTP is answered (status %d).", status)
		}
	}
}

func askPlain(ctx context.Context, address, path string) (status int, location string, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakes)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, "", err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address); err != nil {
		return 0, "", err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, "", err
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Location"), nil
}

var errNotEncrypted = errors.New("the server's address is not https")

// addressOf returns host:port of an address of the web, which must be an encrypted one.
func addressOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", errors.New("the server's address is not known")
	}
	if u.Scheme != "https" {
		return "", errNotEncrypted
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "443"), nil
	}
	return u.Host, nil
}
