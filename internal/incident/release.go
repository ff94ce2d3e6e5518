package incident

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// Release hands out what a review granted, and no more: to a recipient of the policy that is an
// authority, or sealed to an authority's key. That due process was kept is checked in the transaction that
// opens the data and records the release. It may be repeated where an answer was lost; each is recorded.
func (d *Desk) Release(ctx context.Context, c vault.Caller, tenant, id string, in api.Handover) (out api.DemandAnswer, err error) {
	const op = "incident.Release"
	if err := d.admit(ctx, c, "demand.release", tenant); err != nil {
		return out, err
	}
	seal, err := d.handover(&in)
	if err != nil {
		return out, err
	}
	var m *demand
	var people []string
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) (err error) {
		if m, err = loadDemand(tx, id); err != nil {
			return err
		}
		if people, err = named(tx, id); err != nil {
			return err
		}
		return d.ready(tx, m)
	})
	if fault.Is(err, fault.Refused) {
		return out, d.refuse(ctx, c, tenant, id, err)
	}
	if err != nil {
		return out, fault.Wrap(op, err)
	}
	granted := strings.Join(m.Granted, " ")
	records, err := d.Vault.Answer(ctx, c, vault.Order{
		Tenant: tenant, Demand: id, Recipient: in.Recipient, Subjects: people, Fields: bySet(m.Granted), Clauses: d.Rules.Demand.Clauses,
		Ready: func(tx *db.Tx, people, records int) error {
			m, err := loadDemand(tx, id)
			if err != nil {
				return err
			}
			if err := d.ready(tx, m); err != nil {
				return err
			}
			if strings.Join(m.Granted, " ") != granted {
				return fault.New(op, fault.Conflict, "the demand was changed meanwhile").WithHint("try again")
			}
			out.People = people
			m.state = released
			m.Releases = append(m.Releases, api.Release{At: tx.Now(), By: c.Credential.ID, Recipient: in.Recipient, Sealed: seal != nil, People: people, Records: records})
			err = told(tx, "demand.released", c.Credential.ID, id, "", d.Rules.Demand.Clauses, "people", strconv.Itoa(people), "records", strconv.Itoa(records), "sealed", strconv.FormatBool(seal != nil))
			if err != nil {
				return err
			}
			return m.save(tx)
		},
	})
	if err != nil {
		return api.DemandAnswer{}, fault.Wrap(op, err)
	}
	out.Demand, out.Records = id, wire(records)
	return out, fault.Wrap(op, sealed(&out, seal))
}

// refuse records that a release was asked for and refused.
func (d *Desk) refuse(ctx context.Context, c vault.Caller, tenant, id string, why error) error {
	err := d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		return ledger.Append(tx, proof.Entry{
			Kind: "demand.released", Actor: c.Credential.ID, Answer: proof.Refuse, Reason: "due process was not kept",
			Clauses: d.Rules.Demand.Clauses, Detail: map[string]string{"incident": id},
		})
	})
	if err != nil {
		return fault.Wrap("incident.refuse", err)
	}
	return fault.Wrap("incident.Release", why)
}

// handover says to whom an answer goes: a recipient, or the key that it is sealed to.
func (d *Desk) handover(in *api.Handover) (seal *age.X25519Recipient, err error) {
	const op = "incident.handover"
	switch r, ok := d.Policy.Recipient(in.Recipient); {
	case (in.Recipient == "") == (in.SealTo == ""):
		return nil, invalid(op, "recipient", "an answer goes to a recipient of the policy, or is sealed to a key")
	case in.SealTo != "":
		if seal, err = age.ParseX25519Recipient(in.SealTo); err != nil {
			return nil, invalid(op, "seal_to", "that is no public key of age")
		}
		return seal, nil
	case !ok || r.Role != "authority":
		return nil, fault.New(op, fault.Refused, "the policy names no such authority").WithClause(d.processClause()).WithHint("seal the answer to the authority's key: seal_to")
	}
	return nil, nil
}

