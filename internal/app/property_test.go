package app_test

import (
	"bytes"
	"context"
	"flag"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/app/apptest"
)

// play is one sequence of calls by two tenants on a server that other sequences were played on before.
type play struct {
	ctx     context.Context
	server  *apptest.Server
	tenants [2]*simple
	backups []backup
}

// backup is a backup of both tenants, and what was in it.
type backup struct {
	data  []byte
	epoch int64
	held  [2]map[string]human
}

// TestWhatIsAllowedMatchesAModel plays random sequences through the API: every answer is the model's.
// Erased people are in no answer, on the server nor in any backup of it that can still be restored.
func TestWhatIsAllowedMatchesAModel(t *testing.T) {
	t.Parallel()
	fewer(t, "25")
	s := apptest.Start(t, apptest.Options{})
	admin := s.Client(t, s.Application(t, nil, "admin"))
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		p := &play{ctx: t.Context(), server: s}
		for i, prefix := range []string{"north-", "south-"} {
			tenant := prefix + strconv.Itoa(round)
			if _, err := admin.CreateTenant(p.ctx, newTenant(tenant)); err != nil {
				rt.Fatal(err)
			}
			key := s.Application(t, []string{tenant}, "data", "subjects")
			p.tenants[i] = &simple{tenant: tenant, key: key, client: s.Client(t, key), people: map[string]human{}}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create":      p.create,
			"read":        p.read,
			"put":         p.put,
			"patch":       p.patch,
			"delete":      p.remove,
			"spend":       p.spend,
			"unspend":     p.unspend,
			"consent":     p.consent,
			"object":      p.object,
			"restrict":    p.restrict,
			"erase":       p.erase,
			"trespass":    p.trespass,
			"back up":     p.backUp,
			"restore":     p.restore,
			"turn epochs": p.turn,
			"":            p.agree,
		})
	})
}

// fewer makes rapid play so many sequences unless the command line says how many: each is hundreds of
// requests.
func fewer(t *testing.T, checks string) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(f.DefValue); err != nil {
			t.Error(err)
		}
	})
}

// someone draws a tenant and one of its people; the actions do nothing while there is none.
func (p *play) someone(rt *rapid.T) (m *simple, id string, h human) {
	m = p.tenants[rapid.IntRange(0, 1).Draw(rt, "tenant")]
	if len(m.order) == 0 {
		p.createIn(rt, m)
	}
	id = rapid.SampledFrom(m.order).Draw(rt, "person")
	return m, id, m.people[id].copied()
}

func answered(rt *rapid.T, what string, err error, want int) bool {
	status := client.Status(err)
	if err != nil && status == 0 || status != want {
		rt.Fatalf("%s: %v, want status %d", what, err, want)
	}
	return want == 0
}

func (p *play) create(rt *rapid.T) {
	p.createIn(rt, p.tenants[rapid.IntRange(0, 1).Draw(rt, "tenant")])
}

func (p *play) createIn(rt *rapid.T, m *simple) {
	id, err := m.client.CreateSubject(p.ctx, m.tenant)
	if answered(rt, "create", err, 0) {
		m.people[id] = human{spent: map[string]string{}}
		m.order = append(m.order, id)
	}
}

func (m *simple) identity(id, purpose string) client.Target {
	return client.Target{Tenant: m.tenant, Subject: id, DataSet: "identity", Record: "main", Purpose: purpose}
}

func (m *simple) spending(id, record string) client.Target {
	return client.Target{Tenant: m.tenant, Subject: id, DataSet: "transactions", Record: record, Purpose: "budgeting"}
}

func (p *play) read(rt *rapid.T) {
	m, id, h := p.someone(rt)
	p.readAs(rt, m.client, m, id, h, rapid.SampledFrom(purposes).Draw(rt, "purpose"))
}

func (p *play) readAs(rt *rapid.T, c *client.Client, m *simple, id string, h human, purpose string) {
	r, err := c.Get(p.ctx, m.identity(id, purpose))
	status, name, email := h.reading(purpose)
	if answered(rt, "read for "+purpose, err, status) && (r.Fields.Text("first_name") != name || r.Fields.Text("email") != email) {
		rt.Fatalf("for %s the server answers %s, the model %q %q", purpose, r.Fields, name, email)
	}
}

