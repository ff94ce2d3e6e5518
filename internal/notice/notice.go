// Package notice tells people of a new version of the policy before it takes effect, and keeps the old
// one in force until they were told.
//
// A version is announced to the running server. What it changes is told to everybody it concerns, by the
// channels that the version in force promises, each person once; only when the last notice has gone out
// does the promised time begin. A server refuses to start with a policy before that time is over.
package notice

import (
	"context"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
	"clause.dev/clause/internal/policy/diff"
	"clause.dev/clause/internal/vault"
)

// Promise is what a clause says of the notice of changes.
type Promise struct {
	Clause   string           `json:"clause"`
	Control  string           `json:"control"`
	Ahead    policy.Term      `json:"ahead"`
	Channels []notify.Channel `json:"channels"`
	OptOut   bool             `json:"opt_out,omitempty"` // people can opt out of who newly receives data
}

// Evidence is what discharges the clock of a notice: that the last one went out.
const Evidence = "notices-sent"

// duty is what a promise owes for one version.
func (p *Promise) duty() obligation.Duty {
	return obligation.Duty{Kind: p.Control, Clause: p.Clause, Limit: p.Ahead, Evidence: Evidence, Again: policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}}
}

// Promised is all that a policy says of it, and the zone whose days count.
type Promised struct {
	Promises []Promise
	Papers   []obligation.Duty // what is owed to who asks for a notice on paper
	Zone     *time.Location
}

// Desk announces versions, and says which may take effect.
type Desk struct {
	Vault    *vault.Vault // admits callers
	Engine   *obligation.Engine
	Policy   *policy.Policy // what the server runs
	Controls policy.Vocabulary
	Parse    func(src []byte) (*policy.Policy, error)
	Promised func(*policy.Policy) (Promised, error)
	// Canaries are tenants of nobody real: drills concern the first alone, versions everybody but them.
	Canaries []string
}

// State is where a version stands.
type State string

// The states.
const (
	Free      State = "free"      // not kept: it changes nothing that must be announced
	Announced State = "announced" // people are told, or have been
	InForce   State = "in-force"
	Past      State = "past"      // it was in force
	Withdrawn State = "withdrawn" // it was announced, and will not take effect
)

// Version is a version of the policy.
type Version struct {
	ID, Digest, Version string
	State               State
	Drill               bool
	Registered          time.Time
	Dated               time.Time // the day it says it takes effect, as 00:00 UTC of that day; zero for none
	Told                time.Time // when the last notice went out; zero while some wait
	First               time.Time // the first day it can take effect, as things stand, as 00:00 UTC
	Since               time.Time // when it took effect; zero for never
	Changes             []string  // what changes materially, in sentences
	Promises            []Promise
	Recipients          []string // who newly receives data by it
}

// Progress is how far an announcement has got.
type Progress struct {
	People    int // told, or being told
	Unreached int // people whom no message has reached yet
	Messages  []notify.Tally
}

// judgement is what must happen before one policy can follow another.
type judgement struct {
	changes  []string  // material ones
	owed     []Promise // the promises of the old policy that are about them
	first    time.Time // the first day, if the last notice goes out on the day asked about; zero if nothing tells
	asks     bool      // people must be asked for consent
	consents []string  // purposes whose consents do not cover what they are now

	recipients []string // who newly receives data
}

// compare judges a change, were its last notice to go out on a day.
func (d *Desk) compare(old, next *policy.Policy, on time.Time) (j judgement, err error) {
	promised, err := d.Promised(old)
	if err != nil {
		return j, fault.Wrap("notice.compare", err)
	}
	r := diff.Of(old, next, d.Controls, on)
	for _, c := range r.Material(true) {
		j.changes = append(j.changes, c.Says)
	}
	j.asks, j.recipients = len(r.Consents) > 0, newcomers(old, next)
	for _, c := range r.Consents {
		if c.Sort == "purpose" && c.Lacking {
			j.consents = append(j.consents, c.ID)
		}
	}
	counted := true
	for _, about := range r.Notice.Promises {
		i := slices.IndexFunc(promised.Promises, func(p Promise) bool { return p.Clause == about.Clause && p.Control == about.Control })
		if i < 0 {
			continue // of a control that is not built
		}
		j.owed = append(j.owed, promised.Promises[i])
		counted = counted && !about.First.IsZero()
		if about.First.After(j.first) {
			j.first = about.First.Time
		}
	}
	if !counted {
		j.first = time.Time{}
	}
	return j, nil
}

// zone is whose days count.
func (d *Desk) zone(p *policy.Policy) *time.Location {
	promised, err := d.Promised(p)
	if err != nil || promised.Zone == nil {
		return time.UTC
	}
	return promised.Zone
}

// dayOf is the day of a moment in a zone, as its 00:00 UTC: as policies are dated.
func dayOf(t time.Time, zone *time.Location) time.Time {
	y, m, day := t.In(zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
}

// begins is when a day begins in a zone.
func begins(day time.Time, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
}

// lastMoment is the last one of a day: what must be done some days ahead of a day may be done until
// midnight of the day it falls on.
func lastMoment(day time.Time, zone *time.Location) time.Time {
	return begins(day.AddDate(0, 0, 1), zone).Add(-time.Microsecond)
}

// sound parses a policy and refuses one that has mistakes nobody has owned up to.
func (d *Desk) sound(src []byte, on time.Time) (*policy.Policy, error) {
	const op = "notice.sound"
	p, err := d.Parse(src)
	if err != nil {
		return nil, fault.New(op, fault.Invalid, "the policy is not sound: %s", firstLine(err.Error())).WithField("policy").WithHint("clause check tells every mistake, and what to do")
	}
	for _, f := range check.Run(p, d.Controls, on) {
		if f.Severity == check.Error && f.Known == "" {
			return nil, fault.New(op, fault.Invalid, "the policy has an error that it does not own up to: %s: %s", f.Code, f.Message).WithField("policy").
				WithHint("%s", f.Remedy)
		}
	}
	return p, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// tenants returns whom a version concerns: everybody but the canaries, or for a drill the canary alone.
func (d *Desk) tenants(ctx context.Context, drill string) (all []string, err error) {
	if drill != "" {
		return []string{drill}, nil
	}
	err = d.Engine.DB.Read(ctx, "", func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT tenant_id FROM tenants WHERE state = 'active' ORDER BY tenant_id`, nil, func(scan func(...any) error) error {
			var tenant string
			err := scan(&tenant)
			if !slices.Contains(d.Canaries, tenant) {
				all = append(all, tenant)
			}
			return err
		})
	})
	return all, fault.Wrap("notice.tenants", err)
}

// anybody reports whether there is anybody whom a change could concern.
func (d *Desk) anybody(ctx context.Context) (found bool, err error) {
	all, err := d.tenants(ctx, "")
	for _, tenant := range all {
		var one int64
		err = d.Engine.DB.Get(ctx, tenant, `SELECT 1 FROM subjects WHERE tenant_id = $1 LIMIT 1`, []any{tenant}, &one)
		if err == nil {
			return true, nil
		}
		if !fault.Is(err, fault.NotFound) {
			break
		}
		err = nil
	}
	return false, fault.Wrap("notice.anybody", err)
}
