package identity

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func(*db.Config) {
	return func(c *db.Config) { c.Now = func() time.Time { return t } }
}

// shop is an application that may be created.
func shop() Application {
	return Application{Title: "Shop – front end", Tenants: []string{"acme", "beta"}, Purposes: []string{"service"},
		Scopes: []string{ScopeData, ScopeSubjects}, Environment: "production", Expires: now.Add(time.Hour)}
}

func create(t *testing.T, a *Applications, app Application) (Application, string) {
	t.Helper()
	made, key, err := a.Create(t.Context(), "cli", app)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// entries are the organisation's log, the newest first.
func entries(t *testing.T, d *db.DB) []proof.Entry {
	t.Helper()
	all, err := ledger.New(d, nil, "test").Recent(t.Context(), db.Organisation, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAKeyProvesItsApplication(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open(at(now))
		a := New(d, &gone{})
		made, key := create(t, a, shop())
		if made.ID == "" || !made.Created.Equal(now) || !made.Revoked.IsZero() || !strings.HasPrefix(key, "clause_"+made.ID+"_") {
			t.Fatalf("got %+v, %q", made, key)
		}
		for _, round := range []string{"from the store", "again"} {
			got, err := a.Authenticate(t.Context(), key, nil, now)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(made) {
				t.Fatalf("%s: got %+v, %v; want %+v", round, got, err, made)
			}
		}
		if !made.Has(ScopeData) || made.Has(ScopeAdmin) {
			t.Error("the scopes are wrong")
		}
		log := entries(t, d)
		if len(log) != 1 || log[0].Kind != "application.create" || log[0].Actor != "cli" || log[0].Detail["application"] != made.ID || log[0].Detail["scopes"] != "data:subjects" {
			t.Errorf("the ledger says %+v", log)
		}
	})
}

func TestWhatIsWrongWithAKeyCannotBeTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		a := New(open(at(now)), &gone{})
		made, key := create(t, a, shop())
		gone, revoked := create(t, a, shop())
		if err := a.Revoke(t.Context(), "cli", gone.ID); err != nil {
			t.Fatal(err)
		}
		want := ""
		for name, c := range map[string]struct {
			key string
			at  time.Time
		}{
			"empty":           {"", now},
			"wrong secret":    {bent(key), now},
			"unknown id":      {strings.Replace(key, made.ID, strings.Repeat("0", idLen), 1), now},
			"another's id":    {strings.Replace(key, made.ID, gone.ID, 1), now},
			"revoked":         {revoked, now},
			"expires now":     {key, now.Add(time.Hour)},
			"expired":         {key, now.Add(48 * time.Hour)},
			"no clock":        {key, time.Time{}},
			"huge":            {strings.Repeat(key, 1<<17), now},
			"NUL":             {key[:30] + "\x00" + key[31:], now},
			"unicode":         {key[:30] + "é" + key[32:], now},
			"invalid UTF-8":   {key[:30] + "\xff" + key[31:], now},
			"trailing space":  {key + " ", now},
			"trailing LF":     {key + "\n", now},
			"other prefix":    {"Clause_" + key[7:], now},
			"other separator": {key[:len(prefix)+idLen] + "-" + key[len(prefix)+idLen+1:], now},
			"id in SQL":       {prefix + `' OR '1'='1' --` + key[len(prefix)+15:], now},
		} {
			got, err := a.Authenticate(t.Context(), c.key, nil, c.at)
			if !fault.Is(err, fault.Unauthenticated) || got.ID != "" {
				t.Errorf("%s: got %+v, %v", name, got, err)
				continue
			}
			if want == "" {
				want = fmt.Sprintf("%#v", *err.(*fault.Error))
			}
			if said := fmt.Sprintf("%#v", *err.(*fault.Error)); said != want {
				t.Errorf("%s: says %s, others say %s", name, said, want)
			}
		}
		if _, err := a.Authenticate(t.Context(), key, nil, now.Add(time.Hour-1)); err != nil {
			t.Errorf("just before its expiry: %v", err)
		}
	})
}

