package vault

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Expression is how somebody consents to a purpose, or withdraws: what they were shown is kept beside it, so
// that it can be shown what they said yes to (GDPR art. 7(1)).
type Expression struct {
	Purpose  string          `json:"purpose"`
	Given    bool            `json:"given"`
	Text     string          `json:"text,omitempty"`     // as it was shown; "" where an application asked in words of its own
	Language string          `json:"language,omitempty"` // of the text
	Receipt  json.RawMessage `json:"receipt,omitempty"`  // the template of the receipt, as the policy was then
}

// Consent is one such expression, as it is kept.
type Consent struct {
	ID string
	At time.Time
	Expression
	Version string // of the policy
	By      string // the credential that it came through
}

// keptConsent is what is sealed of it.
type keptConsent struct {
	Expression
	Version string `json:"version"`
	By      string `json:"by"`
}

// What of an expression is kept at most, in bytes.
const (
	maxConsentText    = 4 << 10
	maxConsentReceipt = 64 << 10
)

// shownConsents is how many of the newest a history shows.
const shownConsents = 500

// Consent records that a person gave or withdrew consent for a purpose (GDPR art. 7), and what they were
// shown. The next read goes by it. What was done before is untouched. Said again in no words, it adds nothing.
func (v *Vault) Consent(ctx context.Context, c Caller, tenant, subject string, e Expression) (Consent, error) {
	const op = "vault.Consent"
	kind := "consent.give"
	if !e.Given {
		kind = "consent.withdraw"
	}
	t := Target{Tenant: tenant, Subject: subject, Purpose: e.Purpose}
	q := v.ask(kind, &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return Consent{}, err
	}
	if err := v.needsBasis(e.Purpose, []policy.Basis{policy.Consent}); err != nil {
		return Consent{}, err
	}
	if len(e.Text) > maxConsentText || len(e.Receipt) > maxConsentReceipt || len(e.Language) > 35 {
		return Consent{}, fault.New(op, fault.TooLarge, "the text that was shown is too long")
	}
	var out Consent
	err := v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		out = Consent{}
		s, no, err := v.manage(tx, &q)
		if s == nil {
			return no, err
		}
		had := slices.Contains(s.state.consents, e.Purpose)
		next := *s // the person loaded may be remembered: it must not change before the commit
		next.state.consents = change(next.state.consents, e.Purpose, e.Given)
		if err := v.saveState(tx, &next); err != nil {
			return nil, err
		}
		if had == e.Given && e.Text == "" {
			return nil, nil
		}
		out = Consent{ID: newID("con_"), At: tx.Now().UTC(), Expression: e, Version: v.Policy.Version, By: c.Credential.ID}
		return nil, keepConsent(tx, s, &out)
	})
	if err != nil {
		return Consent{}, err
	}
	return out, nil
}

func keepConsent(tx *db.Tx, s *subject, c *Consent) error {
	const op = "vault.keepConsent"
	plain, err := json.Marshal(keptConsent{c.Expression, c.Version, c.By})
	if err != nil {
		return fault.As(op, fault.Invalid, err)
	}
	sealed, err := s.key.Seal(nil, bind("consent", s.tenant, s.id, c.ID), plain)
	if err != nil {
		return fault.Wrap(op, err)
	}
	_, err = tx.Exec(`INSERT INTO consents (tenant_id, subject_id, consent_id, sealed, at) VALUES ($1, $2, $3, $4, $5)`, s.tenant, s.id, c.ID, sealed, micros(c.At))
	return fault.Wrap(op, err)
}

// Consents returns what a person consented to and withdrew, the newest first.
func (v *Vault) Consents(ctx context.Context, c Caller, tenant, subject string) (all []Consent, err error) {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("consent.history", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return nil, err
	}
	err = v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		s, no, err := v.manage(tx, &q)
		if s == nil {
			return no, err
		}
		all, err = consentsOf(tx, s)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func consentsOf(tx *db.Tx, s *subject) ([]Consent, error) {
	return consentsWhere(tx, s, `ORDER BY at DESC, consent_id DESC LIMIT $3`, int64(shownConsents))
}

// ConsentsAfter are those that a person gave and withdrew after a cursor, the oldest first, and the cursor of the
// rest, "" if that is all. It decides nothing, as DataSubject: a duty has admitted its caller.
func (v *Vault) ConsentsAfter(tx *db.Tx, subject, cursor string, limit int) (page []Consent, next string, err error) {
	const op = "vault.ConsentsAfter"
	after, err := db.ParseCursor(cursor, db.Oldest)
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	s, err := v.load(tx, tx.Tenant(), subject)
	if err == nil {
		page, err = consentsWhere(tx, s, `AND (at, consent_id) > ($3, $4) ORDER BY at, consent_id LIMIT $5`, after.At, after.ID, int64(limit))
	}
	if err == nil && len(page) == limit {
		last := &page[limit-1]
		next = db.Cursor{At: micros(last.At), ID: last.ID}.String()
	}
	return page, next, fault.Wrap(op, err)
}

func consentsWhere(tx *db.Tx, s *subject, which string, args ...any) (all []Consent, err error) {
	err = tx.Each(`SELECT consent_id, sealed, at FROM consents WHERE tenant_id = $1 AND subject_id = $2 `+which,
		append([]any{s.tenant, s.id}, args...), func(scan func(...any) error) error {
			var id string
			var sealed []byte
			var at int64
			if err := scan(&id, &sealed, &at); err != nil {
				return err
			}
			plain, err := s.key.Open(nil, bind("consent", s.tenant, s.id, id), sealed)
			if err != nil {
				return err
			}
			var kept keptConsent
			if err := json.Unmarshal(plain, &kept); err != nil {
				return fault.As("vault.consentsWhere", fault.Other, err)
			}
			all = append(all, Consent{ID: id, At: fromMicros(at), Expression: kept.Expression, Version: kept.Version, By: kept.By})
			return nil
		})
	return all, err
}
