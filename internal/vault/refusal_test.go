package vault

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
)

// Every refusal is in the ledger before the call returns, with the clause that refused.
func TestRefusalsAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
		target := of(sub, "identity", single)
		expired, revoked, elsewhere, unscoped := w.app, w.app, w.app, w.app
		expired.Credential.Expires = w.clock.now()
		revoked.Credential.Revoked = true
		elsewhere.Credential.Environment = "production"
		unscoped.Scopes = nil
		staff := w.app
		staff.Grant = decision.Grant{Staff: true, Tenant: "acme"}
		get := func(c Caller, t Target) func() error {
			return func() error { _, err := w.vault.Get(w.ctx, c, t); return err }
		}
		disclose := func(purpose, recipient string) func() error {
			t := target.under(purpose)
			t.Recipient = recipient
			return get(w.app, t)
		}
		for _, c := range []struct {
			name   string
			call   func() error
			clause string
			log    string
			kind   fault.Kind
		}{
			{"another tenant's", get(w.foreign, target), "c-tenant", "_org", fault.Refused},
			{"no such tenant", get(w.app, Target{Tenant: "nowhere", Subject: sub, DataSet: "identity", Record: single, Purpose: account}), "c-tenant", "_org", fault.Refused},
			{"another environment's", get(elsewhere, target), "c-environment", "acme", fault.Refused},
			{"expired", get(expired, target), "c-credential", "acme", fault.Unauthenticated},
			{"revoked", get(revoked, target), "c-credential", "acme", fault.Unauthenticated},
			{"no scope", get(unscoped, target), "", "acme", fault.Refused},
			{"staff without a grant", get(staff, target), "c-grant", "acme", fault.Refused},
			{"undeclared purpose", get(w.app, target.under("curiosity")), "c-purpose", "acme", fault.Refused},
			{"forbidden purpose", get(w.app, target.under(marketing)), "c-no-marketing", "acme", fault.Refused},
			{"purpose not held", get(w.app, target.under(unheld)), "c-purpose", "acme", fault.Refused},
			{"purpose of other data", get(w.app, target.under(insights)), "c-purpose", "acme", fault.Refused},
			{"undeclared data", get(w.app, of(sub, "dossier", single)), "c-declared", "acme", fault.Refused},
			{"no consent", get(w.app, of(sub, "transactions", tx).under(insights)), "c-consent", "acme", fault.Refused},
			{"undeclared recipient", disclose(shipping, "friend"), "c-recipient", "acme", fault.Refused},
			{"another's recipient", disclose(shipping, "ads"), "c-recipient", "acme", fault.Refused},
			{"disclosure by a purpose that may not", disclose(account, "courier"), "c-purpose", "acme", fault.Refused},
			{"write by a purpose that may not", func() error {
				_, err := w.vault.Put(w.ctx, w.app, target.under(viewing), identity("z@example.org"), Condition{}, Idempotency{})
				return err
			}, "c-purpose", "acme", fault.Refused},
			{"delete by a purpose that may not", func() error { return w.vault.Delete(w.ctx, w.app, target.under(viewing), Condition{}) }, "c-purpose", "acme", fault.Refused},
			{"list", func() error { _, _, err := w.vault.List(w.ctx, w.foreign, target, "", 1); return err }, "c-tenant", "_org", fault.Refused},
			{"find", func() error { _, err := w.vault.Find(w.ctx, w.foreign, target, "email", "z@example.org"); return err }, "c-tenant", "_org", fault.Refused},
			{"aggregate", func() error {
				_, err := w.vault.Aggregate(w.ctx, w.app, "acme", viewing, "transactions", "count", "", "")
				return err
			}, "c-purpose", "acme", fault.Refused},
			{"blob", func() error {
				_, _, err := w.vault.GetBlob(w.ctx, w.app, of(sub, "transactions", tx).under(insights), "receipt")
				return err
			}, "c-consent", "acme", fault.Refused},
			{"upload", func() error {
				_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx).under(insights), "receipt", "text/plain", strings.NewReader("x"), Condition{})
				return err
			}, "c-consent", "acme", fault.Refused},
			{"memory-only", get(w.app, of(sub, "sessions", single)), "c-purpose", "acme", fault.Refused},
			{"create a person", func() error { _, err := w.vault.CreateSubject(w.ctx, w.foreign, "acme", Idempotency{}); return err }, "c-tenant", "_org", fault.Refused},
			{"erase a person", func() error { return w.vault.EraseSubject(w.ctx, w.foreign, "acme", sub) }, "c-tenant", "_org", fault.Refused},
			{"consent", func() error { return w.vault.SetConsent(w.ctx, w.foreign, "acme", sub, insights, true) }, "c-tenant", "_org", fault.Refused},
			{"standing", func() error { _, err := w.vault.Standing(w.ctx, w.foreign, "acme", sub); return err }, "c-tenant", "_org", fault.Refused},
			{"create a tenant", func() error { _, err := w.vault.CreateTenant(w.ctx, w.app, Tenant{ID: "third"}); return err }, "", "_org", fault.Refused},
			{"create a tenant abroad", func() error {
				_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Region: "abroad"})
				return err
			}, "c-region", "_org", fault.Refused},
			{"erase a tenant", func() error { return w.vault.EraseTenant(w.ctx, w.app, "acme") }, "", "_org", fault.Refused},
			{"list tenants", func() error { _, err := w.vault.Tenants(w.ctx, w.app); return err }, "", "_org", fault.Refused},
		} {
			other := map[string]string{"acme": "_org", "_org": "acme"}[c.log]
			before, quiet := w.size(c.log), w.size(other)
			err := c.call()
			if !fault.Is(err, c.kind) || fault.ClauseOf(err) != c.clause {
				t.Errorf("%s: %v (%s), clause %q, want %q", c.name, err, fault.KindOf(err), fault.ClauseOf(err), c.clause)
				continue
			}
			if w.size(c.log) != before+1 || w.size(other) != quiet {
				t.Errorf("%s: %d entries in %s, %d in %s", c.name, w.size(c.log)-before, c.log, w.size(other)-quiet, other)
				continue
			}
			e := w.newest(c.log)
			if e.Answer != "refuse" || e.Reason == "" || (c.clause != "" && !slices.Contains(e.Clauses, c.clause)) {
				t.Errorf("%s: entry %+v", c.name, e)
			}
		}
		w.verified("acme", "_org", "other")
	})
}

