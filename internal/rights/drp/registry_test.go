package drp_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights/drp"
)

func TestRegistry(t *testing.T) {
	each(t, func(w *world) {
		a := w.agent("HELPER").pair()
		again := a.known
		_, err := w.registry.Add(w.Context(), "operator", w.vault.Policy, again)
		w.want(err, fault.Conflict)
		for field, change := range map[string]func(*drp.Agent){
			"agent": func(a *drp.Agent) { a.Agent = "a b" }, "business": func(a *drp.Agent) { a.Business = "" }, "tenant": func(a *drp.Agent) { a.Tenant = "nobody" },
			"title": func(a *drp.Agent) { a.Title = "\u202e" }, "verify_key": func(a *drp.Agent) { a.Key = a.Key[1:] }, "callback": func(a *drp.Agent) { a.Callback = "http://helper.example" },
			"verification": func(a *drp.Agent) { a.Verification = "javascript:alert(1)" }, "trusts": func(a *drp.Agent) { a.Trusts = []string{"name"} },
			"within": func(a *drp.Agent) { a.Within = policy.Term{Form: policy.Prompt} },
		} {
			bad := a.known
			bad.Business = "NEW"
			change(&bad)
			_, err := w.registry.Add(w.Context(), "operator", w.vault.Policy, bad)
			var f *fault.Error
			if !fault.Is(err, fault.Invalid) || !as(err, &f) || f.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		all, err := w.registry.List(w.Context())
		if err != nil || len(all) != 1 || all[0].Agent != "HELPER" || all[0].Paired.IsZero() || all[0].Within.String() != "14 days" {
			t.Fatalf("%+v, %v", all, err)
		}
		w.must(w.registry.Remove(w.Context(), "operator", all[0].ID))
		if _, err := w.desk.Authenticate(w.Context(), a.token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a removed agent's token: %v", err)
		}
		_, err = w.desk.Pair(w.Context(), "HELPER", a.sign(a.envelope(nil)))
		w.want(err, fault.Refused)
		for _, id := range []string{all[0].ID, "agt_nobody", "", "app_1"} {
			w.want(w.registry.Remove(w.Context(), "operator", id), fault.NotFound)
		}
	})
}

// A backup from before a removal does not bring the agent back.
func TestRemovalOutlivesTheStore(t *testing.T) {
	w := sqliteWorld(t)
	a := w.agent("HELPER").pair()
	w.must(w.registry.Remove(w.Context(), "operator", a.known.ID))
	w.must(w.vault.DB.Write(w.Context(), db.Organisation, func(tx *db.Tx) error { // as the backup has it
		_, err := tx.Exec(`INSERT INTO agents (registration_id, agent_id, business_id, tenant_id, title, verify_key, callback, verification, trusts, within, token_hash, paired_at, created_at)
 VALUES ($1, 'HELPER', 'ACME', 'acme', 't', $2, '', 'https://acme.example', '', '14 days', $2, 1, 1)`, a.known.ID, []byte(a.known.Key))
		return err
	}))
	w.must(w.registry.Reconcile(w.Context()))
	if all, err := w.registry.List(w.Context()); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	kept := w.agent("OTHER")
	w.must(w.registry.Reconcile(w.Context()))
	if all, err := w.registry.List(w.Context()); err != nil || len(all) != 1 || all[0].ID != kept.known.ID {
		t.Errorf("%+v, %v", all, err)
	}
}

// Who cannot be found cannot be asked for.
func TestNobodyCanBeFound(t *testing.T) {
	w := sqliteWorld(t)
	a := w.agent("HELPER").known
	p := testPolicy()
	p.Data[0].Fields[1].Find, p.Data[0].Fields[2].Find = false, false
	a.Business = "NEW"
	_, err := w.registry.Add(w.Context(), "operator", p, a)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "contact field") {
		t.Errorf("%v", err)
	}
}
