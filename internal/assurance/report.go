package assurance

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// The states of a report; closed is shared with findings.
const (
	received = "received"
	assessed = "assessed"
)

// The verdicts on a report, and the severities that are rewarded.
const valid = "valid"

func verdicts() []string { return []string{valid, "invalid", "duplicate", "out-of-scope"} }
func rewarded() []string { return []string{"critical", "high"} }

// What becomes of a reward.
const (
	rewardOwed  = "owed"
	rewardGiven = "given"
)

// report is what is stored of a researcher's report beside its columns.
type report struct {
	row `json:"-"`

	Secret    string // SHA-256 of what the researcher asks with
	Assessed  time.Time
	Closed    time.Time
	Verdict   string
	Severity  string
	Finding   string
	Fixed     bool
	Reward    string
	Rewarded  string
	Forgotten bool
}

// maxUnread bounds the reports of strangers that wait to be assessed, so that nobody fills the store.
const maxUnread = 1000

// kept is how long what a researcher wrote is kept once the report is closed, so that it can be answered.
const kept = 30 * 24 * time.Hour

// resealed is how often a report is looked at, to keep it readable from epoch to epoch, and to forget it.
const resealed = time.Hour

// Report takes a stranger's report, for the organisation.
func (d *Desk) Report(ctx context.Context, in api.NewReport) (api.Receipt, error) {
	return d.receive(ctx, db.Organisation, stranger, in)
}

// EnterReport takes a report that came in by another way, or of a drill.
func (d *Desk) EnterReport(ctx context.Context, c vault.Caller, tenant string, in api.NewReport) (api.Receipt, error) {
	if err := d.admit(ctx, c, "report.enter", tenant); err != nil {
		return api.Receipt{}, err
	}
	return d.receive(ctx, tenant, c.Credential.ID, in)
}

func (d *Desk) receive(ctx context.Context, tenant, by string, in api.NewReport) (out api.Receipt, err error) {
	const op = "assurance.Report"
	for _, part := range []struct {
		field, text string
		least, most int
	}{{"summary", in.Summary, 1, 200}, {"text", in.Text, 1, 20_000}, {"contact", in.Contact, 0, 200}} {
		if n := utf8.RuneCountInString(part.text); n > part.most || len(strings.TrimSpace(part.text)) < part.least || !utf8.ValidString(part.text) {
			return out, invalid(op, part.field, "it is missing, or longer than %d characters", part.most)
		}
	}
	secret := strings.ToLower(rand.Text())
	r := &report{row: row{kind: reportKind, id: newID("rep_"), state: received}, Secret: hashed(secret)}
	if err := d.seal(tenant, &r.row, words{in.Summary, in.Text, in.Contact}); err != nil {
		return out, err
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		var waiting int64
		if err := tx.One(`SELECT COUNT(*) FROM assurance WHERE tenant_id = $1 AND kind = $2 AND about = '' AND state = $3`, []any{tenant, string(reportKind), received}, &waiting); err != nil {
			return err
		}
		if waiting >= maxUnread && by == stranger {
			return fault.New(op, fault.TooMany, "too many reports wait to be read").WithHint("write to the address in /.well-known/security.txt")
		}
		r.opened, r.wake = db.Micros(tx.Now()), db.Micros(tx.Now().Add(resealed))
		if err := insert(tx, r); err != nil {
			return err
		}
		if err := told(tx, "report.received", by, r.id, "", d.programmeClauses()); err != nil {
			return err
		}
		for _, p := range d.Rules.Programmes {
			if _, err := d.Engine.Open(tx, p.Triage, r.id); err != nil {
				return err
			}
		}
		out, err = d.receipt(tx, r)
		return err
	})
	out.Link = tenant + "." + r.id + "." + secret
	return out, fault.Wrap(op, err)
}

func hashed(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func (d *Desk) programmeClauses() (clauses []string) {
	for _, p := range d.Rules.Programmes {
		clauses = append(clauses, p.Triage.Clause)
	}
	return clauses
}

// receipt is what a researcher is told of a report.
func (d *Desk) receipt(tx *db.Tx, r *report) (api.Receipt, error) {
	out := api.Receipt{ID: r.id, State: r.state, Verdict: r.Verdict, Severity: r.Severity, Fixed: r.Fixed, Reward: r.Reward, Received: r.openedAt()}
	found, err := d.Engine.Of(tx, r.id)
	for i := range found {
		if c := &found[i]; c.Duty.Kind == TriageDuty && (out.Due == nil || c.Due.Before(*out.Due)) {
			out.Due = api.Moment(c.Due)
		}
	}
	return out, err
}

// Follow tells a researcher what became of a report, by the secret of its receipt. Whether there is none,
// or the secret is wrong, is not told apart.
func (d *Desk) Follow(ctx context.Context, token string) (out api.Receipt, err error) {
	const op = "assurance.Follow"
	none := fault.New(op, fault.NotFound, "there is no such report")
	tenant, rest, _ := strings.Cut(token, ".")
	id, secret, ok := strings.Cut(rest, ".")
	if !ok || checks(reference(op, "", strings.TrimPrefix(tenant, "_")), reference(op, "", id)) != nil {
		return out, none
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		r := &report{}
		err := load(tx, reportKind, id, r)
		if err == nil && subtle.ConstantTimeCompare([]byte(r.Secret), []byte(hashed(secret))) != 1 || fault.Is(err, fault.NotFound) {
			return none
		}
		if err != nil {
			return err
		}
		out, err = d.receipt(tx, r)
		return err
	})
	return out, fault.Wrap(op, err)
}

