package notice

import (
	"context"
	"errors"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
	"clause.dev/clause/internal/vault"
)

// Announce has people told of a version that is to follow the one in force. One that changes nothing
// material, or that nobody was promised notice of, is not kept: it can take effect at the next start. A
// drill goes the same way for the canary alone, and never takes effect.
func (d *Desk) Announce(ctx context.Context, c vault.Caller, src []byte, drill bool) (Version, error) {
	const op = "notice.Announce"
	if err := d.Vault.Admit(ctx, c, "policy.announce", "", vault.ScopeAdmin); err != nil {
		return Version{}, err
	}
	zone := d.zone(d.Policy)
	on := dayOf(d.Vault.Now(), zone)
	next, err := d.sound(src, on)
	if err != nil {
		return Version{}, err
	}
	if next.Digest == d.Policy.Digest {
		return Version{}, fault.New(op, fault.Conflict, "this version is the one in force")
	}
	j, err := d.compare(d.Policy, next, on)
	if err != nil {
		return Version{}, err
	}
	v := row{id: d.id(next, drill), digest: next.Digest, base: d.Policy.Digest, source: src, state: Announced, changes: j.changes, recipients: j.recipients, asks: j.asks}
	if drill {
		v.drill = d.Canaries[0]
	}
	if len(j.owed) == 0 {
		return Version{ID: v.id, Digest: v.digest, Version: next.Version, State: Free, Drill: drill, Dated: next.Effective, First: on, Changes: j.changes, Recipients: j.recipients}, nil
	}
	if err := errors.Join(dated(next, j), reachable(d.Policy, j.owed)); err != nil {
		return Version{}, err
	}
	v.effective = begins(next.Effective, zone)
	if err := d.keep(ctx, c, &v, j, lastMoment(next.Effective, zone)); err != nil {
		return Version{}, fault.Wrap(op, err)
	}
	if drill { // there are few canaries, and a probe is waiting
		if err := d.run(ctx, &v, d.Vault.Now()); err != nil {
			return Version{}, fault.Wrap(op, err)
		}
	}
	return d.version(&v)
}

// id names a version by what it says, so that one is announced once.
func (d *Desk) id(p *policy.Policy, drill bool) string {
	if drill {
		return "pd_" + p.Digest[:26]
	}
	return "pv_" + p.Digest[:26]
}

// dated refuses a version that does not say when it takes effect, or says a day too early to be told of.
func dated(next *policy.Policy, j judgement) error {
	const op = "notice.dated"
	clause := j.owed[0].Clause
	switch {
	case j.first.IsZero():
		return fault.New(op, fault.Invalid, "no first day can be counted from %q", j.owed[0].Ahead).WithClause(clause).WithField("policy")
	case next.Effective.IsZero():
		return fault.New(op, fault.Invalid, "the policy does not say when it takes effect, and people must be told").WithClause(clause).WithField("policy").
			WithHint("write effective: %s, or a later day: the promised time begins when the last notice has gone out", diff.Day{Time: j.first})
	case next.Effective.Before(j.first):
		return fault.New(op, fault.Invalid, "the policy is dated %s and cannot take effect before %s: people were promised notice of %s", diff.Day{Time: next.Effective}, diff.Day{Time: j.first}, j.owed[0].Ahead).
			WithClause(clause).WithField("policy").WithHint("write effective: %s, or a later day", diff.Day{Time: j.first})
	}
	return nil
}

// reachable refuses a notice by a channel for which the policy in force names no address: its messages
// would be given up, and the promise broken in silence.
func reachable(p *policy.Policy, owed []Promise) error {
	for _, o := range owed {
		for _, channel := range o.Channels {
			if channel == notify.Email && p.Contacts.Email == "" || channel == notify.Letter && p.Contacts.Address == "" {
				return fault.New("notice.reachable", fault.Conflict, "people were promised notice by %s, and the policy in force does not say how they are reached", channel).WithClause(o.Clause).
					WithHint("add contacts to the policy first, and start the server with that: it is no material change")
			}
		}
	}
	return nil
}

// keep records a version with the clocks of its notice.
func (d *Desk) keep(ctx context.Context, c vault.Caller, v *row, j judgement, event time.Time) error {
	return d.Engine.DB.Write(ctx, v.home(), func(tx *db.Tx) error {
		v.registered, v.owed = tx.Now(), nil
		var clauses []string
		for _, p := range j.owed {
			clock, err := d.Engine.OpenAhead(tx, p.duty(), v.id, event)
			if err != nil {
				return err
			}
			v.owed, clauses = append(v.owed, owed{p, clock.ID}), append(clauses, p.Clause)
		}
		if err := insert(tx, v); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "policy.announced", Actor: c.Credential.ID, Clauses: clauses, Detail: map[string]string{"version": v.id, "sha256": v.digest}})
	})
}

