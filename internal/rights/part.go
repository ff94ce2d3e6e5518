package rights

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Part is a table of what is stored of people beside the records of the policy's data sets: of their account, and of
// what passed between them and the company. One shape gives the package's JSON, its tables and its page.
type Part struct {
	id      string // the words part.… of words.json are its title, col.… those of its columns
	columns []partColumn
	read    func(tx *db.Tx, subject, after string) (rows []json.RawMessage, next string, err error)
}

type partColumn struct {
	id     string
	moment bool
}

// ID is what a part is called in data.json, and its table.
func (p *Part) ID() string { return p.id }

// PartOf is a part of few rows. Each is a struct, whose fields' JSON names are the columns. read is in a transaction of
// its own, for a person who is there.
func PartOf[T any](id string, read func(tx *db.Tx, subject string) ([]T, error)) Part {
	return PagedPart(id, func(tx *db.Tx, subject, _ string) ([]T, string, error) {
		rows, err := read(tx, subject)
		return rows, "", err
	})
}

// PagedPart is a part of which read returns the rows after a cursor, and the cursor of the next page, "" on the last.
func PagedPart[T any](id string, read func(tx *db.Tx, subject, after string) ([]T, string, error)) Part {
	p := Part{id: id}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" {
			p.columns = append(p.columns, partColumn{name, f.Type == reflect.TypeFor[time.Time]()})
		}
	}
	p.read = func(tx *db.Tx, subject, after string) ([]json.RawMessage, string, error) {
		page, next, err := read(tx, subject, after)
		if fault.Is(err, fault.NotFound) { // such as of an account that there is none
			return nil, "", nil
		}
		if err != nil {
			return nil, "", err
		}
		rows := make([]json.RawMessage, len(page))
		for i := range page {
			if rows[i], err = json.Marshal(page[i]); err != nil {
				return nil, "", fault.As("rights.Part", fault.Other, err)
			}
		}
		return rows, next, nil
	}
	return p
}

// PartRows is how many rows a page of a part has.
const PartRows = 50

// parts are all parts of the desk's packages.
func (d *Desk) parts() []Part {
	return append([]Part{
		PagedPart("consents", d.consentRows), PagedPart("requests", d.requestRows), PartOf("legal_holds", d.holdRows),
	}, d.Beside...)
}

type consentRow struct {
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	Purpose  string          `json:"purpose"`
	Given    bool            `json:"given"`
	Text     string          `json:"text,omitempty"`
	Language string          `json:"language,omitempty"`
	Version  string          `json:"policy_version"`
	By       string          `json:"by"`
	Receipt  json.RawMessage `json:"receipt,omitempty"`
}

func (d *Desk) consentRows(tx *db.Tx, subject, after string) (rows []consentRow, next string, err error) {
	said, next, err := d.Vault.ConsentsAfter(tx, subject, after, PartRows)
	if err != nil {
		return nil, "", err
	}
	for i := range said {
		c := &said[i]
		row := consentRow{ID: c.ID, At: c.At, Purpose: c.Purpose, Given: c.Given, Text: c.Text, Language: c.Language, Version: c.Version, By: c.By}
		if len(c.Receipt) > 0 {
			if row.Receipt, err = d.Receipt(c, subject); err != nil { // of a form of its own: it is handed out as it is kept
				row.Receipt, err = c.Receipt, nil
			}
		}
		rows = append(rows, row)
	}
	return rows, next, nil
}

type requestRow struct {
	ID           string         `json:"id"`
	Right        Right          `json:"right"`
	State        State          `json:"state"`
	Purposes     []string       `json:"purposes,omitempty"`
	Language     string         `json:"language,omitempty"`
	Opened       time.Time      `json:"opened"`
	Acknowledged time.Time      `json:"acknowledged,omitzero"`
	Asked        time.Time      `json:"identity_asked,omitzero"`
	Extended     time.Time      `json:"extended,omitzero"`
	Due          time.Time      `json:"due,omitzero"`
	Ended        time.Time      `json:"ended,omitzero"`
	Ground       string         `json:"ground,omitempty"`
	Reason       string         `json:"reason,omitempty"`
	Clauses      []string       `json:"clauses,omitempty"`
	Systems      connect.Report `json:"systems,omitempty"`
	LinkUntil    time.Time      `json:"link_until,omitzero"`
	LinkUsed     time.Time      `json:"link_used,omitzero"`
}

func (d *Desk) requestRows(tx *db.Tx, subject, after string) (rows []requestRow, next string, err error) {
	all, err := where(tx, `subject_id = $2 AND request_id > $3 ORDER BY request_id LIMIT $4`, subject, after, int64(PartRows))
	if err != nil {
		return nil, "", err
	}
	for i := range all {
		r := &all[i]
		if err := d.unseal(tx, r); err != nil {
			return nil, "", err
		}
		if err := d.clocks(tx, r); err != nil {
			return nil, "", err
		}
		rows = append(rows, requestRow{
			r.ID, r.Right, r.State, r.details.Purposes, r.details.Language, r.Opened, r.Acknowledged, r.Asked, r.Extended, r.Due, r.Ended,
			r.Ground, r.Reason, r.Clauses, r.Systems, r.LinkUntil, r.LinkUsed,
		})
	}
	if len(all) == PartRows {
		next = all[PartRows-1].ID
	}
	return rows, next, nil
}

type holdRow struct {
	ID     string    `json:"id"`
	Reason string    `json:"reason"`
	Fields []string  `json:"fields"`
	Placed time.Time `json:"placed"`
	Until  time.Time `json:"until"`
}

func (d *Desk) holdRows(tx *db.Tx, subject string) ([]holdRow, error) {
	h, err := d.Vault.HoldOn(tx, subject)
	return []holdRow{{h.ID, h.Reason, h.Fields, h.Placed, h.Until}}, err
}

// standing is where a person stands, as data.json tells it.
type standing struct {
	Since      time.Time `json:"since"` // they are stored
	Consents   []string  `json:"consents"`
	Objections []string  `json:"objections"`
	OptOuts    []string  `json:"opt_outs"` // recipients
	Restricted bool      `json:"restricted"`
	Electronic bool      `json:"electronic_notice"`
}

func standingOf(w *vault.Whole) standing {
	return standing{w.Since, list(w.Consents), list(w.Objections), list(w.OptOuts), w.Restricted, w.Electronic}
}