func (p *play) put(rt *rapid.T) {
	m, id, h := p.someone(rt)
	name := rapid.SampledFrom([]string{"Amal", "Bilal", "Çiğdem", "دانة"}).Draw(rt, "name")
	email := rapid.SampledFrom([]string{"a@x.example", "b@x.example", "c@x.example"}).Draw(rt, "email")
	want := h.writing()
	if want == 0 && m.taken(email, id) {
		want = 409
	}
	_, err := m.client.Put(p.ctx, m.identity(id, "account"), map[string]any{"first_name": name, "email": email})
	if answered(rt, "put", err, want) {
		h.name, h.email = name, email
		m.people[id] = h
	}
}

func (p *play) patch(rt *rapid.T) {
	m, id, h := p.someone(rt)
	want := h.writing()
	if want == 0 && h.email == "" {
		want = 404
	}
	_, err := m.client.Patch(p.ctx, m.identity(id, "account"), map[string]any{"first_name": "Patched"})
	if answered(rt, "patch", err, want) {
		h.name = "Patched"
		m.people[id] = h
	}
}

func (p *play) remove(rt *rapid.T) {
	m, id, h := p.someone(rt)
	want := h.writing()
	if want == 0 && h.email == "" {
		want = 404
	}
	if answered(rt, "delete", m.client.Delete(p.ctx, m.identity(id, "account")), want) {
		h.name, h.email = "", ""
		m.people[id] = h
	}
}

func (p *play) spend(rt *rapid.T) {
	m, id, h := p.someone(rt)
	merchant := rapid.StringMatching(`[a-z]{1,12}`).Draw(rt, "merchant")
	stored, err := m.client.Create(p.ctx, m.spending(id, ""), map[string]any{
		"date": "2026-03-01", "amount": "12.50 AED", "direction": "expense", "category": "leisure", "merchant": merchant,
	})
	if answered(rt, "spend", err, h.writing()) {
		h.spent[stored.Record] = merchant
		m.people[id] = h
	}
}

func (p *play) unspend(rt *rapid.T) {
	m, id, h := p.someone(rt)
	if len(h.spent) == 0 {
		return
	}
	record := rapid.SampledFrom(h.spentOf()).Draw(rt, "record")
	if answered(rt, "unspend", m.client.Delete(p.ctx, m.spending(id, record)), h.writing()) {
		delete(h.spent, record)
		m.people[id] = h
	}
}

func (p *play) consent(rt *rapid.T) {
	m, id, h := p.someone(rt)
	given := rapid.Bool().Draw(rt, "given")
	if answered(rt, "consent", m.client.SetConsent(p.ctx, m.tenant, id, "insights", given), h.standing()) {
		h.consent = given
		m.people[id] = h
	}
}

func (p *play) object(rt *rapid.T) {
	m, id, h := p.someone(rt)
	objected := rapid.Bool().Draw(rt, "objected")
	if answered(rt, "object", m.client.SetObjection(p.ctx, m.tenant, id, "security", objected), h.standing()) {
		h.objected = objected
		m.people[id] = h
	}
}

func (p *play) restrict(rt *rapid.T) {
	m, id, h := p.someone(rt)
	restricted := rapid.Bool().Draw(rt, "restricted")
	if answered(rt, "restrict", m.client.SetRestriction(p.ctx, m.tenant, id, restricted), h.standing()) {
		h.restricted = restricted
		m.people[id] = h
	}
}

func (p *play) erase(rt *rapid.T) {
	m, id, h := p.someone(rt)
	if answered(rt, "erase", m.client.EraseSubject(p.ctx, m.tenant, id), h.standing()) {
		m.people[id] = human{erased: true, spent: h.spent}
	}
}

