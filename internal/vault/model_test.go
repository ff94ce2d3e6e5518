package vault

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"pgregory.net/rapid"
)

// model is what the vault must agree with: people, alive or erased, and their first names; and every
// backup that was ever made, with the names it holds.
type model struct {
	w       *world
	dir     string
	stores  int
	names   map[string]string // of the living
	erased  map[string]bool
	backups []taken
}

type taken struct {
	data  []byte
	epoch int64
	names map[string]string
}

func (m *model) check(t *rapid.T) {
	for sub, name := range m.names {
		r, err := m.w.vault.Get(m.w.ctx, m.w.app, of(sub, "identity", single))
		if err != nil || !bytes.Contains(r.Fields, []byte(`"`+name+`"`)) {
			t.Fatalf("%s should be called %s: %s %v", sub, name, r.Fields, err)
		}
		found, err := m.w.vault.Find(m.w.ctx, m.w.app, of("", "identity", ""), "email", sub+"@example.org")
		if err != nil || len(found) != 1 {
			t.Fatalf("%s is not found: %v", sub, err)
		}
	}
	m.checkErased(t)
}

func (m *model) checkErased(t *rapid.T) {
	for sub := range m.erased {
		_, err := m.w.vault.Get(m.w.ctx, m.w.app, of(sub, "identity", single))
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			t.Fatalf("the erased %s: %v", sub, err)
		}
		found, err := m.w.vault.Find(m.w.ctx, m.w.app, of("", "identity", ""), "email", sub+"@example.org")
		if err != nil || len(found) != 0 {
			t.Fatalf("the erased %s is found: %v", sub, err)
		}
	}
}

// open opens an empty store under the same key folder.
func (m *model) open(t *rapid.T) *world {
	m.stores++
	dir := filepath.Join(m.dir, fmt.Sprint("store", m.stores))
	d, err := db.Open(m.w.ctx, db.Config{URL: "sqlite:" + filepath.Join(dir, "clause.db"), Now: m.w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return openWorld(m.w.t, d, m.w.clock, dir, m.w.keys)
}

func (m *model) person(t *rapid.T) string {
	subs := make([]string, 0, len(m.names))
	for sub := range m.names {
		subs = append(subs, sub)
	}
	if len(subs) == 0 {
		m.create(t)
		return m.person(t)
	}
	return subs[rapid.IntRange(0, len(subs)-1).Draw(t, "person")]
}

func (m *model) create(t *rapid.T) {
	sub, err := m.w.vault.CreateSubject(m.w.ctx, m.w.app, "acme", Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	m.put(t, sub)
}

func (m *model) put(t *rapid.T, sub string) {
	name := rapid.StringMatching(`[A-Z][a-z]{3,9}`).Draw(t, "name")
	f := fields("first_name", name, "email", sub+"@example.org")
	if _, err := m.w.vault.Put(m.w.ctx, m.w.app, of(sub, "identity", single), f, Condition{}, Idempotency{}); err != nil {
		t.Fatal(err)
	}
	m.names[sub] = name
}

func (m *model) actions() map[string]func(*rapid.T) {
	ok := func(t *rapid.T, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(*rapid.T){
		"create": m.create,
		"change": func(t *rapid.T) { m.put(t, m.person(t)) },
		"erase": func(t *rapid.T) {
			sub := m.person(t)
			ok(t, m.w.vault.EraseSubject(m.w.ctx, m.w.app, "acme", sub))
			delete(m.names, sub)
			m.erased[sub] = true
		},
		"sweep":   func(t *rapid.T) { ok(t, m.w.vault.Sweep(m.w.ctx)) },
		"keys":    func(t *rapid.T) { ok(t, m.w.vault.RunKeys(m.w.ctx)) },
		"restart": func(t *rapid.T) { m.w = m.w.reopened() },
		"wait": func(t *rapid.T) {
			m.w.clock.forward(time.Duration(rapid.IntRange(1, 9).Draw(t, "days")) * 24 * time.Hour)
		},
		"turn by half": func(t *rapid.T) {
			ok(t, m.w.vault.turn(m.w.ctx, m.w.clock.now()))
			ok(t, m.w.vault.insertTenantKey(m.w.ctx, "acme"))
		},
		"backup": func(t *rapid.T) {
			var out bytes.Buffer
			report, err := m.w.vault.Backup(m.w.ctx, &out, nil)
			ok(t, err)
			names := map[string]string{}
			for sub, name := range m.names {
				names[sub] = name
			}
			m.backups = append(m.backups, taken{out.Bytes(), report.Epoch, names})
		},
		"restore": m.restore,
		"":        m.check,
	}
}

// restore loses the store and goes on from a backup, if its epoch still lives.
func (m *model) restore(t *rapid.T) {
	if len(m.backups) == 0 {
		return
	}
	b := m.backups[rapid.IntRange(0, len(m.backups)-1).Draw(t, "backup")]
	next := m.open(t)
	_, _, _, err := next.vault.Restore(m.w.ctx, bytes.NewReader(b.data), nil)
	if over := !m.w.ring.Epochs()[b.epoch-1].Destroyed.IsZero(); over != fault.Is(err, fault.Erased) {
		t.Fatalf("a backup of epoch %d, destroyed %v: %v", b.epoch, over, err)
	}
	if err != nil {
		return
	}
	m.w.vault.Close()
	if err := m.w.db.Close(); err != nil {
		t.Fatal(err)
	}
	m.w, m.names = next, map[string]string{}
	for sub, name := range b.names {
		if !m.erased[sub] {
			m.names[sub] = name
		}
	}
}

// Whatever happens, in whatever order: who lives can be read, and who was erased can be read nowhere,
// neither in the store nor in any backup that is ever restored.
func TestModel(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // where a sync costs nothing
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		c := newClock()
		d, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + filepath.Join(dir, "first", "clause.db"), Now: c.now})
		must(t, err)
		m := &model{w: newWorld(t, d, c, dir), dir: dir, names: map[string]string{}, erased: map[string]bool{}}
		defer func() { _ = m.w.db.Close() }()
		rt.Repeat(m.actions())
		m.check(rt)
	})
}
