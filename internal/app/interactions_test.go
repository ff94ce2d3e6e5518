package app

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/vault"
)

// clarus starts a server of Clarus, which records what people do at the gate, with somebody.
func (c *company) clarus() (person string) {
	c.Helper()
	src, err := os.ReadFile("../../examples/clarus/policy.yaml")
	c.must(err)
	c.must(c.start(string(src)))
	_, err = c.app.Vault.CreateTenant(c.Context(), c.app.Operator(), vault.Tenant{ID: "acme", Title: "Acme", Region: "london"})
	c.must(err)
	return c.person()
}

// A server that is told to end has written what people did at the gate until then.
func TestTheEndRecordsWhatWaits(t *testing.T) { companies(t, theEndRecords) }

func theEndRecords(c *company) {
	person := c.clarus()
	cert, err := SelfSigned(filepath.Join(c.T.TempDir(), "tls"), []string{"localhost"}, time.Now())
	c.must(err)
	at, err := net.Listen("tcp", "127.0.0.1:0")
	c.must(err)
	c.app.PeopleURL = "https://" + at.Addr().String()
	c.app.interactions.Note("acme", detection.Interaction{At: c.now, Subject: person, Method: "GET", Path: "/reports", From: netip.MustParseAddr("192.0.2.7")})
	ended, end := context.WithCancel(c.Context())
	end()
	c.must(c.app.ServePeople(ended, at, cert, "acme"))
	page, _, err := c.app.Vault.List(c.Context(), c.caller(vault.ScopeData), vault.Target{Tenant: "acme", Subject: person, DataSet: "interactions", Purpose: "threat-detection"}, "", 10)
	if err != nil || len(page) != 1 {
		c.Errorf("%d interactions are recorded, %v", len(page), err)
	}
}

// What another proxy lets pass by the gate's word is recorded as what passes the gate is.
func TestWhatAnotherProxyLetsPassIsRecorded(t *testing.T) { companies(t, recordedBeside) }

func recordedBeside(c *company) {
	person := c.clarus()
	c.app.PeopleURL = "https://app.acme.example"
	g, err := c.app.Behind("acme")
	c.must(err)
	for range 2 { // it is recorded once a day
		g.Passed(detection.Interaction{At: c.now, Subject: person, Method: "GET", Path: "/reports", From: netip.MustParseAddr("192.0.2.7")})
	}
	c.must(c.app.interactions.Flush(c.Context(), c.app.record))
	page, _, err := c.app.Vault.List(c.Context(), c.caller(vault.ScopeData), vault.Target{Tenant: "acme", Subject: person, DataSet: "interactions", Purpose: "threat-detection"}, "", 10)
	if err != nil || len(page) != 1 {
		c.Errorf("%d interactions are recorded, %v", len(page), err)
	}
}
