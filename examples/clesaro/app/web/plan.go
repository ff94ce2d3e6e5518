package web

import (
	"net/http"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/finance"
)

// owing and aim are a debt and a goal with the version that a form changes.
type owing struct {
	finance.Debt
	Version int64
}

type aim struct {
	finance.Goal
	Version int64
	Monthly finance.Money
}

// planned is what the page of income, debts and goals shows.
type planned struct {
	Income   string
	Debts    []owing
	Goals    []aim
	Owed     finance.Money
	Payments finance.Money
	Foreign  int
}

func (v *visit) plan() error { return v.showPlan(http.StatusOK, nil) }

func (v *visit) showPlan(status int, w *wrong) error {
	b, err := v.book(v.r.Context(), forBudget)
	if err != nil {
		return err
	}
	data := planned{Foreign: b.Foreign}
	if b.Income != nil {
		data.Income = b.Income.Plain()
	}
	for _, d := range b.Debts {
		data.Debts = append(data.Debts, owing{d, b.versions[d.ID]})
		data.Owed, data.Payments = data.Owed.Add(d.Balance), data.Payments.Add(d.Payment)
	}
	for _, g := range b.Goals {
		data.Goals = append(data.Goals, aim{g, b.versions[g.ID], g.Monthly(v.today)})
	}
	return v.show(status, "plan", data, w)
}

func (v *visit) setIncome() error {
	f := v.form("income")
	income, told := f.sum("monthly_income", false)
	if f.wrong != nil {
		return f.again("plan")
	}
	at := v.at("income", single, forBudget)
	if !told {
		err := v.Delete(v.r.Context(), at)
		if client.Status(err) == http.StatusNotFound {
			err = nil // it was not told before either
		}
		return f.saved(err, "plan", "removed")
	}
	_, err := v.Put(v.r.Context(), at, map[string]any{"monthly_income": income.Stored(Currency)})
	return f.saved(err, "plan", "saved")
}

func (v *visit) addDebt() error {
	f := v.form("debt")
	fields := map[string]any{"name": f.text("name", finance.MaxMerchant, true), "kind": f.choice("kind", finance.Kinds())}
	balance, _ := f.sum("balance", true)
	fields["balance"] = balance.Stored(Currency)
	if payment, ok := f.sum("monthly_payment", false); ok {
		fields["monthly_payment"] = payment.Stored(Currency)
	}
	return f.create("debts", fields)
}

func (v *visit) changeDebt() error {
	f := v.form("debt-change")
	balance, _ := f.sum("balance", true)
	return f.change("debts", map[string]any{"balance": balance.Stored(Currency)})
}

func (v *visit) removeDebt() error { return v.form("debt-change").remove("debts", "plan") }

func (v *visit) addGoal() error {
	f := v.form("goal")
	target, _ := f.sum("target", true)
	f.is(target.Sign() == 0, "target", "amount")
	fields := map[string]any{"name": f.text("name", finance.MaxMerchant, true), "target": target.Stored(Currency)}
	if saved, ok := f.sum("saved", false); ok {
		fields["saved"] = saved.Stored(Currency)
	}
	if by := f.day("by", false); !by.IsZero() {
		f.is(by.Before(v.today), "by", "past")
		fields["by"] = by.Format(time.DateOnly)
	}
	return f.create("goals", fields)
}

func (v *visit) changeGoal() error {
	f := v.form("goal-change")
	saved, _ := f.sum("saved", true)
	return f.change("goals", map[string]any{"saved": saved.Stored(Currency)})
}

func (v *visit) removeGoal() error { return v.form("goal-change").remove("goals", "plan") }

func (f *form) create(set string, fields map[string]any) error {
	once := f.once()
	if f.wrong != nil {
		return f.again("plan")
	}
	_, err := f.Create(f.r.Context(), f.at(set, "", forBudget), fields, client.IdempotencyKey(once))
	return f.saved(err, "plan", "saved")
}

func (f *form) change(set string, fields map[string]any) error {
	record, same := f.record()
	if f.wrong != nil {
		return f.again("plan")
	}
	_, err := f.Patch(f.r.Context(), f.at(set, record, forBudget), fields, same)
	return f.saved(err, "plan", "saved")
}

func (f *form) remove(set, name string) error {
	record, same := f.record()
	if f.wrong != nil {
		return f.again(name)
	}
	return f.saved(f.Delete(f.r.Context(), f.at(set, record, forBudget), same), name, "removed")
}
