package connected_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

func (w *world) erase(ctx context.Context, c vault.Caller, tenant, subject, request string) error {
	_, err := w.ends.EraseSubject(ctx, c, tenant, subject, request)
	return err
}

// answer answers a request, and returns what it then is.
func (w *world) answer(id string, corrections ...rights.Correction) rights.Request {
	w.Helper()
	r, _, err := w.rights.Answer(w.Context(), w.app, tenant, id, corrections)
	w.must(err)
	return r
}

// TestIDs: ids are kept under the person's key, told to whoever may know, and go with the person.
func TestIDs(t *testing.T) {
	each(t, func(w *world) {
		sub := w.stranger(1)
		_, err := w.desk.IDs(w.Context(), w.app, tenant, sub)
		w.want(err, fault.NotFound)
		for _, bad := range []map[string][]string{nil, {"No Name": {"1"}}, {"customer": {""}}, {"customer": {"a\nb"}}, {"customer": make([]string, 1)}} {
			w.want(w.desk.SetIDs(w.Context(), w.app, tenant, sub, bad), fault.Invalid)
		}
		w.must(w.desk.SetIDs(w.Context(), w.app, tenant, sub, ids(1)))
		w.must(w.desk.SetIDs(w.Context(), w.app, tenant, sub, map[string][]string{"customer": {"c-1"}, "email": nil}))
		got, err := w.desk.IDs(w.Context(), w.app, tenant, sub)
		w.must(err)
		if text, _ := json.Marshal(got); string(text) != `{"customer":["c-1"],"email":[]}` {
			t.Errorf("the ids are %s", text)
		}
		w.want(w.desk.SetIDs(w.Context(), w.app, tenant, "sub_none", ids(1)), fault.NotFound)
		mere := w.app
		mere.Scopes = []string{vault.ScopeRights}
		_, err = w.desk.IDs(w.Context(), mere, tenant, sub)
		w.want(err, fault.Refused)
		var sealed []byte
		w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT sealed FROM external_ids WHERE tenant_id = $1`, []any{tenant}, &sealed))
		if bytes.Contains(sealed, []byte("c-1")) {
			t.Error("an external id is in the store as it is")
		}
		w.must(w.desk.RemoveIDs(w.Context(), w.app, tenant, sub))
		_, err = w.desk.IDs(w.Context(), w.app, tenant, sub)
		w.want(err, fault.NotFound)
	})
}

// TestAPackageHoldsWhatOtherSystemsHold: rows of each, by name; and where one cannot be reached there is no
// package, and no link is used up.
func TestAPackageHoldsWhatOtherSystemsHold(t *testing.T) {
	each(t, func(w *world) {
		sub := w.stranger(1)
		id := w.open(sub, rights.Access)
		_, _, err := w.rights.Answer(w.Context(), w.app, tenant, id, nil)
		w.want(err, fault.Unavailable) // nobody told by which ids
		w.must(w.desk.SetIDs(w.Context(), w.app, tenant, sub, ids(1)))
		w.crm.set(func() { w.crm.down = true })
		_, _, err = w.rights.Answer(w.Context(), w.app, tenant, id, nil)
		w.want(err, fault.Unavailable)
		if !strings.Contains(err.Error(), "crm") || strings.Contains(err.Error(), "example.com") {
			t.Errorf("it says %v", err)
		}
		w.crm.set(func() { w.crm.down = false })
		r, link, err := w.rights.Answer(w.Context(), w.app, tenant, id, nil)
		w.must(err)
		w.mustSay(r.Systems, "shop.orders count 2 done", "shop.customers count 1 done", "crm. count 1 done")
		w.crm.set(func() { w.crm.down = true })
		_, err = w.rights.Download(w.Context(), link)
		w.want(err, fault.Unavailable)
		w.crm.set(func() { w.crm.down = false })
		p, err := w.rights.Download(w.Context(), link)
		w.must(err)
		var out bytes.Buffer
		w.must(p.Write(w.Context(), &out))
		for name, want := range map[string]string{
			"data.json":                   `{"table":"customers","data":"identity","key":"1","fields":{"email":"zoe@example.com","name":"Zoe"}}`,
			"connected/shop/notes.csv":    "table,key,text\r\norders,1,tea\r\norders,2,'=milk\r\n",
			"connected/crm/identity.csv":  ",p1@example.com,Zoe,",
			"connected/shop/identity.csv": "customers,1,Zoe,zoe@example.com",
			"index.html":                  "In our system shop",
			"about.json":                  `"system": "crm"`,
		} {
			if got := member(w, out.Bytes(), name); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, got)
			}
		}
		var whole struct {
			Service struct {
				Known []connected.KnownID `json:"external_ids"`
			} `json:"service"`
			Connected map[string][]json.RawMessage `json:"connected"`
		}
		w.must(json.Unmarshal([]byte(member(w, out.Bytes(), "data.json")), &whole))
		if len(whole.Connected["shop"]) != 3 || len(whole.Connected["crm"]) != 1 || len(whole.Service.Known) != 2 {
			t.Errorf("data.json holds %+v", whole)
		}
		w.mustSay(w.get(id).Systems, "shop.customers export 1 done", "shop.orders export 2 done", "crm. export 1 done")
		_, err = w.rights.Download(w.Context(), link)
		w.want(err, fault.NotFound)
	})
}

func member(w *world, archive []byte, name string) string {
	w.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	w.must(err)
	f, err := z.Open(name)
	w.must(err)
	text, err := io.ReadAll(f)
	w.must(err)
	return string(text)
}

// TestWhatStaffHaveSettledIsLeftOut: and the package says so.
func TestWhatStaffHaveSettledIsLeftOut(t *testing.T) {
	w := sqliteWorld(t)
	id := w.open(w.person(1), rights.Access)
	w.crm.set(func() { w.crm.down = true })
	_, _, err := w.rights.Answer(t.Context(), w.app, tenant, id, nil)
	w.want(err, fault.Unavailable)
	_, err = w.desk.Settle(t.Context(), w.app, tenant, id, "crm", "Zoe said so")
	w.want(err, fault.Invalid)
	_, err = w.desk.Settle(t.Context(), w.app, tenant, id, "shop", "ticket-7") // which is done
	w.want(err, fault.NotFound)
	lines, err := w.desk.Settle(t.Context(), w.app, tenant, id, "crm", "ticket-7")
	w.must(err)
	w.mustSay(lines, "shop.orders count 2 done", "shop.customers count 1 done", "crm. count 0 settled: ticket-7")
	_, link, err := w.rights.Answer(t.Context(), w.app, tenant, id, nil)
	w.must(err)
	p, err := w.rights.Download(t.Context(), link)
	w.must(err)
	var out bytes.Buffer
	w.must(p.Write(t.Context(), &out))
	if page := member(w, out.Bytes(), "index.html"); !strings.Contains(page, "Ask us for it, and name: ticket-7") {
		t.Error("the page does not say what is not in the package")
	}
}

// TestErasureReachesEverySystem: at once where they answer; the request ends when they have, its clock running
// until then, and the vault's own data is gone from the first.
func TestErasureReachesEverySystem(t *testing.T) {
	each(t, func(w *world) {
		w.person(2)
		sub := w.person(1)
		id := w.open(sub, rights.Erasure)
		w.crm.set(func() { w.crm.down = true })
		r := w.answer(id)
		if r.State != rights.CarryingOut || r.Due.IsZero() {
			t.Fatalf("it is %s, due %s", r.State, r.Due)
		}
		w.mustSay(r.Systems, "shop.orders delete 2 done", "shop.customers delete 1 done", "crm. erase 0 failed: the system answers with status 503")
		_, err := w.vault.Standing(w.Context(), w.app, tenant, sub)
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			t.Errorf("the person is there: %v", err)
		}
		w.serve()
		if r := w.get(id); r.State != rights.CarryingOut || r.Subject != "" {
			t.Errorf("it is %s of %q", r.State, r.Subject)
		}
		w.crm.set(func() { w.crm.down, w.crm.lies = false, true })
		w.clock.Forward(2 * time.Minute)
		w.serve()
		w.mustSay(w.get(id).Systems, "shop.orders delete 2 done", "shop.customers delete 1 done",
			"crm. erase 1 failed: the system says it was done, but asked again it counts 1 rows")
		w.crm.set(func() { w.crm.lies = false })
		w.clock.Forward(31 * 24 * time.Hour) // the epoch turned meanwhile, and the older one's end is near
		w.must(w.vault.RunKeys(w.Context()))
		w.serve()
		w.serve()
		r = w.get(id)
		if r.State != rights.Answered || !r.Clocks[0].Late(w.clock.Now()) {
			t.Errorf("it is %s, %+v", r.State, r.Clocks)
		}
		w.mustSay(r.Systems, "shop.orders delete 2 done", "shop.customers delete 1 done", "crm. erase 1 done")
		if n := w.inShop(); n != 3 || len(w.crm.people) != 1 {
			t.Errorf("in the shop are %d rows, in the CRM %d people: somebody else's went, or not all", n, len(w.crm.people))
		}
		w.nothingKept()
	})
}

// nothingKept fails if a walk has ended and left what it knew of people.
func (w *world) nothingKept() {
	w.Helper()
	var n int64
	w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM walk_people WHERE tenant_id = $1`, []any{tenant}, &n))
	if n != 0 {
		w.Errorf("%d parts are left of walks", n)
	}
	w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM walks WHERE tenant_id = $1 AND (wrapped <> $2 OR subject_id <> '')`, []any{tenant, []byte{}}, &n))
	if n != 0 {
		w.Errorf("%d walks have a key or name somebody", n)
	}
}

// TestAnErasureNeedsTheIDs: where nobody told by which id a system goes, nothing is begun.
func TestAnErasureNeedsTheIDs(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.stranger(1)
	id := w.open(sub, rights.Erasure)
	_, _, err := w.rights.Answer(t.Context(), w.app, tenant, id, nil)
	w.want(err, fault.Conflict)
	if r := w.get(id); r.State != rights.InProgress {
		t.Errorf("it is %s", r.State)
	}
	_, err = w.vault.Standing(t.Context(), w.app, tenant, sub)
	w.must(err)
	w.must(w.desk.SetIDs(t.Context(), w.app, tenant, sub, map[string][]string{"customer": {"c-1"}, "email": {}})) // not in the CRM
	r := w.answer(id)
	if r.State != rights.Answered {
		t.Errorf("it is %s", r.State)
	}
	w.mustSay(r.Systems, "shop.orders delete 2 done", "shop.customers delete 1 done", "crm. erase 0 done")
}

// TestACrashBeforeTheVaultErases: the walk waits for the erasure, and is forgotten if that does not come.
func TestACrashBeforeTheVaultErases(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person(1)
		w.must(w.vault.DB.Write(w.Context(), tenant, func(tx *db.Tx) error { return w.desk.Erase(tx, "cert_x", "", sub) }))
		w.clock.Forward(2 * time.Minute)
		w.must(w.desk.Run(w.Context()))
		if n := w.inShop(); n != 3 {
			t.Fatalf("%d rows are in the shop: somebody who was not erased lost theirs", n)
		}
		w.must(w.vault.EraseSubject(w.Context(), w.app, tenant, sub)) // the next server does it
		w.clock.Forward(2 * time.Minute)
		w.must(w.desk.Run(w.Context()))
		if n := w.inShop(); n != 0 {
			t.Errorf("%d rows are in the shop", n)
		}
		w.nothingKept()
		other := w.person(2)
		w.must(w.vault.DB.Write(w.Context(), tenant, func(tx *db.Tx) error { return w.desk.Erase(tx, "cert_y", "", other) }))
		for range 3 {
			w.clock.Forward(13 * time.Hour)
			w.must(w.desk.Run(w.Context()))
		}
		var n int64
		w.must(w.vault.DB.Get(w.Context(), tenant, `SELECT COUNT(*) FROM walks WHERE tenant_id = $1 AND walk_id = 'cert_y'`, []any{tenant}, &n))
		if n != 0 || w.inShop() != 3 {
			t.Errorf("a walk that nobody wants is there: %d, %d rows in the shop", n, w.inShop())
		}
	})
}

// TestACorrectionReachesEveryCopy: where the mapping says how; elsewhere staff are told.
func TestACorrectionReachesEveryCopy(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person(1)
		w.person(2)
		name, _ := json.Marshal("Zaynab")
		fix := rights.Correction{Purpose: "account", DataSet: "identity", Record: "main", Fields: vault.Fields{"name": name}}
		id := w.open(sub, rights.Rectification)
		w.crm.set(func() { w.crm.lies = true })
		_, _, err := w.rights.Answer(w.Context(), w.app, tenant, id, []rights.Correction{fix})
		w.want(err, fault.Unavailable)
		if r := w.get(id); !r.State.Open() {
			t.Fatalf("it is %s, and the CRM shows the old name", r.State)
		}
		w.crm.set(func() { w.crm.lies = false })
		r := w.answer(id, fix)
		if r.State != rights.Answered {
			t.Fatalf("it is %s", r.State)
		}
		w.mustSay(r.Systems, "shop.customers rectification 1 done", "crm. rectification 1 done")
		var first, second string
		w.must(w.shop.QueryRow(`SELECT (SELECT first FROM customers WHERE id = 1), (SELECT first FROM customers WHERE id = 2)`).Scan(&first, &second))
		if first != "Zaynab" || second != "Zoe" || w.crm.people["p1@example.com"]["name"] != "Zaynab" {
			t.Errorf("the names are %s, %s, %v", first, second, w.crm.people)
		}
		text, _ := json.Marshal("cocoa")
		note, err := w.vault.Put(w.Context(), w.app, vault.Target{Tenant: tenant, Subject: sub, DataSet: "notes", Purpose: "account"}, vault.Fields{"text": text}, vault.Condition{}, vault.Idempotency{})
		w.must(err)
		r = w.answer(w.open(sub, rights.Rectification), rights.Correction{Purpose: "account", DataSet: "notes", Record: note.Record, Fields: vault.Fields{"text": text}})
		w.mustSay(r.Systems, "shop.orders rectification 0 by-hand: the mapping does not say which rows a correction is of: staff correct it there")
	})
}

// TestARestrictionIsPassedOn: it holds in the vault at once, and the request ends when the systems were told.
func TestARestrictionIsPassedOn(t *testing.T) {
	each(t, func(w *world) {
		sub := w.person(1)
		id := w.open(sub, rights.Restriction)
		w.crm.set(func() { w.crm.down = true })
		r := w.answer(id)
		if r.State != rights.CarryingOut {
			t.Fatalf("it is %s", r.State)
		}
		st, err := w.vault.Standing(w.Context(), w.app, tenant, sub)
		if err != nil || !st.Restricted {
			t.Fatalf("%+v, %v", st, err)
		}
		const byHand = "shop. restriction 0 by-hand: a database takes none: staff see to it that the data is not used there"
		w.mustSay(r.Systems, byHand, "crm. restriction 0 failed: the system answers with status 503")
		w.crm.set(func() { w.crm.down = false })
		w.clock.Forward(2 * time.Minute)
		w.serve()
		r = w.get(id)
		w.mustSay(r.Systems, byHand, "crm. restriction 0 done")
		if r.State != rights.Answered {
			t.Errorf("it is %s", r.State)
		}
		w.answer(w.open(sub, rights.Objection))
		if got := strings.Join(w.crm.told, "; "); got != "restriction ; objection security" {
			t.Errorf("the CRM was told %q", got)
		}
	})
}

// TestASystemThatHangsHoldsUpNobody: whoever answers waits a short time, and another tenant's walk goes on.
func TestASystemThatHangsHoldsUpNobody(t *testing.T) {
	w := sqliteWorld(t)
	let := make(chan struct{})
	w.crm.set(func() { w.crm.hangs = let })
	id := w.open(w.person(1), rights.Erasure)
	began := time.Now()
	r := w.answer(id)
	if took := time.Since(began); r.State != rights.CarryingOut || took > 15*time.Second {
		t.Fatalf("it is %s after %s", r.State, took)
	}
	if n := w.inShop(); n != 0 {
		t.Errorf("%d rows are in the shop", n)
	}
	close(let)
	w.crm.set(func() { w.crm.hangs = nil })
	w.clock.Forward(time.Hour)
	w.serve()
	if r := w.get(id); r.State != rights.Answered {
		t.Errorf("it is %s: %s", r.State, says(r.Systems))
	}
}

// TestSystems says what a check found.
func TestSystems(t *testing.T) {
	w := sqliteWorld(t)
	all, err := w.desk.Systems(t.Context(), w.app, tenant)
	if w.must(err); len(all) != 2 || all[0].Works || !all[0].Checked.IsZero() {
		t.Fatalf("%+v", all)
	}
	w.desk.Checks.Note(w.clock.Now(), []connect.Remark{{System: "crm", Fails: true, Msg: "down"}})
	all, err = w.desk.Systems(t.Context(), w.app, tenant)
	if w.must(err); !all[0].Works || all[1].Works || all[1].Remarks[0].Msg != "down" || all[1].Takes[0] != "rectification" {
		t.Errorf("%+v", all)
	}
	if all, err := w.desk.Systems(t.Context(), w.app, "other"); err != nil || len(all) != 0 {
		t.Errorf("a tenant of nobody real has %+v, %v", all, err)
	}
}
