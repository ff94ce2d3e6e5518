package identity

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/token"
)

func grant(t *testing.T, a *Applications, id, key string, scopes ...string) string {
	t.Helper()
	got, err := a.Grant(t.Context(), id, key, scopes, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return got.Text
}

func TestGrant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open(at(now))
		a := New(d, &gone{})
		a.Tokens = token.New([32]byte{1}, "https://clause.example")
		app, key := create(t, a, shop())
		other, otherKey := create(t, a, shop())
		text, narrow := grant(t, a, app.ID, key), grant(t, a, app.ID, key, ScopeData)
		for range 2 { // from the store, and remembered
			got, err := a.Authenticate(t.Context(), text, nil, now)
			if err != nil || got.ID != app.ID || !slices.Equal(got.Scopes, app.Scopes) || !slices.Equal(got.Tenants, app.Tenants) {
				t.Fatalf("got %+v, %v", got, err)
			}
			if got, err := a.Authenticate(t.Context(), narrow, nil, now); err != nil || !slices.Equal(got.Scopes, []string{ScopeData}) {
				t.Errorf("the narrow one: %+v, %v", got, err)
			}
		}
		for name, c := range map[string]struct{ id, key string }{
			"another's key": {app.ID, otherKey}, "another's id": {other.ID, key}, "no key": {app.ID, ""}, "no id": {"", key},
			"a token for a key": {app.ID, text}, "a wrong key": {app.ID, bent(key)},
		} {
			if got, err := a.Grant(t.Context(), c.id, c.key, nil, nil, now); !fault.Is(err, fault.Unauthenticated) || got.Text != "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, scopes := range [][]string{{ScopeAdmin}, {ScopeData, ScopeAdmin}, {"root"}, {""}, {ScopeData, ScopeData}} {
			if _, err := a.Grant(t.Context(), app.ID, key, scopes, nil, now); !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", scopes, err)
			}
		}
		if log := entries(t, d); log[0].Kind != "application.token" || log[0].Actor != app.ID || strings.Contains(log[0].Detail["key"], key) {
			t.Errorf("the ledger says %+v", log[0])
		}
		if works(t, a, text, now.Add(TokenLife)) || !works(t, a, text, now.Add(TokenLife-1)) {
			t.Error("a token does not end at its time")
		}
		if works(t, a, text, now.Add(-2*time.Minute)) {
			t.Error("a token is remembered longer than the clock says")
		}
	})
}

// A token ends with the key it was had with, with its application, and is nothing to another store.
func TestATokenEndsWithItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		a := New(open(at(now)), &gone{})
		a.Tokens = token.New([32]byte{1}, "https://clause.example")
		endless := shop()
		endless.Expires = time.Time{}
		app, old := create(t, a, endless)
		_, key := rotate(t, a, app.ID, now.Add(time.Minute))
		byOld, byNew := grant(t, a, app.ID, old), grant(t, a, app.ID, key)
		if !works(t, a, byOld, now) || !works(t, a, byNew, now) || works(t, a, byOld, now.Add(time.Minute)) {
			t.Error("a token outlives its key")
		}
		if err := a.EndKey(t.Context(), "ops", app.ID, app.ID); err != nil || works(t, a, byOld, now) || !works(t, a, byNew, now) {
			t.Errorf("the token of an ended key: %v", err)
		}
		if err := a.Revoke(t.Context(), "ops", app.ID); err != nil || works(t, a, byNew, now) {
			t.Errorf("a revoked application's token: %v", err)
		}
		if _, err := a.Grant(t.Context(), app.ID, key, nil, nil, now); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a revoked application gets a token: %v", err)
		}
	})
}

func TestTokensOfAnother(t *testing.T) {
	a, b := New(sqliteAt(t), &gone{}), New(sqliteAt(t), &gone{})
	a.Tokens, b.Tokens = token.New([32]byte{1}, "https://clause.example"), token.New([32]byte{1}, "https://clause.example")
	app, key := create(t, a, shop())
	text := grant(t, a, app.ID, key)
	if works(t, b, text, now) { // signed alike, and the application is not there
		t.Error("a token of an application that is not here is taken")
	}
	other, otherKey := create(t, a, shop())
	swapped := a.Tokens.Sign(token.Claims{Application: other.ID, Key: app.ID, Scopes: []string{ScopeData}, Issued: now, Expires: now.Add(time.Minute)})
	if works(t, a, swapped, now) || !works(t, a, grant(t, a, other.ID, otherKey), now) {
		t.Error("a token of another's key is taken")
	}
	a.Tokens = nil
	if works(t, a, text, now) {
		t.Error("a server that gives no tokens takes one")
	}
	if _, err := a.Grant(t.Context(), app.ID, key, nil, nil, now); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}
