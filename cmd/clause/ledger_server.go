package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// server returns how a tenant's log on the server is opened.
func (v *ledgerVerifier) server() (open func(tenant string) (proof.Source, error), err error) {
	const op = "clause.ledger"
	bearer, err := v.credential()
	if err != nil {
		return nil, err
	}
	client, err := v.client()
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(v.cmd.From); bearer != "" && (err != nil || u.Scheme != "https" && !isLoopback(u.Hostname())) {
		return nil, fault.New(op, fault.Invalid, "the credential would travel in the clear").WithHint("use https://")
	}
	return func(tenant string) (proof.Source, error) {
		address, err := proof.LogURL(v.cmd.From, tenant)
		if err != nil {
			return nil, fault.New(op, fault.Invalid, "%v", err)
		}
		return &proof.HTTP{Client: client, Base: address, Credential: bearer}, nil
	}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// credential reads the application's key, which no command line should hold.
func (v *ledgerVerifier) credential() (string, error) {
	const op = "clause.ledger"
	if v.cmd.CredentialFile == "" {
		return "", nil
	}
	f, err := os.Open(v.cmd.CredentialFile)
	if err != nil {
		return "", fault.New(op, fault.Invalid, "the credential file cannot be read: %v", rootCause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	key := strings.TrimSpace(string(data))
	if err != nil || key == "" || strings.ContainsAny(key, " \r\n\t") {
		return "", fault.New(op, fault.Invalid, "the credential file does not hold one key")
	}
	return key, nil
}

// client follows no redirect: a log is where it says it is, and the credential goes nowhere else.
func (v *ledgerVerifier) client() (*http.Client, error) {
	through, err := (&remote{CA: v.cmd.CA}).http()
	if err != nil {
		return nil, err
	}
	through.Timeout = 30 * time.Second
	return through, nil
}
