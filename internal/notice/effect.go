package notice

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

// mayFollow reports why a policy may not follow another at a moment, nil if it may; beside it what the
// change comes to, and the announced version by which people were told of it, nil if nobody had to be.
func (d *Desk) mayFollow(ctx context.Context, old, next *policy.Policy, at time.Time, drill bool) (*row, judgement, error) {
	zone := d.zone(old)
	j, err := d.compare(old, next, dayOf(at, zone))
	if err != nil || len(j.owed) == 0 {
		return nil, j, err
	}
	v, err := d.announcement(ctx, old, next, drill)
	switch {
	case err != nil:
		return nil, j, err
	case v == nil:
		return nil, j, untoldError(j)
	case v.told.IsZero():
		return nil, j, fault.New("notice.mayFollow", fault.Refused, "people are still being told of this policy: its notice has not gone out to all").
			WithClause(j.owed[0].Clause).WithHint("clause policy list shows how far it has got; start with the policy in force until then")
	}
	after, err := d.compare(old, next, dayOf(v.told, zone))
	if err != nil {
		return nil, j, err
	}
	first := latest(after.first, next.Effective, dayOf(v.effective, zone))
	if after.first.IsZero() || at.Before(begins(first, zone)) {
		return nil, j, fault.New("notice.mayFollow", fault.Refused, "people were told of this policy, and it cannot take effect before %s", diff.Day{Time: first}).
			WithClause(j.owed[0].Clause).WithHint("start with the policy in force until then")
	}
	return v, j, nil
}

func latest(days ...time.Time) time.Time { return slices.MaxFunc(days, time.Time.Compare) }

// untoldError says what nobody has been told of yet.
func untoldError(j judgement) error {
	const few = 3
	said := strings.Join(j.changes[:min(few, len(j.changes))], " ")
	if more := len(j.changes) - few; more > 0 {
		said += " And more."
	}
	hint := "clause policy announce FILE has the running server tell them"
	if !j.first.IsZero() {
		hint += "; told today, it can take effect on " + diff.Day{Time: j.first}.String()
	}
	return fault.New("notice.mayFollow", fault.Refused, "the policy changes what people were promised notice of, and they have not been told: %s", said).
		WithClause(j.owed[0].Clause).WithHint("%s; start with the policy in force until then", hint)
}

// announcement is the version by which people were told of a policy: of this very one, or of one from
// which it differs in nothing material, such as a later date.
func (d *Desk) announcement(ctx context.Context, old, next *policy.Policy, drill bool) (*row, error) {
	all, err := d.versions(ctx, `state = 'announced' AND base = $1`, old.Digest)
	if err != nil {
		return nil, err
	}
	for i := len(all) - 1; i >= 0; i-- {
		v := &all[i]
		if (v.drill != "") != drill {
			continue
		}
		if v.digest == next.Digest {
			return v, nil
		}
		told, err := d.Parse(v.source)
		if err != nil {
			continue // of another version of this program: it proves nothing
		}
		if len(diff.Of(told, next, d.Controls, v.registered).Material(true)) == 0 {
			return v, nil
		}
	}
	return nil, nil
}

// MayTakeEffect reports why a policy cannot take effect at a moment, for a version announced as a drill.
func (d *Desk) MayTakeEffect(ctx context.Context, src []byte, at time.Time) error {
	next, err := d.Parse(src)
	if err != nil {
		return fault.Wrap("notice.MayTakeEffect", err)
	}
	_, _, err = d.mayFollow(ctx, d.Policy, next, at, true)
	return err
}

// consentsMark is the meta key of the editions of purposes, see Editions.
const consentsMark = "consent-editions"

// Editions names, for each purpose that outgrew consents once given to it, the version since which only
// newer consents count.
func (d *Desk) Editions(ctx context.Context) (editions map[string]string, err error) {
	err = d.Engine.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		editions, err = editionsIn(tx)
		return err
	})
	return editions, fault.Wrap("notice.Editions", err)
}

func editionsIn(tx *db.Tx) (map[string]string, error) {
	editions := map[string]string{}
	var known []byte
	err := tx.One(`SELECT value FROM meta WHERE key = $1`, []any{consentsMark}, &known)
	if fault.Is(err, fault.NotFound) {
		return editions, nil
	}
	if err == nil && json.Unmarshal(known, &editions) != nil {
		err = fault.New("notice.editions", fault.Other, "the editions of the purposes are damaged in the store")
	}
	return editions, err
}

// TakeEffect records that the policy the server runs is in force from now on, and refuses where people
// must be told before. Without notice, which is for emergencies, it goes on: that is recorded, the
// clauses that promised notice are broken until everybody was told after all.
func (d *Desk) TakeEffect(ctx context.Context, who string, withoutNotice bool) error {
	const op = "notice.TakeEffect"
	old, known, err := d.current(ctx)
	if err != nil && !(withoutNotice && fault.Is(err, fault.Invalid)) {
		return fault.Wrap(op, err)
	}
	e := effect{desk: d, who: who, known: known, old: old, forced: err != nil}
	if old != nil && old.Digest != d.Policy.Digest {
		if e, err = d.effect(ctx, e, old, withoutNotice); err != nil {
			return err
		}
	}
	return fault.Wrap(op, d.Engine.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		digest, err := inForce(tx)
		switch {
		case err != nil:
			return err
		case digest == d.Policy.Digest:
			return e.keepSource(tx)
		case digest != known:
			return fault.New(op, fault.Conflict, "another server has just put another policy into force").WithHint("start all servers of a store with one policy")
		}
		return e.record(tx)
	}))
}