// AssessReport says what a report is. A valid one becomes a finding, which its researcher has to test again.
func (d *Desk) AssessReport(ctx context.Context, c vault.Caller, tenant, id string, in api.ReportAssessment) (api.Report, error) {
	const op = "assurance.AssessReport"
	return d.change(ctx, c, "report.assess", tenant, id, []string{received}, func(tx *db.Tx, r *report) error {
		if !slices.Contains(verdicts(), in.Verdict) {
			return invalid(op, "verdict", "a report is valid, invalid, duplicate or out-of-scope")
		}
		if in.Verdict != valid && (in.Severity != "" || in.Application != "" || in.Reference != "") {
			return invalid(op, "verdict", "only a valid report becomes a finding")
		}
		r.Assessed, r.Verdict, r.Severity, r.state = tx.Now(), in.Verdict, in.Severity, assessed
		if in.Verdict == valid {
			f := newFinding(in.Severity, in.Reference, c.Credential.ID)
			f.Source, f.Finder, f.Application = r.id, r.id, in.Application
			if err := d.open(tx, f); err != nil {
				return err
			}
			r.Finding = f.id
			if d.rewards() && slices.Contains(rewarded(), in.Severity) {
				r.Reward = rewardOwed
			}
		}
		if err := told(tx, "report.assessed", c.Credential.ID, r.id, in.Verdict, d.programmeClauses(), "finding", r.Finding, "severity", r.Severity); err != nil {
			return err
		}
		if err := d.Engine.DischargeOf(tx, r.id, Assessed, r.id); err != nil {
			return err
		}
		return d.settle(tx, r, in.Verdict != valid)
	})
}

// rewards reports whether a clause promises rewards.
func (d *Desk) rewards() bool {
	return slices.ContainsFunc(d.Rules.Programmes, func(p Programme) bool { return p.Reward.Kind != "" })
}

// findingEnded goes on with the report that a finding came from: once it is closed, a reward is owed.
func (d *Desk) findingEnded(tx *db.Tx, f *finding) error {
	r := &report{}
	err := load(tx, reportKind, f.Source, r)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Fixed = f.state == closed
	if !r.Fixed && r.Reward == rewardOwed { // it was none after all
		r.Reward = ""
	}
	if r.Reward == rewardOwed {
		for _, p := range d.Rules.Programmes {
			if p.Reward.Kind == "" {
				continue
			}
			if _, err := d.Engine.Open(tx, p.Reward, r.id); err != nil {
				return err
			}
		}
	}
	if err := d.settle(tx, r, true); err != nil {
		return err
	}
	return save(tx, r)
}

// settle closes a report that is over, because it came to nothing or its finding has ended, once no reward is
// owed any more.
func (d *Desk) settle(tx *db.Tx, r *report, over bool) error {
	if r.state != assessed || !over || r.Reward == rewardOwed {
		return nil
	}
	r.state, r.Closed = closed, tx.Now()
	return told(tx, "report.closed", actor, r.id, r.Verdict, d.programmeClauses())
}

// RewardReport notes that a researcher was rewarded.
func (d *Desk) RewardReport(ctx context.Context, c vault.Caller, tenant, id string, in api.Reward) (api.Report, error) {
	const op = "assurance.RewardReport"
	return d.change(ctx, c, "report.reward", tenant, id, []string{assessed, closed}, func(tx *db.Tx, r *report) error {
		if err := reference(op, "reference", in.Reference); err != nil {
			return err
		}
		if r.Verdict != valid || r.Reward == rewardGiven {
			return wrong(op, r.state, "only a valid report is rewarded, and once")
		}
		r.Reward, r.Rewarded = rewardGiven, in.Reference
		if err := told(tx, "report.rewarded", c.Credential.ID, r.id, "", d.programmeClauses(), "reference", in.Reference); err != nil {
			return err
		}
		if err := d.Engine.DischargeOf(tx, r.id, Rewarded, in.Reference); err != nil {
			return err
		}
		return d.settle(tx, r, r.Fixed)
	})
}
