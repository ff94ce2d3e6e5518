// Package vaulttest makes vaults, each with a store, keys and a ledger of its own, for tests of what stands on them.
package vaulttest

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/objects"
)

// Clock stands until it is set forward; it ticks a microsecond at each look.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now is a microsecond later than before.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

// Forward sets the clock forward.
func (c *Clock) Forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Stands is what the clock shows to who looks in passing.
func (c *Clock) Stands() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Each runs a test with an empty store of each engine.
func Each(t *testing.T, run func(t *testing.T, c *Clock, d *db.DB)) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		c := newClock()
		run(t, c, open(func(cfg *db.Config) { cfg.Now = c.Now }))
	})
}

// SQLite opens an empty store in a file.
func SQLite(t testing.TB) (*Clock, *db.DB) {
	c, cfg := newClock(), dbtest.SQLite(t)
	cfg.Now = c.Now
	return c, dbtest.Open(t, cfg)
}

func newClock() *Clock { return &Clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// Kit is a vault, and what it works with.
type Kit struct {
	Clock  *Clock
	Vault  *vault.Vault
	Ring   *keyring.Ring
	Ledger *ledger.Log
	Folder string
	Admin  vault.Caller // of tenants
}

// New opens a vault of a policy, in which are the tenants acme and other.
func New(t testing.TB, c *Clock, d *db.DB, p *policy.Policy, swept func(*db.Tx, vault.Swept) error) *Kit {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k := &Kit{Clock: c, Folder: t.TempDir()}
	root, err := keyring.FileRoot(filepath.Join(k.Folder, "root.key"), true)
	must(err)
	k.Ring, err = keyring.Open(t.Context(), filepath.Join(k.Folder, "keys"), root, c.Now())
	must(err)
	rules, err := decision.Compile(p, &decision.Grounds{})
	must(err)
	folder, err := objects.NewFolder(filepath.Join(k.Folder, "blobs"))
	must(err)
	k.Vault, err = vault.New(vault.Config{
		DB: d, Ring: k.Ring, Rules: rules, Policy: p, Now: c.Now, Objects: folder, Region: "here", Environment: "test", AggregateMin: 2, MemoryMax: 1 << 20, Swept: swept,
	})
	must(err)
	t.Cleanup(k.Vault.Close)
	k.Ledger = ledger.New(d, k.Ring.Signer(), "vault.test/log")
	k.Admin = vault.Caller{Credential: decision.Credential{ID: "admin", Environment: "test"}, Scopes: []string{vault.ScopeAdmin}}
	for _, id := range []string{"acme", "other"} {
		_, err := k.Vault.CreateTenant(t.Context(), k.Admin, vault.Tenant{ID: id, Title: id})
		must(err)
	}
	return k
}

// Caller is one that holds purposes of the policy.
func (k *Kit) Caller(t testing.TB, id string, purposes, scopes []string, tenants ...string) vault.Caller {
	t.Helper()
	held, err := k.Vault.Rules.PurposeSet(purposes)
	if err != nil {
		t.Fatal(err)
	}
	return vault.Caller{Credential: decision.Credential{ID: id, Tenants: tenants, Purposes: held, Environment: "test"}, Scopes: scopes}
}