// trespass lets one tenant's application ask for the other's people, by the other's address and by its
// own.
func (p *play) trespass(rt *rapid.T) {
	m, id, _ := p.someone(rt)
	other := p.tenants[0]
	if other == m {
		other = p.tenants[1]
	}
	_, err := other.client.Get(p.ctx, m.identity(id, "account"))
	answered(rt, "another tenant's person", err, 403)
	_, err = other.client.Get(p.ctx, other.identity(id, "account"))
	answered(rt, "another tenant's person as one's own", err, 404)
	answered(rt, "erasing another tenant's person", other.client.EraseSubject(p.ctx, m.tenant, id), 403)
	answered(rt, "erasing another tenant's person as one's own", other.client.EraseSubject(p.ctx, other.tenant, id), 404)
}

func (p *play) backUp(rt *rapid.T) {
	var data bytes.Buffer
	if _, err := p.server.App.Vault.Backup(p.ctx, &data, nil, p.tenants[0].tenant, p.tenants[1].tenant); err != nil {
		rt.Fatal(err)
	}
	p.backups = append(p.backups, backup{
		data: data.Bytes(), epoch: p.server.App.Ring.Epoch().Number,
		held: [2]map[string]human{p.tenants[0].snapshot(), p.tenants[1].snapshot()},
	})
}

// restore restores a backup elsewhere: it holds what it held, without those erased since, unless it is
// too old to be opened.
func (p *play) restore(rt *rapid.T) {
	if len(p.backups) == 0 {
		return
	}
	b := rapid.SampledFrom(p.backups).Draw(rt, "backup")
	elsewhere, err := p.server.System().Restore(p.ctx, bytes.NewReader(b.data))
	if p.destroyed(b.epoch) != (err != nil) {
		rt.Fatalf("restoring a backup of epoch %d, destroyed %v: %v", b.epoch, p.destroyed(b.epoch), err)
	}
	if err != nil {
		return
	}
	defer func() {
		if err := elsewhere.Close(); err != nil {
			rt.Error(err)
		}
	}()
	for i, m := range p.tenants {
		c, err := client.New(client.Config{URL: elsewhere.URL, Key: m.key, HTTP: elsewhere.HTTP})
		if err != nil {
			rt.Fatal(err)
		}
		for _, id := range m.order {
			h, held := b.held[i][id]
			if !held || m.people[id].erased {
				h = human{erased: true}
			}
			for _, purpose := range purposes {
				p.readAs(rt, c, m, id, h, purpose)
			}
			p.spentAs(rt, c, m, id, h)
		}
	}
}

func (p *play) destroyed(epoch int64) bool {
	for _, e := range p.server.App.Ring.Epochs() {
		if e.Number == epoch {
			return !e.Destroyed.IsZero()
		}
	}
	return true
}

// turn lets an epoch pass.
func (p *play) turn(rt *rapid.T) {
	p.server.Clock.Move(p.server.Published.Backups.Epoch + time.Hour)
	if err := p.server.App.Vault.RunKeys(p.ctx); err != nil {
		rt.Fatal(err)
	}
}

// agree compares one person of each tenant after each step.
func (p *play) agree(rt *rapid.T) {
	for _, m := range p.tenants {
		if len(m.order) == 0 {
			continue
		}
		id := rapid.SampledFrom(m.order).Draw(rt, "looked at")
		p.readAs(rt, m.client, m, id, m.people[id], "account")
		p.spentAs(rt, m.client, m, id, m.people[id])
	}
}

// spentAs compares a person's transactions.
func (p *play) spentAs(rt *rapid.T, c *client.Client, m *simple, id string, h human) {
	list, err := c.List(p.ctx, m.spending(id, ""), "", 100)
	if !answered(rt, "list", err, h.writing()) {
		return
	}
	if len(list.Records) != len(h.spent) {
		rt.Fatalf("the server lists %d records, the model %d", len(list.Records), len(h.spent))
	}
	for _, r := range list.Records {
		if merchant, ok := h.spent[r.ID]; !ok || r.Fields.Text("merchant") != merchant {
			rt.Fatalf("the server lists %s as %s, the model as %q", r.ID, r.Fields, merchant)
		}
	}
}
