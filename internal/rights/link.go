package rights

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// A link is the tenant's id, a dot, and a secret of 130 random bits, of which the store keeps the SHA-256.
// It is told to whoever answers the request, this once, and stands in no message, log or ledger. It is
// good for one download: what a mail scanner or a proxy has fetched before, the person asks for again.

// LinkHolds is how long the link to a package holds.
const LinkHolds = 7 * 24 * time.Hour

const secretLength = 26

// link answers a request by a link to a package. Answered again it gives a new one, and the one before
// holds no longer.
func (d *Desk) link(ctx context.Context, tenant, id, who string) (Request, string, error) {
	secret := strings.ToLower(rand.Text())
	hash := sha256.Sum256([]byte(secret))
	r, err := d.move(ctx, tenant, id, func(tx *db.Tx, r *Request) error {
		if err := r.mustBe(Received, InProgress, Answered); err != nil {
			return err
		}
		if r.alias == "" {
			return fault.New("rights.link", fault.Erased, "the person was erased: there is nothing to hand out")
		}
		r.linkHash, r.LinkUntil, r.LinkUsed = hash[:], tx.Now().Add(LinkHolds), time.Time{}
		if r.State == Answered {
			if err := d.note(tx, r, who, "request.link-renewed", ""); err != nil {
				return err
			}
			return update(tx, r)
		}
		return d.finish(tx, r, who)
	})
	if err != nil {
		return Request{}, "", err
	}
	return r, tenant + "." + secret, nil
}

// Download takes a link, which holds no longer then, and returns the package it leads to. That it was
// taken, and what is handed out, is in the ledger before it returns. A link that is unknown, used, over or
// of somebody who was erased is NotFound: which of them is not told.
func (d *Desk) Download(ctx context.Context, token string) (*Package, error) {
	const op = "rights.Download"
	gone := fault.New(op, fault.NotFound, "the link is none that holds: it was used, or its time is over").
		WithHint("ask whoever gave it to you for a new one")
	at := strings.LastIndexByte(token, '.')
	if at < 1 || len(token)-at-1 != secretLength || len(token) > 128 {
		return nil, gone
	}
	tenant, hash := token[:at], sha256.Sum256([]byte(token[at+1:]))
	var found Request
	err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error { // a guess costs no write
		r, err := byLink(tx, hash[:])
		if err == nil {
			found = *r
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	p, err := d.handOut(ctx, tenant, &found, found.ID, func(r *Request) bool { return string(r.linkHash) == string(hash[:]) })
	if fault.Is(err, fault.NotFound) {
		return nil, gone
	}
	return p, fault.Wrap(op, err)
}

// handOut has other systems hand out what they hold, takes the package of a request for whom it is for, if it is
// still theirs, and returns it.
func (d *Desk) handOut(ctx context.Context, tenant string, found *Request, who string, theirs func(*Request) bool) (*Package, error) {
	spool, err := d.collect(ctx, tenant, found, d.Vault.Now())
	if err != nil {
		return nil, err
	}
	r, err := d.move(ctx, tenant, found.ID, func(tx *db.Tx, r *Request) error {
		if !theirs(r) {
			return errNoRequest()
		}
		return d.take(tx, r, who)
	})
	var p *Package
	if err == nil {
		p, err = d.packageOf(ctx, tenant, r)
	}
	if err != nil {
		spool.close()
		return nil, err
	}
	p.spool = spool
	return p, nil
}

// packageOf reads what a person is given.
func (d *Desk) packageOf(ctx context.Context, tenant string, r Request) (*Package, error) {
	person := vault.Caller{
		Credential: decision.Credential{ID: r.ID, Tenants: []string{tenant}, Environment: d.Vault.Environment},
		Scopes:     []string{vault.ScopeSubjects},
	}
	whole, err := d.Vault.Whole(ctx, person, tenant, r.Subject)
	if err != nil {
		return nil, err
	}
	return &Package{desk: d, tenant: tenant, request: r, whole: whole, made: d.Vault.Now().UTC()}, nil
}

// take uses up the link of a request.
func (d *Desk) take(tx *db.Tx, r *Request, who string) error {
	holds := r.LinkUsed.IsZero() && tx.Now().Before(r.LinkUntil)
	if !holds || r.State != Answered || r.alias == "" {
		return errNoRequest()
	}
	r.LinkUsed, r.linkHash = tx.Now(), nil
	if err := d.note(tx, r, who, "request.downloaded", ""); err != nil {
		return err
	}
	return update(tx, r)
}

func byLink(tx *db.Tx, hash []byte) (*Request, error) {
	all, err := where(tx, `link_hash = $2`, hash)
	if err == nil && len(all) == 0 {
		err = errNoRequest()
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}
