package identity

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// gone is a list of destroyed keys in memory.
type gone struct {
	ids  map[keyring.ID]bool
	fail error
}

func (g *gone) Destroy(ids []keyring.ID, _ time.Time) error {
	if g.fail != nil {
		return g.fail
	}
	if g.ids == nil {
		g.ids = map[keyring.ID]bool{}
	}
	for _, id := range ids {
		g.ids[id] = true
	}
	return nil
}

func (g *gone) Destroyed(id keyring.ID) bool { return g.ids[id] }

// A store from before a revocation does not bring the key back.
func TestARevocationOutlivesTheStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d, list := open(at(now)), &gone{}
		a := New(d, list)
		app, key := create(t, a, Application{Title: "x", Scopes: []string{ScopeData}, Environment: "e"})
		other, otherKey := create(t, a, Application{Title: "y", Scopes: []string{ScopeData}, Environment: "e"})
		if err := a.Revoke(t.Context(), "boss", app.ID); err != nil {
			t.Fatal(err)
		}
		// The store as it was restored: the row says nothing of a revocation, nor does the note.
		err := d.Write(t.Context(), db.Organisation, func(tx *db.Tx) error {
			if _, err := tx.Exec(`UPDATE credentials SET revoked_at = 0 WHERE credential_id = $1`, app.ID); err != nil {
				return err
			}
			_, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, keyring.StoreMark+keyOf(app.ID).String())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		a = New(d, list)
		if _, err := a.Authenticate(t.Context(), key, nil, now); err != nil {
			t.Fatalf("the test does not bring the key back: %v", err)
		}
		for _, want := range []int{1, 0} {
			if got, err := a.Reconcile(t.Context()); err != nil || got != want {
				t.Fatalf("revoked %d again, %v; want %d", got, err, want)
			}
		}
		if _, err := a.Authenticate(t.Context(), key, nil, now); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a revoked key came back: %v", err)
		}
		if got, err := a.Authenticate(t.Context(), otherKey, nil, now); err != nil || got.ID != other.ID {
			t.Errorf("another key went with it: %v", err)
		}
	})
}

// A revocation that cannot be put on the list is not one.
func TestARevocationThatTheListRefusesIsAnError(t *testing.T) {
	d, list := dbtest.Open(t, dbtest.SQLite(t)), &gone{}
	a := New(d, list)
	app, _ := create(t, a, Application{Title: "x", Scopes: []string{ScopeData}, Environment: "e"})
	list.fail = fault.New("test", fault.Unavailable, "the disk is full")
	if err := a.Revoke(t.Context(), "boss", app.ID); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}
