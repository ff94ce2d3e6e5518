package retention

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// State is how far an erasure has come.
type State string

// The states.
const (
	Open   State = "open"   // keys are destroyed, or about to be; rows are being removed
	Held   State = "held"   // all is gone but what a legal hold keeps
	Clean  State = "swept"  // nothing is left; the certificate is about to be issued
	Issued State = "issued" // the certificate is there
)

// Certificate is a certificate of erasure, from when the erasure is asked for.
type Certificate struct {
	ID       string
	Kind     string // proof.OfPerson or proof.OfTenant
	About    string
	State    State
	Keys     []string
	Removed  map[string]int64
	Opened   time.Time
	Erased   time.Time      // zero until it is swept
	Issued   time.Time      // zero until it is issued
	Document []byte         // the signed document, once it is issued
	Systems  connect.Report // what was done in systems outside the vault

	going   bool    // in them, that is: it is not certified before
	subject string  // who is being erased; "" once they are
	entries []int64 // of the log, on which it rests
}

const columns = `certificate_id, kind, about, subject_id, state, keys, removed, entries, opened_at, erased_at, issued_at, document`

func insert(tx *db.Tx, c *Certificate) error {
	values, err := c.values()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO certificates (tenant_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		append([]any{tx.Tenant()}, values...)...)
	return fault.Wrap("retention.insert", err)
}

// update writes a certificate that is in a state, and reports whether it was.
func update(tx *db.Tx, c *Certificate, was State) (bool, error) {
	values, err := c.values()
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(`UPDATE certificates SET kind = $3, about = $4, subject_id = $5, state = $6, keys = $7, removed = $8, entries = $9,
 opened_at = $10, erased_at = $11, issued_at = $12, document = $13 WHERE tenant_id = $1 AND certificate_id = $2 AND state = $14`,
		append(append([]any{tx.Tenant()}, values...), string(was))...)
	return n == 1, fault.Wrap("retention.update", err)
}

// values are the row's, in the order of columns.
func (c *Certificate) values() ([]any, error) {
	keys, err := json.Marshal(c.Keys)
	if err != nil {
		return nil, fault.As("retention.values", fault.Other, err)
	}
	removed, err := json.Marshal(c.Removed)
	if err != nil {
		return nil, fault.As("retention.values", fault.Other, err)
	}
	entries, err := json.Marshal(c.entries)
	if err != nil {
		return nil, fault.As("retention.values", fault.Other, err)
	}
	document := c.Document
	if document == nil {
		document = []byte{}
	}
	return []any{c.ID, c.Kind, c.About, c.subject, string(c.State), string(keys), string(removed), string(entries),
		db.Micros(c.Opened), db.Micros(c.Erased), db.Micros(c.Issued), document}, nil
}

// certificatesWhere returns the certificates of the transaction's tenant that match.
func certificatesWhere(tx *db.Tx, where string, args ...any) (all []Certificate, err error) {
	err = tx.Each(`SELECT `+columns+` FROM certificates WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var c Certificate
		var state, keys, removed, entries string
		var opened, erased, issued int64
		if err := scan(&c.ID, &c.Kind, &c.About, &c.subject, &state, &keys, &removed, &entries, &opened, &erased, &issued, &c.Document); err != nil {
			return err
		}
		c.State, c.Opened, c.Erased, c.Issued = State(state), db.Moment(opened), db.Moment(erased), db.Moment(issued)
		for _, part := range []struct {
			text string
			into any
		}{{keys, &c.Keys}, {removed, &c.Removed}, {entries, &c.entries}} {
			if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
				return fault.New("retention.certificates", fault.Other, "a certificate's row is damaged")
			}
		}
		all = append(all, c)
		return nil
	})
	return all, err
}