// current is the policy last in force and its digest: nil before the first start, and where a store was
// last served by a program that did not keep the file.
func (d *Desk) current(ctx context.Context) (p *policy.Policy, digest string, err error) {
	var kept []row
	err = d.Engine.DB.Read(ctx, "", func(tx *db.Tx) error {
		if digest, err = inForce(tx); err != nil || digest == "" {
			return err
		}
		kept, err = versions(tx, `state = 'in-force' AND digest = $1`, digest)
		return err
	})
	if err != nil || len(kept) == 0 || digest == d.Policy.Digest {
		return nil, digest, err
	}
	p, err = d.Parse(kept[0].source)
	if err != nil {
		return nil, digest, fault.New("notice.current", fault.Invalid, "the policy in force cannot be read by this program, so that nobody can tell what changes: %s", firstLine(err.Error())).
			WithHint("start the program that served it, or take the controls it does not know out of the policy first")
	}
	return p, digest, nil
}

// effect is what is recorded when a policy takes effect.
type effect struct {
	desk      *Desk
	who       string
	known     string         // digest of the policy before
	old       *policy.Policy // the one before; nil where there is none, or it cannot be read
	told      *row           // the version by which people were told; nil if nobody had to be
	judgement                // what it changes
	forced    bool           // nobody was told
}

// effect judges whether the policy may take effect now.
func (d *Desk) effect(ctx context.Context, e effect, old *policy.Policy, withoutNotice bool) (effect, error) {
	told, j, err := d.mayFollow(ctx, old, d.Policy, d.Vault.Now(), false)
	e.told, e.judgement = told, j
	if !fault.Is(err, fault.Refused) {
		return e, err
	}
	there, failed := d.anybody(ctx)
	switch {
	case failed != nil:
		return e, failed
	case there && !withoutNotice:
		return e, err
	}
	e.forced = there
	return e, nil
}

// keepSource keeps the policy in force for who comes after, where a program before this one did not.
func (e *effect) keepSource(tx *db.Tx) error {
	if err := e.disclosures(tx); err != nil {
		return err
	}
	kept, err := versions(tx, `state = 'in-force' AND digest = $1`, e.desk.Policy.Digest)
	if err != nil || len(kept) > 0 {
		return err
	}
	return e.settle(tx)
}

// record puts the policy into force.
func (e *effect) record(tx *db.Tx) error {
	if err := setMeta(tx, inForceMark, []byte(e.desk.Policy.Digest)); err != nil {
		return err
	}
	if err := errors.Join(e.outgrown(tx), e.disclosures(tx)); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE policy_versions SET state = $1 WHERE state = $2`, string(Past), string(InForce))
	if err != nil {
		return err
	}
	if len(e.owed) == 0 { // nothing material: what was announced to follow the old one can follow this one
		if _, err := tx.Exec(`UPDATE policy_versions SET base = $1 WHERE state = $2 AND base = $3`, e.desk.Policy.Digest, string(Announced), e.known); err != nil {
			return err
		}
	}
	if e.told != nil && e.told.digest != e.desk.Policy.Digest { // what was told had another date
		if _, err := tx.Exec(`UPDATE policy_versions SET state = $2 WHERE version_id = $1`, e.told.id, string(Past)); err != nil {
			return err
		}
	}
	if err := e.settle(tx); err != nil {
		return err
	}
	entry := proof.Entry{Kind: "policy.in-force", Actor: e.who, Detail: map[string]string{"sha256": e.desk.Policy.Digest}}
	if e.forced {
		entry.Reason = "without notice"
		for _, p := range e.owed {
			entry.Clauses = append(entry.Clauses, p.Clause)
		}
	}
	return ledger.Append(tx, entry)
}

// settle keeps the policy as the one in force. Where it took effect without notice, clocks are opened
// that were missed from their first moment, and that telling everybody discharges.
func (e *effect) settle(tx *db.Tx) error {
	d := e.desk
	v := row{id: d.id(d.Policy, false), digest: d.Policy.Digest, base: e.known, source: d.Policy.Source, state: InForce, registered: tx.Now(), since: tx.Now(), told: tx.Now()}
	known, err := versions(tx, `version_id = $1`, v.id)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		was := known[0]
		v.base, v.changes, v.recipients, v.owed, v.asks, v.registered, v.passed, v.told = was.base, was.changes, was.recipients, was.owed, was.asks, was.registered, was.passed, was.told
	}
	if e.forced {
		if err := d.missed(tx, &v, e.judgement); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`DELETE FROM policy_versions WHERE version_id = $1`, v.id); err != nil {
		return err
	}
	return insert(tx, &v)
}

// missed opens the clocks of a notice that should have gone out before now.
func (d *Desk) missed(tx *db.Tx, v *row, j judgement) error {
	v.told, v.passed, v.changes, v.recipients, v.asks = time.Time{}, time.Time{}, j.changes, j.recipients, j.asks
	for _, p := range j.owed {
		clock, err := d.Engine.OpenAhead(tx, p.duty(), v.id, tx.Now())
		if err != nil {
			return err
		}
		v.owed = append(v.owed, owed{p, clock.ID})
	}
	return nil
}

// outgrown voids the consents that do not cover what their purposes are now: consent covers what people
// were told of, and no more (EDPB guidelines 05/2020, para. 64).
func (e *effect) outgrown(tx *db.Tx) error {
	if len(e.consents) == 0 {
		return nil
	}
	editions, err := editionsIn(tx)
	if err != nil {
		return err
	}
	for _, purpose := range e.consents {
		editions[purpose] = e.desk.Policy.Digest[:16]
	}
	value, err := json.Marshal(editions)
	if err != nil {
		return fault.As("notice.outgrown", fault.Other, err)
	}
	return setMeta(tx, consentsMark, value)
}