// ready refuses what has not gone through due process: no review, no notice where none is forbidden, the
// time to wait not over.
func (d *Desk) ready(tx *db.Tx, m *demand) error {
	const op = "incident.ready"
	clause := d.processClause()
	if m.state != reviewed && m.state != released {
		return fault.New(op, fault.Refused, "it is %s: nothing is released without a review of its legal basis", m.state).WithClause(clause)
	}
	if m.Noticed.IsZero() {
		if m.Gagged.IsZero() || !tx.Now().Before(m.Gagged) {
			return fault.New(op, fault.Refused, "nothing is released before the people concerned have a notice").WithClause(clause)
		}
		return nil
	}
	if tx.Now().Before(m.NotBefore) {
		return fault.New(op, fault.Refused, "nothing is released before the time to wait after the notice is over").WithClause(clause)
	}
	n, err := unnoticed(tx, m.id)
	if err == nil && n > 0 {
		return fault.New(op, fault.Refused, "nothing is released before the people concerned have a notice: %d have none", n).WithClause(clause)
	}
	return err
}

func bySet(fields []string) map[string][]string {
	all := map[string][]string{}
	for _, f := range fields {
		set, field, _ := strings.Cut(f, ".")
		all[set] = append(all[set], field)
	}
	return all
}

func wire(records []vault.Record) []api.Record {
	out := make([]api.Record, 0, len(records))
	for i := range records {
		r := &records[i]
		w := api.Record{ID: r.ID, Subject: r.Subject, DataSet: r.DataSet, Version: r.Version, Created: r.Created, Updated: r.Updated}
		if json.Unmarshal(r.Fields, &w.Fields) != nil { // the vault writes objects only
			w.Fields = api.Fields{}
		}
		out = append(out, w)
	}
	return out
}

// sealed encrypts the records of an answer to a key, if there is one.
func sealed(out *api.DemandAnswer, to *age.X25519Recipient) error {
	const op = "incident.sealed"
	if to == nil {
		return nil
	}
	plain, err := json.Marshal(out)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	var text bytes.Buffer
	shell := armor.NewWriter(&text)
	body, err := age.Encrypt(shell, to)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	for _, step := range []func() error{
		func() error { _, err := body.Write(plain); return err },
		body.Close, shell.Close,
	} {
		if err := step(); err != nil {
			return fault.As(op, fault.Other, err)
		}
	}
	out.Records, out.Sealed = nil, text.String()
	return nil
}

// GetDemand returns a demand.
func (d *Desk) GetDemand(ctx context.Context, c vault.Caller, tenant, id string) (out api.Demand, err error) {
	if err := d.admit(ctx, c, "demand.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		m, err := loadDemand(tx, id)
		if err != nil {
			return err
		}
		out, err = d.showDemand(tx, m)
		return err
	})
	return out, fault.Wrap("incident.GetDemand", err)
}

// ListDemands returns a page of the demands, the newest first, and the cursor of the next.
func (d *Desk) ListDemands(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (all []api.Demand, next string, err error) {
	if err := d.admit(ctx, c, "demand.list", tenant); err != nil {
		return nil, "", err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		rows, more, err := page(tx, demandKind, cursor, limit)
		all, next = make([]api.Demand, 0, len(rows)), more
		for i := range rows {
			m := &demand{row: rows[i]}
			if err := decode(&rows[i], m); err != nil {
				return err
			}
			shown, err := d.showDemand(tx, m)
			if err != nil {
				return err
			}
			all = append(all, shown)
		}
		return err
	})
	return all, next, fault.Wrap("incident.ListDemands", err)
}

// showDemand is a demand as it travels.
func (d *Desk) showDemand(tx *db.Tx, m *demand) (api.Demand, error) {
	out := api.Demand{
		ID: m.id, State: m.state, Drill: m.Drill, Kind: m.Kind, Issuer: m.Issuer, Reference: m.Reference, Asked: m.Asked, Granted: m.Granted,
		Received: time.UnixMicro(m.opened).UTC(), EnteredBy: m.EnteredBy, Reviewed: api.Moment(m.Reviewed), Reviewer: m.Reviewer, Ground: m.Ground, Citation: m.Citation,
		Gagged: api.Moment(m.Gagged), Noticed: api.Moment(m.Noticed), NotBefore: api.Moment(m.NotBefore), Releases: m.Releases, Reason: m.Reason,
	}
	var err error
	if out.Subjects, err = named(tx, m.id); err != nil {
		return out, err
	}
	if out.Clocks, err = d.Engine.WireOf(tx, m.id); err != nil || m.Noticed.IsZero() {
		return out, err
	}
	out.Notice, err = tallies(tx, m.id)
	return out, err
}
