package rights

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

const (
	idPrefix   = "req_"
	idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	idLength   = 26
)

// newID begins with the time, so that a list is in the order in which requests came.
func newID(now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16|uint64(b[6])<<8|uint64(b[7]))
	return idPrefix + base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// isID reports whether id is one that this server could have made: nothing else is looked up.
func isID(id string) bool {
	rest, ok := strings.CutPrefix(id, idPrefix)
	return ok && len(rest) == idLength && strings.Trim(rest, idAlphabet) == ""
}

func errNoRequest() error {
	return fault.New("rights.request", fault.NotFound, "there is no such request")
}

const columns = `request_id, subject_id, right_id, state, clauses, ground, reason, sealed, opened_at, acknowledged_at, asked_at, extended_at, ended_at, link_hash, link_until, link_used_at`

func insert(tx *db.Tx, r *Request) error {
	_, err := tx.Exec(`INSERT INTO requests (tenant_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		append([]any{tx.Tenant(), r.ID, r.Subject, string(r.Right)}, r.changing()...)...)
	return fault.Wrap("rights.insert", err)
}

func update(tx *db.Tx, r *Request) error {
	_, err := tx.Exec(`UPDATE requests SET state = $4, clauses = $5, ground = $6, reason = $7, sealed = $8, opened_at = $9, acknowledged_at = $10,
 asked_at = $11, extended_at = $12, ended_at = $13, link_hash = $14, link_until = $15, link_used_at = $16, subject_id = $3
 WHERE tenant_id = $1 AND request_id = $2`, append([]any{tx.Tenant(), r.ID, r.Subject}, r.changing()...)...)
	return fault.Wrap("rights.update", err)
}

// changing is what changes of a request, in the order of columns from state on.
func (r *Request) changing() []any {
	return []any{string(r.State), strings.Join(r.Clauses, ","), r.Ground, r.Reason, notNil(r.sealed), db.Micros(r.Opened), db.Micros(r.Acknowledged),
		db.Micros(r.Asked), db.Micros(r.Extended), db.Micros(r.Ended), notNil(r.linkHash), db.Micros(r.LinkUntil), db.Micros(r.LinkUsed)}
}

// notNil keeps an empty value from being stored as none: no column is ever NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func byID(tx *db.Tx, id string) (*Request, error) {
	if !isID(id) {
		return nil, errNoRequest()
	}
	all, err := where(tx, `request_id = $2`+lock(tx), id)
	if err == nil && len(all) == 0 {
		err = errNoRequest()
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// lock is for a row that will be changed: a Read changes none.
func lock(tx *db.Tx) string {
	if tx.Writing() {
		return tx.LockRow()
	}
	return ""
}

// pageOf returns requests in one of the states, any if there are none, after an id.
func pageOf(tx *db.Tx, states []State, after string, limit int) ([]Request, error) {
	if len(states) == 0 {
		return where(tx, `request_id > $2 ORDER BY request_id LIMIT $3`, after, int64(limit))
	}
	in, args := "", []any{after, int64(limit)}
	for i, s := range states {
		if i > 0 {
			in += ", "
		}
		args = append(args, string(s))
		in += "$" + strconv.Itoa(len(args)+1)
	}
	return where(tx, `request_id > $2 AND state IN (`+in+`) ORDER BY request_id LIMIT $3`, args...)
}

// open is the condition of requests that are yet to be answered.
const openRows = `state IN ('received', 'identity-check', 'in-progress', 'carrying-out')`

// openOf returns a person's requests that are yet to be answered.
func openOf(tx *db.Tx, subject string) ([]Request, error) {
	return where(tx, `subject_id = $2 AND `+openRows+` ORDER BY request_id`+lock(tx), subject)
}

// unfinished returns the ids of requests that are being carried out, and of open ones whose person is gone.
func unfinished(tx *db.Tx) (ids []string, err error) {
	err = tx.Each(`SELECT r.request_id FROM requests r LEFT JOIN subjects s ON s.tenant_id = r.tenant_id AND s.subject_id = r.subject_id
 WHERE r.tenant_id = $1 AND r.`+openRows+` AND (r.state = 'carrying-out' OR s.subject_id IS NULL) ORDER BY r.request_id LIMIT 1000`,
		[]any{tx.Tenant()}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// unname takes the person's name, and what they asked, from all their requests.
func unname(tx *db.Tx, subject string) error {
	_, err := tx.Exec(`UPDATE requests SET subject_id = '', sealed = $3, link_hash = $3 WHERE tenant_id = $1 AND subject_id = $2`, tx.Tenant(), subject, []byte{})
	return fault.Wrap("rights.unname", err)
}

func where(tx *db.Tx, condition string, args ...any) (all []Request, err error) {
	err = tx.Each(`SELECT `+columns+` FROM requests WHERE tenant_id = $1 AND `+condition, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var r Request
		var clauses string
		var opened, acknowledged, asked, extended, ended, until, used int64
		err := scan(&r.ID, &r.Subject, (*string)(&r.Right), (*string)(&r.State), &clauses, &r.Ground, &r.Reason, &r.sealed,
			&opened, &acknowledged, &asked, &extended, &ended, &r.linkHash, &until, &used)
		if clauses != "" {
			r.Clauses = strings.Split(clauses, ",")
		}
		r.Opened, r.Acknowledged, r.Asked, r.Extended = db.Moment(opened), db.Moment(acknowledged), db.Moment(asked), db.Moment(extended)
		r.Ended, r.LinkUntil, r.LinkUsed = db.Moment(ended), db.Moment(until), db.Moment(used)
		all = append(all, r)
		return err
	})
	return all, fault.Wrap("rights.where", err)
}

// sealedAs is what the sealed part of a request is bound to.
const sealedAs = "request"

// unseal opens what was asked, and learns by which name the ledger knows the person. Of somebody erased
// neither is left.
func (d *Desk) unseal(tx *db.Tx, r *Request) error {
	if r.Subject == "" {
		return nil
	}
	who, err := d.Vault.DataSubject(tx, r.Subject)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := who.Open(sealedAs, r.ID, r.sealed)
	if err != nil {
		return err
	}
	r.alias = who.Alias
	return fault.As("rights.unseal", fault.Other, json.Unmarshal(plain, &r.details))
}