func TestRevoke(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open(at(now))
		a := New(d, &gone{})
		made, key := create(t, a, shop())
		other, kept := create(t, a, shop())
		for _, k := range []string{key, kept} {
			if _, err := a.Authenticate(t.Context(), k, nil, now); err != nil { // and so remembered
				t.Fatal(err)
			}
		}
		for range 2 { // the second changes nothing
			if err := a.Revoke(t.Context(), "ops", made.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Authenticate(t.Context(), key, nil, now); !fault.Is(err, fault.Unauthenticated) {
				t.Fatalf("revoked, yet %v", err)
			}
		}
		if got, err := a.Authenticate(t.Context(), kept, nil, now); err != nil || got.ID != other.ID {
			t.Errorf("another application suffers: %v", err)
		}
		log := entries(t, d)
		if len(log) != 3 || log[0].Kind != "application.revoke" || log[0].Actor != "ops" || log[0].Detail["application"] != made.ID {
			t.Errorf("the ledger says %+v", log)
		}
		for _, id := range []string{"", strings.Repeat("0", idLen), "\x00", strings.Repeat("x", 1<<20), other.ID + "x"} {
			if err := a.Revoke(t.Context(), "ops", id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%.20q: got %v", id, err)
			}
		}
		for _, actor := range []string{"", "a b", "x@y.example", strings.Repeat("x", 200)} {
			if err := a.Revoke(t.Context(), actor, other.ID); !fault.Is(err, fault.Invalid) {
				t.Errorf("actor %.20q: got %v", actor, err)
			}
		}
		if n := len(entries(t, d)); n != 3 {
			t.Errorf("what changed nothing made %d entries", n-3)
		}
	})
}

func TestList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		when := now
		d := open(func(c *db.Config) { c.Now = func() time.Time { return when } })
		a := New(d, &gone{})
		first, _ := create(t, a, shop())
		when = when.Add(time.Minute)
		admin := Application{Title: "Admin", Scopes: []string{ScopeAdmin, ScopeAudit}, Environment: "staging"}
		second, key := create(t, a, admin)
		if got, err := a.Authenticate(t.Context(), key, nil, now.AddDate(100, 0, 0)); err != nil || !got.Expires.IsZero() || len(got.Tenants)+len(got.Purposes) != 0 {
			t.Errorf("without expiry: got %+v, %v", got, err)
		}
		if err := a.Revoke(t.Context(), "cli", first.ID); err != nil {
			t.Fatal(err)
		}
		all, err := a.List(t.Context())
		if err != nil || len(all) != 2 || all[0].ID != first.ID || all[1].ID != second.ID {
			t.Fatalf("got %+v, %v", all, err)
		}
		if !all[0].Revoked.Equal(when) || !all[0].Expires.Equal(first.Expires) || all[0].Title != first.Title || !slices.Equal(all[0].Tenants, first.Tenants) || !all[1].Revoked.IsZero() {
			t.Errorf("got %+v", all)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open(at(now))
		a := New(d, &gone{})
		for name, c := range map[string]struct {
			change func(*Application)
			field  string
		}{
			"an id":                {func(p *Application) { p.ID = "mine" }, "id"},
			"a time of creation":   {func(p *Application) { p.Created = now }, "id"},
			"revoked":              {func(p *Application) { p.Revoked = now }, "id"},
			"no title":             {func(p *Application) { p.Title = " " }, "title"},
			"a long title":         {func(p *Application) { p.Title = strings.Repeat("x", 201) }, "title"},
			"a title with NUL":     {func(p *Application) { p.Title = "x\x00" }, "title"},
			"a title of two lines": {func(p *Application) { p.Title = "x\ny" }, "title"},
			"a title not in UTF-8": {func(p *Application) { p.Title = "\xff" }, "title"},
			"no environment":       {func(p *Application) { p.Environment = "" }, "environment"},
			"expired":              {func(p *Application) { p.Expires = now }, "expires"},
			"far expiry":           {func(p *Application) { p.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "expires"},
			"a tenant twice":       {func(p *Application) { p.Tenants = []string{"a", "a"} }, "tenants"},
			"a tenant of spaces":   {func(p *Application) { p.Tenants = []string{"a b"} }, "tenants"},
			"no tenant's id":       {func(p *Application) { p.Tenants = []string{""} }, "tenants"},
			"too many tenants":     {func(p *Application) { p.Tenants = many(1001) }, "tenants"},
			"a long purpose":       {func(p *Application) { p.Purposes = []string{strings.Repeat("x", 129)} }, "purposes"},
			"too many purposes":    {func(p *Application) { p.Purposes = many(256) }, "purposes"},
			"no scope":             {func(p *Application) { p.Scopes = nil }, "scopes"},
			"an unknown scope":     {func(p *Application) { p.Scopes = []string{"root"} }, "scopes"},
			"a scope twice":        {func(p *Application) { p.Scopes = []string{"data", "data"} }, "scopes"},
		} {
			app := shop()
			c.change(&app)
			_, key, err := a.Create(t.Context(), "cli", app)
			if e, ok := err.(*fault.Error); !ok || e.Kind != fault.Invalid || e.Field != c.field || key != "" {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if _, _, err := a.Create(t.Context(), "", shop()); !fault.Is(err, fault.Invalid) {
			t.Errorf("no actor: %v", err)
		}
		all, err := a.List(t.Context())
		if err != nil || len(all) != 0 || len(entries(t, d)) != 0 {
			t.Errorf("refused, yet there are %v (%v)", all, err)
		}
		big := shop()
		big.Tenants, big.Purposes = many(1000), many(255)
		if _, key := create(t, a, big); key == "" {
			t.Error("the largest is refused")
		}
	})
}

func many(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("id-", i)
	}
	return ids
}

