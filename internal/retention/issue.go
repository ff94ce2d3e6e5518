package retention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// Swept takes note, in the transaction that ends a sweep, of what is to be certified: which keys were
// destroyed, what went, and that nothing is left. Under a legal hold the certificate waits for what is kept.
func Swept(tx *db.Tx, s vault.Swept) error {
	const op = "retention.Swept"
	open, err := certificatesWhere(tx, `kind = $2 AND subject_id = $3 AND state IN ('open', 'held')`, kindOf(&s), s.Subject)
	if err != nil || len(open) == 0 {
		return fault.Wrap(op, err)
	}
	c := &open[0]
	was := c.State
	if c.State, c.subject = Clean, ""; s.Copy != "" {
		c.State, c.subject = Held, s.Copy
	}
	if err := c.tell(tx, &s); err != nil {
		return fault.Wrap(op, err)
	}
	_, err = update(tx, c, was)
	return fault.Wrap(op, err)
}

func kindOf(s *vault.Swept) string {
	if s.Subject == "" {
		return proof.OfTenant
	}
	return proof.OfPerson
}

// tell adds what was swept, and writes the entries that prove it.
func (c *Certificate) tell(tx *db.Tx, s *vault.Swept) error {
	if c.Erased.Before(s.Erased) {
		c.Erased = s.Erased
	}
	for _, key := range s.Keys {
		if slices.Contains(c.Keys, key) {
			continue
		}
		c.Keys = append(c.Keys, key)
		if err := c.append(tx, proof.KindKeyDestroyed, map[string]string{"key": key, "at": s.Erased.UTC().Format(time.RFC3339Nano)}); err != nil {
			return err
		}
	}
	detail := map[string]string{"left": "0"}
	for label, n := range bounded(s.Removed) {
		detail[label] = strconv.FormatInt(n, 10)
		if c.Removed == nil {
			c.Removed = map[string]int64{}
		}
		c.Removed[label] += n
	}
	return c.append(tx, proof.KindErased, detail)
}

// append writes an entry, and notes where it stands.
func (c *Certificate) append(tx *db.Tx, kind string, detail map[string]string) error {
	detail["certificate"] = c.ID
	seq, err := ledger.AppendAt(tx, proof.Entry{Kind: kind, Actor: actor, Detail: detail})
	c.entries = append(c.entries, seq)
	return err
}

// mostLabels is how many counts an entry of the ledger has room for, beside the certificate and what is left.
const mostLabels = proof.MaxDetail - 2

// bounded sums the records of all data sets up where there are too many for one entry.
func bounded(removed map[string]int64) map[string]int64 {
	if len(removed) <= mostLabels {
		return removed
	}
	out := map[string]int64{}
	for label, n := range removed {
		table, _, _ := strings.Cut(label, ".")
		out[table] += n
	}
	return out
}

// withdrawAfter is when an erasure that was asked for, and did not come about, is forgotten.
const withdrawAfter = 24 * time.Hour

// Run finishes what was cut short: it ends legal holds whose time is over, erases tenants whose off-boarding was
// begun, and issues the certificates of what is swept. It may be interrupted anywhere; each is issued once.
func (d *Desk) Run(ctx context.Context) error {
	const op = "retention.Run"
	failed := d.Vault.EndHolds(ctx)
	tenants, err := d.Vault.Tenants(ctx, d.Operator)
	if err != nil {
		return fault.Wrap(op, errors.Join(failed, err))
	}
	for _, t := range tenants {
		failed = errors.Join(failed, d.runTenant(ctx, t.ID))
		if ctx.Err() != nil {
			break
		}
	}
	return fault.Wrap(op, failed)
}

func (d *Desk) runTenant(ctx context.Context, tenant string) (failed error) {
	var pending []Certificate
	err := d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		pending, err = certificatesWhere(tx, `state IN ('open', 'swept') ORDER BY opened_at LIMIT 1000`)
		return err
	})
	if err != nil {
		return err
	}
	for i := range pending {
		c := &pending[i]
		switch {
		case c.State == Clean:
			var ready bool
			if ready, err = d.connected(ctx, tenant, c); ready {
				err = d.issue(ctx, tenant, c)
			}
		case c.Kind == proof.OfTenant:
			err = d.erase(ctx, d.Operator, tenant)
		case d.Vault.Now().Sub(c.Opened) > withdrawAfter:
			err = d.forget(ctx, tenant, c)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// forget drops a certificate of somebody who was not erased after all; of whoever was, as far as their key, the rest
// follows.
func (d *Desk) forget(ctx context.Context, tenant string, c *Certificate) error {
	return d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		err := d.Vault.Lives(tx, c.subject)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) { // the sweep is late
			return nil
		}
		if err != nil {
			return err
		}
		return d.drop(tx, c.ID)
	})
}