// Versions returns the version in force and those announced, the oldest first, to whoever has a key.
func (d *Desk) Versions(ctx context.Context) ([]Version, error) {
	all, err := d.versions(ctx, `state IN ('in-force', 'announced') AND drill = ''`)
	if err != nil {
		return nil, err
	}
	var out []Version
	for i := range all {
		v, err := d.version(&all[i])
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Version returns a version, and how far its notice has got.
func (d *Desk) Version(ctx context.Context, c vault.Caller, id string) (Version, Progress, error) {
	if err := d.Vault.Admit(ctx, c, "policy.read", "", vault.ScopeAdmin); err != nil {
		return Version{}, Progress{}, err
	}
	kept, err := d.one(ctx, id)
	if err != nil {
		return Version{}, Progress{}, err
	}
	if kept.drill != "" {
		if err := d.run(ctx, kept, d.Vault.Now()); err != nil {
			return Version{}, Progress{}, err
		}
	}
	v, err := d.version(kept)
	if err != nil {
		return Version{}, Progress{}, err
	}
	p, err := d.progress(ctx, kept)
	return v, p, err
}

// version tells of a version what people may know.
func (d *Desk) version(r *row) (Version, error) {
	p, err := d.Parse(r.source)
	if err != nil {
		return Version{}, fault.Wrap("notice.version", err)
	}
	v := Version{
		ID: r.id, Digest: r.digest, Version: p.Version, State: r.state, Drill: r.drill != "", Registered: r.registered, Dated: p.Effective,
		Told: r.told, Since: r.since, Changes: r.changes, Recipients: r.recipients,
	}
	for _, o := range r.owed {
		v.Promises = append(v.Promises, o.Promise)
	}
	if r.state == Announced {
		v.First, err = d.firstOf(r, p)
	}
	return v, err
}

// firstOf is the first day an announced version can take effect, as things stand: the promised time after
// its last notice, which may still be to come.
func (d *Desk) firstOf(r *row, p *policy.Policy) (time.Time, error) {
	last := r.told
	if last.IsZero() {
		last = d.Vault.Now()
	}
	j, err := d.compare(d.Policy, p, dayOf(last, d.zone(d.Policy)))
	if p.Effective.After(j.first) {
		return p.Effective, err
	}
	return j.first, err
}

// progress counts whom a version's notice has reached.
func (d *Desk) progress(ctx context.Context, v *row) (p Progress, err error) {
	all, err := d.tenants(ctx, v.drill)
	if err != nil {
		return p, err
	}
	for _, tenant := range all {
		err := d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
			people, reached, err := notify.Reached(tx, v.id)
			if err != nil {
				return err
			}
			counts, err := notify.Tallies(tx, v.id)
			p.People, p.Unreached = p.People+people, p.Unreached+people-reached
			p.Messages = sum(p.Messages, counts)
			return err
		})
		if err != nil {
			return p, fault.Wrap("notice.progress", err)
		}
	}
	return p, nil
}

func sum(all, more []notify.Tally) []notify.Tally {
next:
	for _, m := range more {
		for i := range all {
			if all[i].Channel == m.Channel && all[i].State == m.State {
				all[i].Count += m.Count
				continue next
			}
		}
		all = append(all, m)
	}
	return all
}

// Withdraw takes an announced version back: it will not take effect. Of a drill nothing is left.
func (d *Desk) Withdraw(ctx context.Context, c vault.Caller, id string) error {
	if err := d.Vault.Admit(ctx, c, "policy.withdraw", "", vault.ScopeAdmin); err != nil {
		return err
	}
	v, err := d.one(ctx, id)
	if err != nil {
		return err
	}
	if v.state != Announced {
		return fault.New("notice.Withdraw", fault.Conflict, "the version is %s: only one that is announced can be withdrawn", v.state)
	}
	return d.withdraw(ctx, v, c.Credential.ID, "withdrawn")
}

func (d *Desk) withdraw(ctx context.Context, v *row, actor, reason string) error {
	const op = "notice.withdraw"
	err := d.Engine.DB.Write(ctx, v.home(), func(tx *db.Tx) error {
		n, err := tx.Exec(`UPDATE policy_versions SET state = $2, passed_at = $4 WHERE version_id = $1 AND state = $3`, v.id, string(Withdrawn), string(Announced), db.Micros(tx.Now()))
		if v.drill != "" {
			n, err = tx.Exec(`DELETE FROM policy_versions WHERE version_id = $1`, v.id)
		}
		if err != nil || n == 0 {
			return err
		}
		if err := d.cancel(tx, v, reason); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "policy.withdrawn", Actor: actor, Reason: reason, Detail: map[string]string{"version": v.id, "sha256": v.digest}})
	})
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, d.recall(ctx, v))
}

// cancel ends the clocks that run of a version's notice. One that was missed stays: it was owed.
func (d *Desk) cancel(tx *db.Tx, v *row, reason string) error {
	for _, o := range v.owed {
		if err := d.Engine.Cancel(tx, o.Clock, reason); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

// recall takes back the messages that have not gone out; of a drill, all.
func (d *Desk) recall(ctx context.Context, v *row) error {
	all, err := d.tenants(ctx, v.drill)
	if err != nil {
		return err
	}
	for _, tenant := range all {
		err := d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			if v.drill != "" {
				return notify.Withdraw(tx, v.id)
			}
			_, err := tx.Exec(`DELETE FROM outbox WHERE tenant_id = $1 AND event = $2 AND state = $3`, tenant, v.id, notify.Waiting)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
