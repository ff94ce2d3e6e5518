package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/identity/token"
)

// TestAStaleReadIsNotRemembered plays the race that the mark is for: a key is read, then revoked,
// then put.
func TestAStaleReadIsNotRemembered(t *testing.T) {
	c := newCache()
	hash := hashOf("key")
	_, mark, _ := c.get(hash)
	c.forget("id")
	c.put(hash, proven{app: Application{ID: "id"}}, mark)
	if _, _, ok := c.get(hash); ok {
		t.Fatal("remembered")
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range maxCached + 100 {
		c.put(hashOf(fmt.Sprint(i)), proven{app: Application{ID: fmt.Sprint(i)}}, 0)
	}
	if len(c.apps) != maxCached {
		t.Fatalf("%d are remembered", len(c.apps))
	}
	var none *cache
	none.put(hashOf("x"), proven{}, 0)
	none.forget("x")
	if _, _, ok := none.get(hashOf("x")); ok {
		t.Fatal("no cache remembers")
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	a := New(dbtest.Open(b, dbtest.SQLite(b)), &gone{})
	app := shop()
	app.Expires = time.Time{}
	made, key, err := a.Create(b.Context(), "cli", app)
	if err != nil {
		b.Fatal(err)
	}
	a.Tokens = token.New([32]byte{1}, "https://clause.example")
	given, err := a.Grant(b.Context(), made.ID, key, nil, nil, now)
	if err != nil {
		b.Fatal(err)
	}
	for name, k := range map[string]string{"right": key, "token": given.Text, "wrong": bent(key), "malformed": strings.Repeat("x", 1<<16)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = a.Authenticate(b.Context(), k, nil, now)
			}
		})
	}
}
