package identity

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

const columns = `c.credential_id, c.title, c.tenants, c.purposes, c.scopes, c.environment, c.certificate, c.expires_at, c.revoked_at, c.created_at`

func insert(tx *db.Tx, a *Application) error {
	_, err := tx.Exec(`INSERT INTO credentials (credential_id, title, tenants, purposes, scopes, environment, certificate, expires_at, revoked_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, a.Title, encode(a.Tenants), encode(a.Purposes), encode(a.Scopes), a.Environment, a.Certificate,
		db.Micros(a.Expires), db.Micros(a.Revoked), db.Micros(a.Created))
	return err
}

func insertKey(tx *db.Tx, application string, k Key, hash [sha256.Size]byte) error {
	_, err := tx.Exec(`INSERT INTO application_keys (key_id, credential_id, secret_hash, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)`,
		k.ID, application, hash[:], db.Micros(k.Expires), db.Micros(k.Created))
	return err
}

// endBy lets all keys of an application end at a time, if not earlier.
func endBy(tx *db.Tx, application string, at time.Time) error {
	_, err := tx.Exec(`UPDATE application_keys SET expires_at = $1 WHERE credential_id = $2 AND (expires_at = 0 OR expires_at > $1)`,
		db.Micros(at), application)
	return err
}

func keysOf(tx *db.Tx, application string) (keys []Key, err error) {
	err = tx.Each(`SELECT key_id, expires_at, created_at FROM application_keys WHERE credential_id = $1 ORDER BY created_at, key_id`, []any{application},
		func(scan func(...any) error) error {
			var k Key
			var expires, created int64
			err := scan(&k.ID, &expires, &created)
			k.Expires, k.Created = db.Moment(expires), db.Moment(created)
			keys = append(keys, k)
			return err
		})
	return keys, err
}

// overKeys are the keys whose time is over.
func overKeys(tx *db.Tx) (over []ended, err error) {
	err = tx.Each(`SELECT key_id, credential_id FROM application_keys WHERE expires_at > 0 AND expires_at <= $1`, []any{db.Micros(tx.Now())}, scanEnded(&over))
	return over, err
}

func everyKey(tx *db.Tx) (all []ended, err error) {
	err = tx.Each(`SELECT key_id, credential_id FROM application_keys`, nil, scanEnded(&all))
	return all, err
}

func scanEnded(into *[]ended) func(scan func(...any) error) error {
	*into = nil
	return func(scan func(...any) error) error {
		var k ended
		err := scan(&k.key, &k.application)
		*into = append(*into, k)
		return err
	}
}

// applicationOf reads an application; an unknown one is fault.NotFound.
func applicationOf(tx *db.Tx, id string) (Application, error) {
	var r row
	err := tx.One(`SELECT `+columns+` FROM credentials c WHERE c.credential_id = $1`, []any{id}, r.dest()...)
	if fault.Is(err, fault.NotFound) {
		return Application{}, unknown("identity.applicationOf")
	}
	if err != nil {
		return Application{}, err
	}
	return r.application()
}

// revoke reports whether the application was live until now; an unknown one is fault.NotFound.
func revoke(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec(`UPDATE credentials SET revoked_at = $1 WHERE credential_id = $2 AND revoked_at = 0`, db.Micros(tx.Now()), id)
	if err != nil || n > 0 {
		return n > 0, err
	}
	_, err = applicationOf(tx, id)
	return false, err
}

// provenRow is a key as stored, with its application.
type provenRow struct {
	row
	hash  []byte
	until int64
}

func byKey(ctx context.Context, d *db.DB, key string) (r provenRow, err error) {
	err = d.Get(ctx, "", `SELECT `+columns+`, k.secret_hash, k.expires_at FROM application_keys k JOIN credentials c ON c.credential_id = k.credential_id
		WHERE k.key_id = $1`, []any{key}, append(r.dest(), &r.hash, &r.until)...)
	return r, err
}

func everyApplication(ctx context.Context, d *db.DB) (apps []Application, err error) {
	err = d.Read(ctx, "", func(tx *db.Tx) error {
		apps = nil
		return tx.Each(`SELECT `+columns+` FROM credentials c ORDER BY c.created_at, c.credential_id`, nil, func(scan func(...any) error) error {
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
	tenants, purposes, scopes string
	expires, revoked, created int64
}

func (r *row) dest() []any {
	return []any{&r.app.ID, &r.app.Title, &r.tenants, &r.purposes, &r.scopes, &r.app.Environment, &r.app.Certificate, &r.expires, &r.revoked, &r.created}
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
	r.app.Expires, r.app.Revoked, r.app.Created = db.Moment(r.expires), db.Moment(r.revoked), db.Moment(r.created)
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
