package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Pass is what a door keeps of a member's key while they are signed in there: enough to ask each time who they
// are now, and nothing that opens another door.
type Pass struct {
	member string
	hash   [sha256.Size]byte
}

// PassOf makes the pass of a key; false if it could be no member's.
func PassOf(key string) (Pass, bool) {
	id, _, ok := strings.Cut(strings.TrimPrefix(key, KeyPrefix), ".")
	if !ok || !strings.HasPrefix(key, KeyPrefix) {
		return Pass{}, false
	}
	return Pass{id, sha256.Sum256([]byte(key))}, true
}

// Presence is a member who stands at a door.
type Presence struct {
	Caller vault.Caller // Credential.ID is the member, Credential.Expires when what they came in by ends
	Roles  []string
	Drill  bool
}

// Present returns whose pass this is, with what they were granted in a tenant, "" for none. All that is wrong
// with a key is one fault, Unauthenticated; access that lapsed since nobody reviewed it is Refused, with the
// clause that says so.
func (d *Desk) Present(ctx context.Context, p Pass, tenant string, now time.Time) (Presence, error) {
	const op = "access.Present"
	var m *member
	err := d.db().Read(ctx, d.home(p.member), func(tx *db.Tx) (err error) {
		m, err = memberByID(tx, p.member)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Presence{}, fault.Wrap(op, err)
	}
	stored := make([]byte, sha256.Size)
	if err == nil && len(m.hash) == sha256.Size {
		stored = m.hash
	}
	if subtle.ConstantTimeCompare(stored, p.hash[:]) != 1 || m.state != active || now.IsZero() || !now.Before(m.until) {
		return Presence{}, notValid()
	}
	if m.lapsed(now) {
		return Presence{}, refused(op, first(d.Rules.reviewClauses()), "the access was not reviewed in time, and has lapsed").
			WithHint("another member reviews it")
	}
	c, err := d.caller(ctx, m, tenant)
	return Presence{Caller: c, Roles: m.Roles, Drill: drill(m.id)}, err
}

// Authenticate is Present for a door that is shown the key each time.
func (d *Desk) Authenticate(ctx context.Context, key, tenant string, now time.Time) (vault.Caller, error) {
	p, ok := PassOf(key)
	if !ok {
		return vault.Caller{}, notValid()
	}
	who, err := d.Present(ctx, p, tenant, now)
	return who.Caller, err
}
