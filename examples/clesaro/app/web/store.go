package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/finance"
)

// The purposes of the policy that this application works for.
const (
	forAccount  = "account"
	forScore    = "health-score"
	forBudget   = "budgeting"
	forInsights = "insights"
	forProgress = "progress-notifications"
)

// store is what a person's data is read and written by. Each call names its purpose; the server decides, and
// hands out what the purpose may see.
type store struct {
	*client.Client
	tenant, subject string
}

// the only record of a data set that holds one.
const single = "main"

func (s *store) at(set, record, purpose string) client.Target {
	return client.Target{Tenant: s.tenant, Subject: s.subject, DataSet: set, Record: record, Purpose: purpose}
}

// read is what a purpose may see of a person's finances. Amounts of other currencies are left out and counted.
type read struct {
	finance.Book
	Foreign  int
	versions map[string]int64 // of debts, goals and income
}

func (s *store) book(ctx context.Context, purpose string) (b read, err error) {
	b.versions = map[string]int64{}
	if err := s.income(ctx, purpose, &b); err != nil {
		return b, err
	}
	for set, add := range map[string]func(*api.Record, *read) bool{"debts": addDebt, "goals": addGoal, "transactions": addTransaction} {
		for r, err := range s.Records(ctx, s.at(set, "", purpose)) {
			if err != nil {
				return b, err
			}
			if !add(&r, &b) {
				b.Foreign++
			}
			b.versions[r.ID] = r.Version
		}
	}
	return b, nil
}

func (s *store) income(ctx context.Context, purpose string, b *read) error {
	r, err := s.Get(ctx, s.at("income", single, purpose))
	if client.Status(err) == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	b.versions["income"] = r.Version
	if _, told := r.Fields["monthly_income"]; !told {
		return nil
	}
	if m, ok := amount(&r, "monthly_income"); ok {
		b.Income = &m
	} else {
		b.Foreign++
	}
	return nil
}

// amount is a field's; nothing where the field is empty.
func amount(r *api.Record, field string) (finance.Money, bool) {
	text := r.Fields.Text(field)
	if text == "" {
		return finance.Money{}, true
	}
	return finance.ParseStored(text, Currency)
}

func date(r *api.Record, field string) time.Time {
	day, err := time.Parse(time.DateOnly, r.Fields.Text(field))
	if err != nil {
		return time.Time{}
	}
	return day
}

func addDebt(r *api.Record, b *read) bool {
	balance, ok := amount(r, "balance")
	payment, also := amount(r, "monthly_payment")
	if ok && also {
		b.Debts = append(b.Debts, finance.Debt{ID: r.ID, Name: r.Fields.Text("name"), Kind: r.Fields.Text("kind"), Balance: balance, Payment: payment})
	}
	return ok && also
}

func addGoal(r *api.Record, b *read) bool {
	target, ok := amount(r, "target")
	saved, also := amount(r, "saved")
	if ok && also {
		b.Goals = append(b.Goals, finance.Goal{ID: r.ID, Name: r.Fields.Text("name"), Target: target, Saved: saved, By: date(r, "by")})
	}
	return ok && also
}

func addTransaction(r *api.Record, b *read) bool {
	sum, ok := amount(r, "amount")
	if ok {
		b.Transactions = append(b.Transactions, finance.Transaction{
			ID: r.ID, Day: date(r, "date"), Amount: sum, In: r.Fields.Text("direction") == "income", Category: r.Fields.Text("category"),
			Merchant: r.Fields.Text("merchant"), Note: r.Fields.Text("description"),
		})
	}
	return ok
}

// fieldsOf is a transaction as the store keeps it.
func fieldsOf(t finance.Transaction) map[string]any {
	f := map[string]any{
		"date": t.Day.Format(time.DateOnly), "amount": t.Amount.Stored(Currency), "direction": "expense", "category": t.Category, "merchant": t.Merchant,
	}
	if t.In {
		f["direction"] = "income"
	}
	if t.Note != "" {
		f["description"] = t.Note
	}
	return f
}

// add keeps transactions, all or none; once makes the same form, sent twice, add them once.
func (s *store) add(ctx context.Context, all []finance.Transaction, once string) error {
	batch := make([]api.Operation, 0, len(all))
	for _, t := range all {
		fields, err := client.Encode(fieldsOf(t))
		if err != nil {
			return err
		}
		batch = append(batch, api.Operation{Action: api.ActionPut, Subject: s.subject, DataSet: "transactions", Fields: fields})
	}
	_, err := s.Batch(ctx, s.tenant, forBudget, batch, client.IdempotencyKey(once))
	return err
}

// kept is a score that was kept, and where.
type kept struct {
	finance.Past
	record string
}

// history are the scores kept.
func (s *store) history(ctx context.Context, purpose string) (all []kept, err error) {
	for r, err := range s.Records(ctx, s.at("health_score", "", purpose)) {
		if err != nil {
			return nil, err
		}
		var score int
		if json.Unmarshal(r.Fields["score"], &score) == nil {
			all = append(all, kept{finance.Past{Day: date(&r, "at"), Score: score, Confidence: finance.Confidence(r.Fields.Text("confidence"))}, r.ID})
		}
	}
	return all, nil
}

// rated is a score with its history, the oldest first.
type rated struct {
	finance.Score
	Known   bool
	Past    []finance.Past
	Foreign int
}

// rate works out the score of today and keeps it, if it is not kept yet: one a day.
func (s *store) rate(ctx context.Context, today time.Time) (out rated, err error) {
	b, err := s.book(ctx, forScore)
	if err != nil {
		return out, err
	}
	all, err := s.history(ctx, forScore)
	if err != nil {
		return out, err
	}
	out.Foreign = b.Foreign
	out.Score, out.Known = finance.Rate(b.Book, today)
	now, record := finance.Past{Day: today, Score: out.Value, Confidence: out.Confidence}, ""
	for _, k := range all {
		switch {
		case !k.Day.Equal(today) || !out.Known:
			out.Past = append(out.Past, k.Past)
		case k.Past == now:
			record = single // it is kept as it is
		default:
			record = k.record
		}
	}
	slices.SortStableFunc(out.Past, func(a, b finance.Past) int { return a.Day.Compare(b.Day) })
	if !out.Known {
		return out, nil
	}
	out.Past = append(out.Past, now)
	if record == single {
		return out, nil
	}
	return out, s.keep(ctx, record, now)
}

// keep keeps a score, in place of an earlier one of the day if there is one. Of two that are worked out in the
// same moment the first stays.
func (s *store) keep(ctx context.Context, record string, p finance.Past) error {
	day := p.Day.Format(time.DateOnly)
	fields := map[string]any{"score": p.Score, "confidence": string(p.Confidence), "at": day}
	if record != "" {
		_, err := s.Put(ctx, s.at("health_score", record, forScore), fields)
		return err
	}
	once := sha256.Sum256([]byte("clesaro score\x00" + s.tenant + "\x00" + s.subject + "\x00" + day))
	_, err := s.Create(ctx, s.at("health_score", "", forScore), fields, client.IdempotencyKey(hex.EncodeToString(once[:])))
	if client.Status(err) == http.StatusConflict {
		return nil
	}
	return err
}

// name is what the person is called; empty if that is not known.
func (s *store) name(ctx context.Context) (string, error) {
	r, err := s.Get(ctx, client.Target{Tenant: s.tenant, Subject: s.subject, DataSet: "identity", Record: single, Purpose: forAccount, Fields: []string{"first_name"}})
	if client.Status(err) == http.StatusNotFound {
		return "", nil
	}
	return r.Fields.Text("first_name"), err
}
