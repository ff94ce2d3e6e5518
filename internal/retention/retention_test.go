package retention_test

import (
	"bytes"
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/retention"
	"clause.dev/clause/internal/vault"
)

// world is a server of an example's policy, with a tenant.
type world struct {
	*testing.T
	*apptest.Server
	admin, app *client.Client
}

func start(t *testing.T, o apptest.Options, example string) *world {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/"+example+"/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	o.Policy = source
	w := &world{T: t, Server: apptest.Start(t, o)}
	w.admin = w.Client(t, w.Application(t, nil, vault.ScopeAdmin))
	w.app = w.Client(t, w.Application(t, []string{"acme"}, vault.ScopeData, vault.ScopeSubjects))
	return w
}

// each runs a test on each engine.
func each(t *testing.T, example string, run func(w *world)) {
	t.Run("sqlite", func(t *testing.T) {
		w := start(t, apptest.Options{}, example)
		w.tenant()
		run(w)
	})
	t.Run("postgres", func(t *testing.T) {
		c := dbtest.Postgres(t)
		w := start(t, apptest.Options{Store: c.URL, Migrate: c.Migrate}, example)
		w.tenant()
		run(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) tenant() {
	w.Helper()
	_, err := w.admin.CreateTenant(w.Context(), api.NewTenant{ID: "acme", Title: "Acme", Region: w.App.Region, Environment: w.App.Environment})
	w.must(err)
}

// settle sweeps, and certifies what is swept.
func (w *world) settle() {
	w.Helper()
	w.must(w.System().Store.Settle(w.Context()))
}

// caller makes a person with a call and its recording.
func (w *world) caller() string {
	w.Helper()
	sub, err := w.app.CreateSubject(w.Context(), "acme")
	w.must(err)
	at := client.Target{Tenant: "acme", Subject: sub, DataSet: "calls", Purpose: "calls"}
	out, err := w.app.Create(w.Context(), at, map[string]any{"at": "2026-03-01", "participants": "Zoe Marchetti"})
	w.must(err)
	at.Record = out.Record
	_, err = w.app.PutBlob(w.Context(), at, "recording", "audio/ogg", strings.NewReader("a recording of Zoe"))
	w.must(err)
	return sub
}

// issued returns a certificate's document, verified.
func (w *world) issued(id string) ([]byte, proof.Certificate) {
	w.Helper()
	document, err := w.admin.CertificateDocument(w.Context(), "acme", id)
	w.must(err)
	key, err := w.admin.LedgerKey(w.Context(), "acme")
	w.must(err)
	c, err := proof.VerifyCertificate(document, key)
	w.must(err)
	return document, c
}

func TestOffBoarding(t *testing.T) {
	each(t, "clari", func(w *world) {
		sub := w.caller()
		w.caller()
		if _, err := w.app.OffBoard(w.Context(), "acme"); client.Status(err) != 403 {
			w.Fatalf("without the scope admin: %v", err)
		}
		if _, err := w.admin.OffBoard(w.Context(), "nobody"); client.Status(err) != 404 {
			w.Fatalf("of nobody: %v", err)
		}
		if _, err := w.admin.OffBoarding(w.Context(), "acme"); client.Status(err) != 404 {
			w.Fatalf("before it began: %v", err)
		}
		o, err := w.admin.OffBoard(w.Context(), "acme")
		w.must(err)
		if o.Due == nil || o.Due.Sub(o.Certificate.Opened) > 31*24*time.Hour {
			w.Fatalf("due %v", o.Due)
		}
		_, err = w.app.Get(w.Context(), client.Target{Tenant: "acme", Subject: sub, DataSet: "calls", Record: "rec_00000000000000000000000000", Purpose: "calls"})
		if client.Status(err) != 404 && client.Status(err) != 410 {
			w.Fatalf("read at once: %v", err)
		}
		again, err := w.admin.OffBoard(w.Context(), "acme")
		w.must(err)
		if again.Certificate.ID != o.Certificate.ID {
			w.Fatal("asked again, it began another")
		}
		w.settle()
		o, err = w.admin.OffBoarding(w.Context(), "acme")
		w.must(err)
		if o.Certificate.State != "issued" {
			w.Fatalf("state %s", o.Certificate.State)
		}
		_, c := w.issued(o.Certificate.ID)
		want := map[string]int64{"records.calls": 2, "subjects": 2, "blobs": 2}
		for label, n := range want {
			if c.Removed[label] != n {
				w.Errorf("%d %s went, not %d: %v", c.Removed[label], label, n, c.Removed)
			}
		}
		if c.Kind != proof.OfTenant || c.About != "" || c.Issuer != "Clari" || len(c.Keys) == 0 {
			w.Errorf("%+v", c)
		}
		w.once(o.Certificate.ID)
		w.settle()
		w.once(o.Certificate.ID)
	})
}

// once looks that an off-boarding began, ended and was certified once, in time.
func (w *world) once(id string) {
	w.Helper()
	kinds := map[string]int{}
	all, err := w.App.Ledger.Recent(w.Context(), "acme", "", 1000)
	w.must(err)
	for _, e := range all {
		kinds[e.Kind]++
	}
	for _, kind := range []string{"off-boarding.begin", "erasure.swept", proof.KindErased, "certificate.issue", "clock.opened", "clock.discharged"} {
		if kinds[kind] != 1 {
			w.Errorf("%d entries of %s: %v", kinds[kind], kind, kinds)
		}
	}
	clocks, err := w.App.Clocks.About(w.Context(), "acme", id)
	w.must(err)
	if len(clocks) != 1 || clocks[0].State != obligation.Done || clocks[0].Late(w.Clock.Now()) || clocks[0].Evidence != id {
		w.Errorf("clocks %+v", clocks)
	}
}

// TestOffBoardingCutShort: the server dies after each step; after a restart all of it is done, and once.
func TestOffBoardingCutShort(t *testing.T) {
	steps := []struct {
		name string
		do   func(w *world)
	}{
		{"it was begun", func(w *world) {
			desk := w.desk()
			w.must(w.App.DB.Write(w.Context(), "acme", func(tx *db.Tx) error { return desk.Begin(tx, "app_1") }))
		}},
		{"the keys are on the list", func(w *world) {
			var text string
			w.must(w.App.DB.Get(w.Context(), "acme", `SELECT key_id FROM tenant_keys WHERE tenant_id = $1`, []any{"acme"}, &text))
			id, err := keyring.ParseID(text)
			w.must(err)
			w.must(w.App.Ring.Destroy([]keyring.ID{id}, w.Clock.Now()))
		}},
		{"the tenant is erased", func(w *world) {
			_, err := w.desk().OffBoard(w.Context(), w.App.Operator(), "acme")
			w.must(err)
		}},
		{"it is swept", func(w *world) { w.must(w.App.Vault.Sweep(w.Context())) }},
	}
	for upto := range steps {
		t.Run("after "+steps[upto].name, func(t *testing.T) {
			w := start(t, apptest.Options{}, "clari")
			w.tenant()
			w.caller()
			for i := range upto + 1 {
				steps[i].do(w)
			}
			w.Stop()
			next := start(t, apptest.Options{Folder: w.Folder}, "clari")
			next.must(next.desk().Run(t.Context()))
			next.settle()
			next.settle()
			all, err := next.admin.Certificates(t.Context(), "acme", "", 10)
			next.must(err)
			if len(all.Certificates) != 1 || all.Certificates[0].State != "issued" {
				t.Fatalf("certificates %+v", all.Certificates)
			}
			next.issued(all.Certificates[0].ID)
			next.once(all.Certificates[0].ID)
		})
	}
}

func (w *world) desk() *retention.Desk {
	engine := *w.App.Clocks
	var duties []obligation.Duty
	for _, all := range w.App.Plan.Duties {
		for _, d := range all {
			if d.Kind == db.OffBoarding {
				duties = append(duties, d)
			}
		}
	}
	return &retention.Desk{
		Vault: w.App.Vault, Engine: &engine, Ledger: w.App.Ledger, Duties: duties, Issuer: w.Published.Organisation.Name, Operator: w.App.Operator(),
	}
}

// TestCertifiedErasure: under a hold the certificate waits, then names both keys; it never names the person.
func TestCertifiedErasure(t *testing.T) {
	each(t, "clarus", func(w *world) {
		ctx := w.Context()
		sub, err := w.app.CreateSubject(ctx, "acme")
		w.must(err)
		at := client.Target{Tenant: "acme", Subject: sub, DataSet: "login", Purpose: "service"}
		_, err = w.app.Create(ctx, at, map[string]any{"user_name": "zoe", "email": "zoe@example.org", "organisation": "Marchetti"})
		w.must(err)
		if _, err := w.app.CertifyErasure(ctx, "acme", "sub_00000000000000000000000000", "request-0"); client.Status(err) != 404 {
			w.Fatalf("of nobody: %v", err)
		}
		_, err = w.app.PlaceHold(ctx, "acme", sub, api.NewHold{Reason: "case-1", Fields: []string{"login.email"}, Until: w.Clock.Now().Add(time.Hour)})
		w.must(err)
		if _, err := w.admin.OffBoard(ctx, "acme"); client.Status(err) != 409 {
			w.Fatalf("off-boarded under a hold: %v", err)
		}
		c, err := w.app.CertifyErasure(ctx, "acme", sub, "request-1")
		w.must(err)
		w.settle()
		w.state(c.ID, "held")
		h, err := w.app.Hold(ctx, "acme", sub)
		w.must(err)
		w.must(w.app.ReleaseHold(ctx, "acme", sub))
		w.settle()
		w.state(c.ID, "issued")
		document, proven := w.issued(c.ID)
		if proven.Kind != proof.OfPerson || proven.About != "request-1" || len(proven.Keys) != 2 || proven.Removed["records.login"] != 2 {
			w.Errorf("%+v", proven)
		}
		for _, secret := range []string{sub, h.Copy, "zoe", "Marchetti", h.ID} {
			if bytes.Contains(document, []byte(secret)) {
				w.Errorf("the certificate names %s", secret)
			}
		}
		page, err := retention.Page(document)
		if err != nil || !bytes.Contains(page, []byte("request-1")) || bytes.Contains(page, []byte(sub)) {
			w.Errorf("%v %s", err, page)
		}
		plain, err := w.app.CreateSubject(ctx, "acme")
		w.must(err)
		w.must(w.app.EraseSubject(ctx, "acme", plain))
		w.settle()
		all, err := w.app.Certificates(ctx, "acme", "", 10)
		w.must(err)
		if len(all.Certificates) != 1 {
			w.Errorf("%d certificates", len(all.Certificates))
		}
	})
}

// TestAnErasureThatFailsHalfway keeps its certificate: the key is destroyed, and the rest follows by itself.
func TestAnErasureThatFailsHalfway(t *testing.T) {
	w := start(t, apptest.Options{}, "clarus")
	w.tenant()
	sub, err := w.app.CreateSubject(t.Context(), "acme")
	w.must(err)
	raw, err := sql.Open("sqlite", w.App.DB.Path())
	w.must(err)
	defer raw.Close()
	_, err = raw.Exec(`CREATE TRIGGER bar BEFORE DELETE ON subjects BEGIN SELECT RAISE(ABORT, 'no'); END`)
	w.must(err)
	if _, err := w.app.CertifyErasure(t.Context(), "acme", sub, "request-1"); err == nil {
		t.Error("what failed is not told")
	}
	_, err = raw.Exec(`DROP TRIGGER bar`)
	w.must(err)
	_, _, err = w.App.Vault.Reconcile(t.Context())
	w.must(err)
	w.settle()
	all, err := w.app.Certificates(t.Context(), "acme", "", 10)
	w.must(err)
	if len(all.Certificates) != 1 || all.Certificates[0].State != "issued" {
		t.Fatalf("certificates %+v", all.Certificates)
	}
	if _, c := w.issued(all.Certificates[0].ID); c.About != "request-1" || len(c.Keys) != 1 {
		t.Errorf("%+v", c)
	}
}

func (w *world) state(id, want string) {
	w.Helper()
	c, err := w.app.Certificate(w.Context(), "acme", id)
	w.must(err)
	if c.State != want {
		w.Fatalf("the certificate is %s, not %s", c.State, want)
	}
}

// TestTamperedCertificate: whatever byte of it is changed, whoever signs another, it is refused.
func TestTamperedCertificate(t *testing.T) {
	w := start(t, apptest.Options{}, "clari")
	w.tenant()
	w.caller()
	o, err := w.admin.OffBoard(t.Context(), "acme")
	w.must(err)
	w.settle()
	document, c := w.issued(o.Certificate.ID)
	key, err := w.admin.LedgerKey(t.Context(), "acme")
	w.must(err)
	for i := range document {
		for _, flip := range []byte{1, 0x20} {
			changed := slices.Clone(document)
			changed[i] ^= flip
			if _, err := proof.VerifyCertificate(changed, key); err == nil {
				t.Fatalf("byte %d was changed from %q to %q, unseen", i, document[i], changed[i])
			}
			if _, err := proof.VerifyCertificate(changed, ""); err == nil {
				t.Fatalf("byte %d was changed, unseen without a key", i)
			}
		}
	}
	for _, cut := range [][]byte{nil, document[:len(document)-1], append(slices.Clone(document), '\n'), append([]byte(" "), document...)} {
		if _, err := proof.VerifyCertificate(cut, key); err == nil {
			t.Error("a document of another length was accepted")
		}
	}
	// Another server's key, and a certificate that the true server would sign but whose ledger does not bear it out.
	other := start(t, apptest.Options{}, "clari")
	foreign, err := other.admin.LedgerKey(t.Context(), "_org")
	w.must(err)
	if _, err := proof.VerifyCertificate(document, foreign); err == nil {
		t.Error("another server's key verifies it")
	}
	for name, change := range map[string]func(*proof.Certificate){
		"fewer":         func(c *proof.Certificate) { c.Removed["records.calls"] = 0 },
		"more":          func(c *proof.Certificate) { c.Removed["records.accounts"] = 7 },
		"no entries":    func(c *proof.Certificate) { c.Entries = nil },
		"another key":   func(c *proof.Certificate) { c.Keys[0] = strings.Repeat("0", 32) },
		"no key":        func(c *proof.Certificate) { c.Keys = nil },
		"another id":    func(c *proof.Certificate) { c.ID = "cert_other" },
		"earlier":       func(c *proof.Certificate) { c.Erased = c.Erased.Add(-time.Second) },
		"of a person":   func(c *proof.Certificate) { c.Kind = "anything" },
		"an entry less": func(c *proof.Certificate) { c.Entries = c.Entries[1:] },
	} {
		forged, _ := proof.ParseCertificate(document)
		change(&forged)
		text, err := forged.Text()
		w.must(err)
		forged.Signature, err = w.App.Ledger.Sign("acme", text)
		w.must(err)
		signed, err := forged.Marshal()
		w.must(err)
		if _, err := proof.VerifyCertificate(signed, key); err == nil {
			t.Errorf("%s: what the ledger does not tell was accepted", name)
		}
	}
	if _, err := w.App.Ledger.Sign("acme", c.Log+"\n1\nAAAA\n"); err == nil {
		t.Error("a checkpoint was signed as a text")
	}
}