// TestSecretsAreNotStored searches the store's files for the key.
func TestSecretsAreNotStored(t *testing.T) {
	c := dbtest.SQLite(t)
	d := dbtest.Open(t, c)
	_, key := create(t, New(d, &gone{}), Application{Title: "x", Scopes: []string{ScopeData}, Environment: "e"})
	secret := []byte(key[keyLen-secretLen:])
	files := 0
	err := filepath.WalkDir(filepath.Dir(d.Path()), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, secret) {
			t.Errorf("%s holds the secret", filepath.Base(path))
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("searched %d files: %v", files, err)
	}
}

// TestWhoAsksTheStore: only the right key may be answered from memory, or a wrong one for a known
// id would be told apart by its speed.
func TestWhoAsksTheStore(t *testing.T) {
	a := New(dbtest.Open(t, dbtest.SQLite(t)), &gone{})
	app := shop()
	app.Expires = time.Time{}
	made, key := create(t, a, app)
	for range 2 {
		if _, err := a.Authenticate(t.Context(), key, nil, now); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Authenticate(over, key, nil, now); err != nil {
		t.Errorf("the right key is not remembered: %v", err)
	}
	for name, k := range map[string]string{"wrong": bent(key), "unknown": strings.Replace(key, made.ID, strings.Repeat("0", idLen), 1)} {
		if _, err := a.Authenticate(over, k, nil, now); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: answered without the store: %v", name, err)
		}
	}
}

// TestRevokedWhileAsking: once Revoke has returned no request succeeds, however many are under way.
func TestRevokedWhileAsking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		a := New(open(at(now)), &gone{})
		for range 20 {
			made, key := create(t, a, shop())
			stop := make(chan struct{})
			var busy sync.WaitGroup
			for range 4 {
				busy.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
							_, _ = a.Authenticate(context.Background(), key, nil, now)
						}
					}
				})
			}
			err := a.Revoke(t.Context(), "cli", made.ID)
			for range 50 {
				if _, still := a.Authenticate(t.Context(), key, nil, now); !fault.Is(still, fault.Unauthenticated) {
					t.Errorf("revoked (%v), yet %v", err, still)
				}
			}
			close(stop)
			busy.Wait()
		}
	})
}

func TestStoreThatCannotBeRead(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	a := New(d, &gone{})
	app := shop()
	app.Expires = time.Time{}
	_, key := create(t, a, app)
	for _, column := range []string{"credentials SET tenants", "application_keys SET secret_hash"} {
		err := d.Write(t.Context(), db.Organisation, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE `+column+` = $1`, map[string]any{"credentials SET tenants": "[", "application_keys SET secret_hash": []byte("short")}[column])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Authenticate(t.Context(), key, nil, now); err == nil || got.ID != "" {
			t.Errorf("%s is broken, yet %+v", column, got)
		}
	}
	if _, err := a.List(t.Context()); err == nil {
		t.Error("a broken row is listed")
	}
}