// connected adds to a certificate what was done in systems outside the vault, with the entry that proves it,
// once. It reports whether all is done there.
func (d *Desk) connected(ctx context.Context, tenant string, c *Certificate) (ready bool, err error) {
	if d.Outside == nil {
		return true, nil
	}
	err = d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if err := d.outside(tx, c); err != nil {
			return err
		}
		ready = !c.going
		for label := range c.Removed {
			if strings.HasPrefix(label, outsideLabel) { // a call before this one got so far
				return nil
			}
		}
		told := outsideCounts(c.Systems)
		if !ready || len(told) == 0 {
			return nil
		}
		if c.Removed == nil {
			c.Removed = map[string]int64{}
		}
		for _, some := range chunked(told) {
			detail := map[string]string{}
			for label, n := range some {
				detail[label] = strconv.FormatInt(n, 10)
				c.Removed[label] += n
			}
			if err := c.append(tx, proof.KindErased, detail); err != nil {
				return err
			}
		}
		_, err := update(tx, c, Clean)
		return err
	})
	return ready, err
}

// The labels of what a certificate says of other systems: rows that are gone, people whose id there nobody told,
// and what staff have settled instead of Clause.
const (
	outsideLabel = "connected."
	notKnown     = ".not-known"
	settledLabel = ".settled"
)

func outsideCounts(lines connect.Report) map[string]int64 {
	told := map[string]int64{}
	for _, l := range lines {
		label := outsideLabel + l.System
		told[label] += 0 // a system is named also where it held nothing
		switch {
		case l.State == connect.Settled:
			told[label+settledLabel]++
		case l.State == connect.ByHand:
			told[label+notKnown] += l.Rows
		default:
			told[label] += l.Rows
		}
	}
	return told
}

// chunked is as many labels at a time as an entry of the ledger has room for.
func chunked(all map[string]int64) (out []map[string]int64) {
	for i, label := range slices.Sorted(maps.Keys(all)) {
		if i%mostLabels == 0 {
			out = append(out, map[string]int64{})
		}
		out[len(out)-1][label] = all[label]
	}
	return out
}

// issue signs a certificate, and discharges what was owed, in one transaction.
func (d *Desk) issue(ctx context.Context, tenant string, c *Certificate) error {
	const op = "retention.issue"
	c.Issued = d.Vault.Now().UTC().Truncate(time.Microsecond)
	if c.Issued.Before(c.Erased) { // the clock was set back
		c.Issued = c.Erased
	}
	document, err := d.document(ctx, tenant, c)
	if err != nil {
		return fault.Wrap(op, err)
	}
	c.Document, c.State = document, Issued
	digest := sha256.Sum256(document)
	return fault.Wrap(op, d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		mine, err := update(tx, c, Clean)
		if err != nil || !mine { // another server was quicker
			return err
		}
		clocks, err := d.Engine.Of(tx, c.ID)
		if err != nil {
			return err
		}
		for i := range clocks {
			if owed := &clocks[i]; owed.Live() {
				if err := d.Engine.Discharge(tx, owed.ID, owed.Duty.Evidence, c.ID); err != nil {
					return err
				}
			}
		}
		return ledger.Append(tx, proof.Entry{
			Kind: "certificate.issue", Actor: actor, Detail: map[string]string{"certificate": c.ID, "sha256": hex.EncodeToString(digest[:])},
		})
	}))
}

// document is the signed form, with the proof of each entry.
func (d *Desk) document(ctx context.Context, tenant string, c *Certificate) ([]byte, error) {
	opened := c.Opened
	if opened.After(c.Erased) { // the clock was set back
		opened = c.Erased
	}
	out := proof.Certificate{
		Format: proof.CertificateFormat, ID: c.ID, Kind: c.Kind, About: c.About, Issuer: d.Issuer, Log: d.Ledger.Origin(tenant),
		Opened: opened, Erased: c.Erased, Issued: c.Issued, Keys: c.Keys, Removed: maps.Clone(c.Removed), Key: d.Ledger.VerifierKey(tenant),
	}
	if out.Removed == nil {
		out.Removed = map[string]int64{}
	}
	for _, seq := range c.entries {
		entry, inclusion, err := d.Ledger.Inclusion(ctx, tenant, seq)
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, proof.ProvenEntry{Entry: string(entry), Proof: string(inclusion)})
	}
	text, err := out.Text()
	if err != nil {
		return nil, fault.As("retention.document", fault.Other, err)
	}
	if out.Signature, err = d.Ledger.Sign(tenant, text); err != nil {
		return nil, err
	}
	document, err := out.Marshal()
	return document, fault.As("retention.document", fault.Other, err)
}
