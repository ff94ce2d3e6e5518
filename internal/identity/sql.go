package identity

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

const columns = `credential_id, title, secret_hash, tenants, purposes, scopes, environment, expires_at, revoked_at, created_at`

func insert(tx *db.Tx, a *Application, hash [sha256.Size]byte) error {
	_, err := tx.Exec(`INSERT INTO credentials (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, a.Title, hash[:], encode(a.Tenants), encode(a.Purposes), encode(a.Scopes), a.Environment,
		micros(a.Expires), micros(a.Revoked), micros(a.Created))
	return err
}

// revoke reports whether the application was live until now; an unknown one is fault.NotFound.
func revoke(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec(`UPDATE credentials SET revoked_at = $1 WHERE credential_id = $2 AND revoked_at = 0`, micros(tx.Now()), id)
	if err != nil || n > 0 {
		return n > 0, err
	}
	var known string
	err = tx.One(`SELECT credential_id FROM credentials WHERE credential_id = $1`, []any{id}, &known)
	if fault.Is(err, fault.NotFound) {
		return false, fault.New("identity.revoke", fault.NotFound, "there is no such application")
	}
	return false, err
}

func byID(ctx context.Context, d *db.DB, id string) (r row, err error) {
	err = d.Get(ctx, "", `SELECT `+columns+` FROM credentials WHERE credential_id = $1`, []any{id}, r.dest()...)
	return r, err
}

func list(ctx context.Context, d *db.DB) (apps []Application, err error) {
	err = d.Read(ctx, "", func(tx *db.Tx) error {
		apps = nil
		return tx.Each(`SELECT `+columns+` FROM credentials ORDER BY created_at, credential_id`, nil, func(scan func(...any) error) error {
			var r row
			if err := scan(r.dest()...); err != nil {
				return err
			}
			app, err := r.application()
			apps = append(apps, app)
			return err
		})
	})
	return apps, err
}

// row is an application as stored: lists as JSON, times in microseconds, 0 for none.
type row struct {
	app                       Application
	hash                      []byte
	tenants, purposes, scopes string
	expires, revoked, created int64
}

func (r *row) dest() []any {
	return []any{&r.app.ID, &r.app.Title, &r.hash, &r.tenants, &r.purposes, &r.scopes, &r.app.Environment, &r.expires, &r.revoked, &r.created}
}

func (r *row) application() (Application, error) {
	for _, part := range []struct {
		from string
		to   *[]string
	}{{r.tenants, &r.app.Tenants}, {r.purposes, &r.app.Purposes}, {r.scopes, &r.app.Scopes}} {
		if err := json.Unmarshal([]byte(part.from), part.to); err != nil {
			return Application{}, fault.New("identity.row", fault.Other, "a stored application cannot be read")
		}
	}
	r.app.Expires, r.app.Revoked, r.app.Created = timeOf(r.expires), timeOf(r.revoked), timeOf(r.created)
	return r.app, nil
}

// encode writes ids, which need no escaping, and so cannot fail.
func encode(ids []string) string {
	if ids == nil {
		ids = []string{}
	}
	text, _ := json.Marshal(ids)
	return string(text)
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
