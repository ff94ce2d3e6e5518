package connected

import (
	"encoding/json"
	"strings"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// What a walk does. Those that pass something on are named as the right they are of.
const (
	erases    = "erase"     // of a person
	erasesAll = "erase-all" // of a tenant
	copies    = "copies"    // counts, exports or corrects, within the call that asks for it
)

// The states of a walk.
const (
	gathering = "gathering" // the external ids of a tenant's people are being put aside
	waiting   = "waiting"   // for the erasure of the person in the vault
	going     = "open"
	ended     = "done"
)

// walk is one through the systems of a tenant.
type walk struct {
	id, about, action, state, subject string
	purposes                          []string
	epoch                             int64
	key                               string
	wrapped                           []byte
	lines                             connect.Report
	people, tries                     int64
	opened, next, ended               time.Time
}

func (w *walk) pending() bool { return w.state != ended }

// wakes says when a tenant's walks go on.
var wakes = db.Wakes{Kind: "walks", Table: "walks", Column: "next_at"}

const columns = `walk_id, about, action, state, subject_id, purposes, epoch, key_id, wrapped, lines, people, tries, opened_at, next_at, ended_at`

func (w *walk) values() ([]any, error) {
	lines, err := json.Marshal(append(connect.Report{}, w.lines...))
	if err != nil {
		return nil, fault.As("connected.values", fault.Other, err)
	}
	return []any{w.id, w.about, w.action, w.state, w.subject, strings.Join(w.purposes, ","), w.epoch, w.key, append([]byte{}, w.wrapped...), string(lines),
		w.people, w.tries, db.Micros(w.opened), db.Micros(w.next), db.Micros(w.ended)}, nil
}

func insert(tx *db.Tx, w *walk) error {
	values, err := w.values()
	if err != nil {
		return err
	}
	if err := wakes.By(tx, db.Micros(w.next)); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO walks (tenant_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		append([]any{tx.Tenant()}, values...)...)
	return fault.Wrap("connected.insert", err)
}

func update(tx *db.Tx, w *walk) error {
	values, err := w.values()
	if err != nil {
		return err
	}
	if err := wakes.By(tx, db.Micros(w.next)); err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE walks SET about = $3, action = $4, state = $5, subject_id = $6, purposes = $7, epoch = $8, key_id = $9, wrapped = $10,
 lines = $11, people = $12, tries = $13, opened_at = $14, next_at = $15, ended_at = $16 WHERE tenant_id = $1 AND walk_id = $2`,
		append([]any{tx.Tenant()}, values...)...)
	return fault.Wrap("connected.update", err)
}

// read returns a walk, nil if there is none, locked where it will be changed.
func read(tx *db.Tx, id string) (*walk, error) {
	all, err := where(tx, `walk_id = $2`, id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

func where(tx *db.Tx, condition string, args ...any) (all []walk, err error) {
	if tx.Writing() {
		condition += tx.LockRow()
	}
	err = tx.Each(`SELECT `+columns+` FROM walks WHERE tenant_id = $1 AND `+condition, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var w walk
		var purposes, lines string
		var opened, next, end int64
		err := scan(&w.id, &w.about, &w.action, &w.state, &w.subject, &purposes, &w.epoch, &w.key, &w.wrapped, &lines, &w.people, &w.tries, &opened, &next, &end)
		if err != nil {
			return err
		}
		if purposes != "" {
			w.purposes = strings.Split(purposes, ",")
		}
		w.opened, w.next, w.ended = db.Moment(opened), db.Moment(next), db.Moment(end)
		if json.Unmarshal([]byte(lines), &w.lines) != nil {
			return fault.New("connected.where", fault.Other, "the row of a walk is damaged")
		}
		all = append(all, w)
		return nil
	})
	return all, err
}

// of are the walks for a request or a certificate.
func (d *Desk) of(tx *db.Tx, about string) ([]walk, error) {
	if about == "" {
		return nil, nil
	}
	return where(tx, `(walk_id = $2 OR about = $2) ORDER BY walk_id`, about)
}

// Of tells what was done outside for a request or a certificate, by system. pending says that a walk goes on.
func (d *Desk) Of(tx *db.Tx, about string) (lines connect.Report, pending bool, err error) {
	all, err := d.of(tx, about)
	for i := range all {
		lines = append(lines, all[i].lines...)
		pending = pending || all[i].pending()
	}
	return lines, pending, err
}

// Walk is one through the systems outside that was about a person, as they are told of it.
type Walk struct {
	ID       string         `json:"id"`
	About    string         `json:"about,omitempty"`
	Action   string         `json:"action"`
	State    string         `json:"state"`
	Purposes []string       `json:"purposes,omitempty"`
	Opened   time.Time      `json:"opened"`
	Ended    time.Time      `json:"ended,omitzero"`
	Lines    connect.Report `json:"systems"`
}

// WalksOf are those about a person, the oldest first, to a duty that has admitted its caller.
func (d *Desk) WalksOf(tx *db.Tx, subject string) (out []Walk, err error) {
	all, err := where(tx, `subject_id = $2 ORDER BY opened_at, walk_id`, subject)
	for i := range all {
		w := &all[i]
		out = append(out, Walk{w.id, w.about, w.action, w.state, w.purposes, w.opened, w.ended, w.lines})
	}
	return out, err
}

// offBoards reports whether the tenant's people are being erased everywhere.
func offBoards(tx *db.Tx) (bool, error) {
	var n int64
	err := tx.One(`SELECT COUNT(*) FROM walks WHERE tenant_id = $1 AND action = $2`, []any{tx.Tenant(), erasesAll}, &n)
	return n > 0, err
}

// tell writes an entry of a walk and a system.
func (d *Desk) tell(tx *db.Tx, who, kind string, w *walk, system string, more ...string) error {
	detail := ledger.Details(append([]string{"walk", w.id, "system", system, "action", w.action, "request", w.about}, more...)...)
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: who, Answer: proof.Allow, Detail: detail})
}