// A grant of the tenant lets staff in, for its purposes and its time.
func TestStaffGrant(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("z@example.org"))
	staff := w.app
	held, err := w.rules.PurposeSet([]string{viewing})
	must(t, err)
	staff.Grant = decision.Grant{Staff: true, Tenant: "acme", Purposes: held, From: w.clock.now(), Until: w.clock.now().Add(time.Hour), ApprovedBy: "p_1", Holder: "p_2"}
	get := func(purpose string) error {
		_, err := w.vault.Get(w.ctx, staff, of(sub, "identity", single).under(purpose))
		return err
	}
	must(t, get(viewing))
	want(t, get(account), fault.Refused)
	w.clock.forward(time.Hour)
	want(t, get(viewing), fault.Refused)
	if e := w.newest("acme"); e.Clauses[0] != "c-grant" {
		t.Fatalf("entry %+v", e)
	}
}

// A look for what is not there leaves a trace, without what was asked for.
func TestAbsenceIsRecorded(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	for _, target := range []Target{of(sub, "identity", single), of(sub, "transactions", "rec_0123456789abcdefghjkmnpqrs"), of("sub_0123456789abcdefghjkmnpqrs", "identity", single)} {
		before := w.size("acme")
		_, err := w.vault.Get(w.ctx, w.app, target)
		want(t, err, fault.NotFound)
		e := w.newest("acme")
		if w.size("acme") != before+1 || e.Reason != "not found" || e.Record != "" || (target.Subject == sub) != (e.Subject != "") {
			t.Fatalf("entry %+v", e)
		}
	}
}

