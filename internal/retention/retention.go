// Package retention is the desk at which data ends: tenants are off-boarded, people erased with a
// certificate, and certificates issued once the vault has read back that nothing is left.
package retention

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// Desk off-boards tenants and erases people, and certifies both. Each call is admitted, and that recorded,
// before it does anything. Where it is cut short, Run finishes it.
type Desk struct {
	Vault    *vault.Vault
	Engine   *obligation.Engine
	Ledger   *ledger.Log
	Duties   []obligation.Duty // what clauses owe when a tenant leaves
	Issuer   string            // the organisation, as its policy names it
	Operator vault.Caller      // in whose name an off-boarding that was cut short goes on
	Outside  Outside           // the systems outside the vault that hold copies; nil: none
}

// Outside is the systems outside the vault that hold copies of people's data, which an erasure walks too. Their
// walk has the id of the certificate.
type Outside interface {
	// Erase and EraseAll open the walk in the transaction that opens the certificate. Where it is not known
	// by which id a system knows the person, Erase is a Conflict.
	Erase(tx *db.Tx, id, about, subject string) error
	EraseAll(tx *db.Tx, id string) error
	// Gather puts aside what the walk needs to know of the tenant's people, before their keys go.
	Gather(ctx context.Context, tenant, id string) error
	// Advance goes on with a walk for a short time; it does nothing before the erasure in the vault has come about.
	Advance(ctx context.Context, tenant, id string) error
	// Drop forgets a walk whose erasure did not come about.
	Drop(tx *db.Tx, id string) error
	// Of tells what was done, and whether that goes on.
	Of(tx *db.Tx, id string) (lines connect.Report, pending bool, err error)
}

// OffBoarding is how far a tenant's leaving has come.
type OffBoarding struct {
	Certificate
	Due      time.Time        // by when nothing is to be left; zero if no clause says
	Sweeping map[string]int64 // what a sweep under way has removed so far
}

// actor is the desk in the ledger.
const actor = "clause"

// OffBoard begins the off-boarding of a tenant: when it returns, the tenant is unreadable for good. Its data is
// swept after that, and a certificate follows. Asked again, it tells how far that has come.
func (d *Desk) OffBoard(ctx context.Context, c vault.Caller, tenant string) (OffBoarding, error) {
	const op = "retention.OffBoard"
	if err := d.Vault.Admit(ctx, c, "tenant.off-board", "", vault.ScopeAdmin); err != nil {
		return OffBoarding{}, err
	}
	err := d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error { return d.begin(tx, c.Credential.ID) })
	if err != nil {
		return OffBoarding{}, fault.Wrap(op, err)
	}
	if err := d.erase(ctx, c, tenant); err != nil {
		return OffBoarding{}, fault.Wrap(op, err)
	}
	return d.progress(ctx, tenant)
}

// gather puts aside what the walk of an off-boarding must know, while the tenant's keys are there.
func (d *Desk) gather(ctx context.Context, tenant string) error {
	if d.Outside == nil {
		return nil
	}
	var open []Certificate
	err := d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		open, err = certificatesWhere(tx, `kind = $2 AND state = $3`, proof.OfTenant, string(Open))
		return err
	})
	if err != nil || len(open) == 0 {
		return err
	}
	return d.Outside.Gather(ctx, tenant, open[0].ID)
}

// begin starts the clocks, unless an off-boarding is under way.
func (d *Desk) begin(tx *db.Tx, by string) error {
	const op = "retention.begin"
	known, err := certificatesWhere(tx, `kind = $2`, proof.OfTenant)
	if err != nil || len(known) > 0 {
		return err
	}
	if err := d.Vault.MayLeave(tx); err != nil {
		return err
	}
	cert := Certificate{ID: newID(), Kind: proof.OfTenant, State: Open, Opened: tx.Now()}
	if err := insert(tx, &cert); err != nil {
		return err
	}
	if d.Outside != nil {
		if err := d.Outside.EraseAll(tx, cert.ID); err != nil {
			return fault.Wrap(op, err)
		}
	}
	for _, owed := range d.Duties {
		if _, err := d.Engine.Open(tx, owed, cert.ID); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return ledger.Append(tx, proof.Entry{Kind: "off-boarding.begin", Actor: by, Answer: proof.Allow, Clauses: d.clauses(), Detail: map[string]string{"certificate": cert.ID}})
}

func (d *Desk) clauses() (all []string) {
	for _, owed := range d.Duties {
		all = append(all, owed.Clause)
	}
	return all
}

// erase erases the tenant; that it is erased already is as good.
func (d *Desk) erase(ctx context.Context, c vault.Caller, tenant string) error {
	if err := d.gather(ctx, tenant); err != nil {
		return err
	}
	err := d.Vault.EraseTenant(ctx, c, tenant)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// OffBoarding returns how far a tenant's off-boarding has come. NotFound if none was begun.
func (d *Desk) OffBoarding(ctx context.Context, c vault.Caller, tenant string) (OffBoarding, error) {
	if err := d.Vault.Admit(ctx, c, "off-boarding.read", "", vault.ScopeAdmin); err != nil {
		return OffBoarding{}, err
	}
	return d.progress(ctx, tenant)
}

func (d *Desk) progress(ctx context.Context, tenant string) (out OffBoarding, err error) {
	const op = "retention.progress"
	err = d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := certificatesWhere(tx, `kind = $2`, proof.OfTenant)
		if err == nil && len(all) == 0 {
			err = fault.New(op, fault.NotFound, "the tenant is not being off-boarded")
		}
		if err != nil {
			return err
		}
		out = OffBoarding{Certificate: all[0]}
		if err := d.outside(tx, &out.Certificate); err != nil {
			return err
		}
		if out.Sweeping, err = vault.Sweeping(tx, ""); err != nil {
			return err
		}
		clocks, err := d.Engine.Of(tx, out.ID)
		for i := range clocks {
			if due := clocks[i].Due; out.Due.IsZero() || due.Before(out.Due) {
				out.Due = due
			}
		}
		return err
	})
	return out, fault.Wrap(op, err)
}

