package vault

import (
	"fmt"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
)

func TestEraseTenant(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		sub, tx := w.full()
		theirs, err := w.vault.CreateSubject(w.ctx, w.app, "other", Idempotency{})
		must(t, err)
		must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
		w.tenantGone(sub, tx)
		_, err = w.vault.Standing(w.ctx, w.app, "other", theirs)
		must(t, err)
		want(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"), fault.NotFound)
		want(t, w.vault.EraseTenant(w.ctx, w.admin, "Nonsense!"), fault.NotFound)
		_, err = w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "acme"})
		want(t, err, fault.Conflict) // its ledger stays
		w.clock.forward(epochFor)
		must(t, w.vault.RunKeys(w.ctx)) // which must not bring it back
		w.tenantGone(sub, tx)
		people, tenants, err := w.reopened().vault.Reconcile(w.ctx)
		if people+tenants != 0 || err != nil {
			t.Fatalf("there was something left to erase: %d %d %v", people, tenants, err)
		}
		w.verified("acme", "_org", "other")
	})
}

func (w *world) tenantGone(sub, tx string) {
	w.t.Helper()
	w.unreadable(sub, tx)
	_, err := w.vault.CreateSubject(w.ctx, w.app, "acme", Idempotency{})
	want(w.t, err, fault.NotFound)
	_, err = w.vault.Aggregate(w.ctx, w.app, "acme", account, "transactions", "count", "", "")
	want(w.t, err, fault.Refused)
	all, err := w.vault.Tenants(w.ctx, w.admin)
	must(w.t, err)
	if all[0].ID != "acme" || all[0].State != tenantErased {
		w.t.Fatalf("tenants %+v", all)
	}
	w.swept(sub)
	if n := len(w.files()); n != 0 {
		w.t.Fatalf("%d blobs are left", n)
	}
	for _, table := range []string{"tenant_keys", "subjects", "records", "lookups", "blobs", "idempotency", "sweeps"} {
		var n int64
		must(w.t, w.db.Get(w.ctx, "acme", `SELECT COUNT(*) FROM `+table+` WHERE tenant_id = 'acme'`, nil, &n))
		if n != 0 {
			w.t.Fatalf("%d rows are left in %s", n, table)
		}
	}
}

// The server dies at each point of the erasure of a tenant.
func TestTenantErasureCutShort(t *testing.T) {
	for stop := range 3 {
		for _, finish := range []string{"next start", "next call"} {
			t.Run(fmt.Sprintf("after step %d, %s", stop, finish), func(t *testing.T) {
				w := sqliteWorld(t)
				sub, tx := w.full()
				_, ids, err := w.vault.tenantKeyIDs(w.ctx, "acme")
				must(t, err)
				must(t, w.ring.Destroy(ids, w.clock.now()))
				if stop >= 1 {
					must(t, w.db.Write(w.ctx, db.Organisation, func(tx *db.Tx) error {
						_, err := tx.Exec(`UPDATE tenants SET state = 'erased' WHERE tenant_id = 'acme'`)
						return err
					}))
				}
				if stop >= 2 {
					must(t, w.db.Write(w.ctx, "acme", func(tx *db.Tx) error {
						if _, err := tx.Exec(`DELETE FROM tenant_keys WHERE tenant_id = 'acme'`); err != nil {
							return err
						}
						return askSweep(tx, "acme", "")
					}))
				}
				next := w.reopened()
				next.unreadable(sub, tx)
				if finish == "next start" {
					_, _, err = next.vault.Reconcile(w.ctx)
				} else if err = next.vault.EraseTenant(w.ctx, w.admin, "acme"); stop == 2 {
					want(t, err, fault.NotFound) // nothing was left to do
					err = nil
				}
				must(t, err)
				next.tenantGone(sub, tx)
				must(t, next.vault.RunKeys(w.ctx))
				next.tenantGone(sub, tx)
			})
		}
	}
}

// A tenant whose creation was cut short before its key was made can be used once the call is repeated.
func TestTenantCreationCutShort(t *testing.T) {
	w := sqliteWorld(t)
	must(t, w.db.Write(w.ctx, "acme", func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM tenant_keys WHERE tenant_id = 'acme'`)
		return err
	}))
	_, err := w.vault.CreateSubject(w.ctx, w.app, "acme", Idempotency{})
	want(t, err, fault.NotFound)
	_, err = w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "acme"})
	want(t, err, fault.Conflict)
	w.person()
}

// A tenant asked for in another environment is refused, not made in this one.
func TestTenantOfAnotherEnvironment(t *testing.T) {
	w := sqliteWorld(t)
	_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Environment: "production"})
	want(t, err, fault.Refused)
	if e := w.newest("_org"); e.Kind != "tenant.create" || e.Answer != "refuse" || e.Reason != decision.WrongEnvironment.String() {
		t.Errorf("entry %+v", e)
	}
	if made, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Environment: "test"}); err != nil || made.Environment != "test" {
		t.Error(made, err)
	}
}

func TestTenantsAndIDs(t *testing.T) {
	w := sqliteWorld(t)
	for _, id := range []string{"", "a", "Acme", "_org", "a b", "1a", strings.Repeat("a", 64), "a/../b", "acme\n"} {
		_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: id})
		want(t, err, fault.Invalid)
	}
	_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Title: strings.Repeat("x", 201)})
	want(t, err, fault.TooLarge)
	made, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Title: "Third"})
	if err != nil || made.Region != "here" || made.State != tenantActive || made.Environment != "test" || made.Created.IsZero() {
		t.Fatal(made, err)
	}
	seen := map[string]bool{}
	for range 1000 {
		for prefix, id := range map[string]string{subjectPrefix: newID(subjectPrefix), recordPrefix: newRecordID(w.clock.now())} {
			if !isID(prefix, id) || seen[id] {
				t.Fatalf("id %s", id)
			}
			seen[id] = true
		}
	}
}
