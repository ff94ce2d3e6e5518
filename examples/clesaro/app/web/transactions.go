package web

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/finance"
)

// entry is a transaction with the version that a form removes.
type entry struct {
	finance.Transaction
	Version int64
}

// entered is what the page of transactions shows: one month of them.
type entered struct {
	Entries       []entry
	Month         finance.Month
	Before, After string // other months; empty where nothing was entered
	All, Foreign  int
}

func (v *visit) transactions() error { return v.showTransactions(http.StatusOK, nil) }

// month is that which the address names, or else the present one.
func (v *visit) month() finance.Month {
	if m, err := finance.ParseMonth(v.r.URL.Query().Get("month")); err == nil {
		return m
	}
	return finance.MonthOf(v.today)
}

// beside are the nearest months with an entry, before and after one.
func beside(all []finance.Transaction, m finance.Month) (before, after string) {
	for _, t := range all {
		other := finance.MonthOf(t.Day).String()
		if other < m.String() && other > before {
			before = other
		}
		if other > m.String() && (after == "" || other < after) {
			after = other
		}
	}
	return before, after
}

func (v *visit) showTransactions(status int, w *wrong) error {
	b, err := v.book(v.r.Context(), forBudget)
	if err != nil {
		return err
	}
	data := entered{Month: v.month(), All: len(b.Transactions), Foreign: b.Foreign}
	data.Before, data.After = beside(b.Transactions, data.Month)
	for _, t := range finance.Sorted(b.Transactions) {
		if finance.MonthOf(t.Day) == data.Month {
			data.Entries = append(data.Entries, entry{t, b.versions[t.ID]})
		}
	}
	return v.show(status, "transactions", data, w)
}

func (v *visit) addTransaction() error {
	f := v.form("transaction")
	t := finance.Transaction{
		Day: f.day("date", true), In: f.choice("direction", []string{"income", "expense"}) == "income",
		Category: f.choice("category", finance.Categories()), Merchant: f.text("merchant", finance.MaxMerchant, true), Note: f.text("description", finance.MaxNote, false),
	}
	t.Amount, _ = f.sum("amount", true)
	f.is(t.Amount.Sign() == 0, "amount", "amount")
	once := f.once()
	if f.wrong != nil {
		return f.again("transactions")
	}
	return f.saved(v.add(v.r.Context(), []finance.Transaction{t}, once), "transactions", "saved")
}

func (v *visit) removeTransaction() error {
	return v.form("transaction-delete").remove("transactions", "transactions")
}

// importFile takes a file of transactions: all rows that are not there yet, or none.
func (v *visit) importFile() error {
	f := v.form("import")
	var rows []finance.Transaction
	file, _, err := v.r.FormFile("file")
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		err = &finance.RowError{Wrong: "size"}
	} else if err != nil {
		err = &finance.RowError{Wrong: "empty"}
	} else {
		defer file.Close()
		rows, err = finance.Import(file, Currency)
	}
	if at, ok := errors.AsType[*finance.RowError](err); ok {
		f.wrong = &wrong{Form: "import", Field: "file", Text: v.Say("csv."+at.Wrong, "line", strconv.Itoa(at.Row), "rows", strconv.Itoa(finance.MaxRows))}
		return f.again("transactions")
	}
	if err != nil {
		return err
	}
	once := f.once()
	if f.wrong != nil {
		return f.again("transactions")
	}
	b, err := v.book(v.r.Context(), forBudget)
	if err != nil {
		return err
	}
	fresh, known := finance.New(rows, b.Transactions)
	if len(fresh) > 0 {
		err = v.add(v.r.Context(), fresh, once)
	}
	// Sent twice at once, the rows are the same and the key is used up: nothing is lost.
	if client.Status(err) == http.StatusConflict {
		return v.back("transactions", "imported", 0, len(rows))
	}
	if err != nil {
		return f.saved(err, "transactions", "")
	}
	return v.back("transactions", "imported", len(fresh), known)
}

// exportFile writes all transactions as CSV.
func (v *visit) exportFile() error {
	b, err := v.book(v.r.Context(), forBudget)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := finance.Export(&file, finance.Sorted(b.Transactions)); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	v.w.Header().Set("Content-Disposition", `attachment; filename="clesaro-transactions-`+url.PathEscape(v.Today())+`.csv"`)
	_, _ = v.w.Write(file.Bytes()) // who went away needs no file
	return nil
}