// EraseSubject erases a person like the vault does, and certifies it: about is the id that whoever asked gave
// the erasure, the only one that the certificate will name. Under a legal hold the certificate follows once
// what was kept is erased too. Asked again while the erasure is under way, it tells of the same certificate.
func (d *Desk) EraseSubject(ctx context.Context, c vault.Caller, tenant, subject, about string) (Certificate, error) {
	const op = "retention.EraseSubject"
	if !vault.IsReference(about) {
		return Certificate{}, fault.New(op, fault.Invalid, "an erasure has an id of yours, which the certificate names; no name and no address").WithField("about")
	}
	if err := d.Vault.Admit(ctx, c, "erasure.certify", tenant, vault.ScopeSubjects); err != nil {
		return Certificate{}, err
	}
	var cert Certificate
	opened := false
	err := d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		known, err := certificatesWhere(tx, `subject_id = $2 AND subject_id <> ''`, subject)
		if err != nil {
			return err
		}
		if opened = len(known) == 0; !opened {
			cert = known[0]
			return nil
		}
		cert = Certificate{ID: newID(), Kind: proof.OfPerson, About: about, subject: subject, State: Open, Opened: tx.Now()}
		if err := d.Vault.Lives(tx, subject); err != nil { // else an id of anybody's making could be stored
			return err
		}
		if d.Outside != nil {
			if err := d.Outside.Erase(tx, cert.ID, about, subject); err != nil {
				return err
			}
		}
		return insert(tx, &cert)
	})
	if err != nil {
		return Certificate{}, fault.Wrap(op, err)
	}
	err = d.Vault.EraseSubject(ctx, c, tenant, subject)
	if err == nil || fault.Is(err, fault.NotFound) { // erased now, or before: the sweep is on its way
		return cert, fault.Wrap(op, d.walk(ctx, tenant, &cert))
	}
	if opened && !fault.Is(err, fault.Unavailable) {
		if failed := d.forget(ctx, tenant, &cert); failed != nil {
			return Certificate{}, fault.Wrap(op, failed)
		}
	}
	return Certificate{}, fault.Wrap(op, err)
}

// walk goes on with the walk of a certificate. What is left goes on by itself.
func (d *Desk) walk(ctx context.Context, tenant string, cert *Certificate) error {
	if d.Outside == nil {
		return nil
	}
	if err := d.Outside.Advance(ctx, tenant, cert.ID); err != nil && !fault.Is(err, fault.Unavailable) {
		return err
	}
	return d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error { return d.outside(tx, cert) })
}

// outside fills in what was done in other systems.
func (d *Desk) outside(tx *db.Tx, c *Certificate) (err error) {
	if d.Outside != nil {
		c.Systems, c.going, err = d.Outside.Of(tx, c.ID)
	}
	return err
}

// drop forgets a certificate that is open, and its walk.
func (d *Desk) drop(tx *db.Tx, id string) error {
	n, err := tx.Exec(`DELETE FROM certificates WHERE tenant_id = $1 AND certificate_id = $2 AND state = $3`, tx.Tenant(), id, string(Open))
	if err != nil || n == 0 || d.Outside == nil {
		return err
	}
	return d.Outside.Drop(tx, id)
}

// Certificate returns a certificate, issued or not.
func (d *Desk) Certificate(ctx context.Context, c vault.Caller, tenant, id string) (cert Certificate, err error) {
	if err := d.admit(ctx, c, "certificate.read", tenant); err != nil {
		return Certificate{}, err
	}
	err = d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := certificatesWhere(tx, `certificate_id = $2`, id)
		if err == nil && len(all) == 0 {
			err = fault.New("retention.Certificate", fault.NotFound, "the tenant has no such certificate")
		}
		if err != nil {
			return err
		}
		cert = all[0]
		return d.outside(tx, &cert)
	})
	return cert, err
}

// Certificates returns a page of a tenant's certificates, without their documents, and the cursor of the next
// page, "" on the last.
func (d *Desk) Certificates(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (page []Certificate, next string, err error) {
	if err := d.admit(ctx, c, "certificate.list", tenant); err != nil {
		return nil, "", err
	}
	err = d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		page, err = certificatesWhere(tx, `certificate_id > $2 ORDER BY certificate_id LIMIT $3`, cursor, limit+1)
		return err
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// admit lets in who may administer tenants, and who may erase people of this one.
func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	if c.Has(vault.ScopeAdmin) {
		return d.Vault.Admit(ctx, c, act, "", vault.ScopeAdmin)
	}
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeSubjects, vault.ScopeAudit)
}

func newID() string { return "cert_" + strings.ToLower(rand.Text()) }