// Nothing that comes from outside reaches the ledger, or the store in the clear: not names that the
// policy does not declare, not ids that this server did not make, not values.
func TestNothingFromOutsideInTheClear(t *testing.T) {
	w := sqliteWorld(t)
	canary := func(n string) string { return "zqcanary" + n + "qz" }
	sub := w.person()
	all := []string{"zqcanary", "rec_zqcanary", "sub_zqcanary"}
	shaped := "zqcanary0123456789abcdefgh"
	w.put(of(sub, "identity", ""), fields("first_name", canary("name"), "email", canary("mail")+"@example.org", "nick", canary("nick")))
	tx := w.put(of(sub, "transactions", ""), fields("date", "2026-01-31", "amount", "1 AED", "direction", "income", "note", canary("note"))).Record
	_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", canary("type"), strings.NewReader(canary("blob")), Condition{})
	must(t, err)
	w.put(of(sub, "sessions", "").under(security), fields("token", canary("token")))
	w.find("email", canary("mail")+"@example.org")
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, Idempotency{Key: canary("idem")})
	must(t, err)
	must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
	for _, target := range []Target{
		of(sub, canary("set"), single), of(sub, "identity", canary("rec")), of(sub, "identity", recordPrefix+shaped), of(subjectPrefix+shaped, "identity", single),
		of(canary("sub"), "identity", single), of(sub, "identity", single).under(canary("purpose")),
		{Tenant: canary("tenant"), Subject: sub, DataSet: "identity", Record: recordPrefix + shaped, Purpose: account},
		{Tenant: "acme", Subject: sub, DataSet: "identity", Record: single, Purpose: account, Recipient: canary("recipient")},
		{Tenant: "acme", Subject: sub, DataSet: "identity", Record: single, Purpose: account, Fields: []string{canary("field")}},
	} {
		for _, c := range []Caller{w.app, w.foreign} {
			_, err := w.vault.Get(w.ctx, c, target)
			if err == nil {
				t.Fatalf("%+v was answered", target)
			}
			_, err = w.vault.Put(w.ctx, c, target, fields(canary("field"), canary("value")), Condition{}, Idempotency{Key: canary("idem2")})
			if err == nil {
				t.Fatalf("%+v was written", target)
			}
			_, _, err = w.vault.List(w.ctx, c, target, recordPrefix+shaped, 1)
			_ = err
			_ = w.vault.Delete(w.ctx, c, target, Condition{})
			_, _, err = w.vault.GetBlob(w.ctx, c, target, canary("field"))
			if err == nil {
				t.Fatal("a blob was answered")
			}
			_, err = w.vault.Batch(w.ctx, c, target.Tenant, target.Purpose, []BatchOp{{Action: "put", Subject: target.Subject, DataSet: target.DataSet, Record: target.Record, Fields: fields("nick", canary("b"))}}, Idempotency{Key: canary("idem3")})
			if err == nil && target.Record != single {
				t.Fatal("a batch was done")
			}
			_ = w.vault.SetConsent(w.ctx, c, target.Tenant, target.Subject, target.Purpose, true)
			_ = w.vault.EraseSubject(w.ctx, c, target.Tenant, canary("sub"))
			_, _ = w.vault.Aggregate(w.ctx, c, target.Tenant, target.Purpose, target.DataSet, canary("stat"), canary("field"), canary("group"))
		}
	}
	_, err = w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "Zqcanary", Region: canary("region")})
	want(t, err, fault.Invalid)
	_, err = w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "third", Region: canary("region")})
	want(t, err, fault.Refused)
	if found := search(t, w.dir, all...); len(found) > 0 {
		t.Fatalf("found %v", found)
	}
	for _, log := range []string{"acme", "other", "_org"} {
		for _, e := range w.entries(log) {
			if line := string(e.Append(nil)); strings.Contains(line, "zqcanary") || strings.Contains(line, sub) {
				t.Fatalf("the log %s holds %s", log, line)
			}
		}
	}
	must(t, w.db.Close()) // which empties the write-ahead log into the file
	if found := search(t, w.dir, all...); len(found) > 0 {
		t.Fatalf("found after closing %v", found)
	}
}
