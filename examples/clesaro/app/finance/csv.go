package finance

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of a file that is read, and of its texts as the policy has them.
const (
	MaxRows     = 1000 // one batch of the store: all rows are kept, or none
	MaxFile     = 1 << 20
	MaxMerchant = 200
	MaxNote     = 1 << 10
)

// columns are the names of a file's columns: the fields of the data set.
var columns = []string{"date", "amount", "direction", "category", "merchant", "description"}

// Formulas are what spreadsheets take for the beginning of one, full-width forms included.
const formulas = "=+-@＝＋－＠"

// separators are where a spreadsheet may begin a cell, whichever it believes the separator to be.
const separators = ",;|\t\r\n\""

// noReturn removes what CSV cannot hold apart from the end of a line.
var noReturn = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Defuse makes a text safe to be opened in a spreadsheet: an apostrophe goes before what could be taken for
// a formula, at the beginning or after what could be taken for the end of a cell. Restore is its inverse.
func Defuse(text string) string { return apostrophes(text, true) }

// Restore gives back the text that was defused.
func Restore(text string) string { return apostrophes(text, false) }

func apostrophes(text string, add bool) string {
	var b strings.Builder
	begins := true
	for i, r := range text {
		next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		marked := func(r rune) bool { return r == '\'' || strings.ContainsRune(formulas, r) }
		switch {
		case add && begins && marked(r):
			b.WriteByte('\'')
		case !add && begins && r == '\'' && i+1 < len(text) && marked(next):
			begins = false
			continue
		}
		b.WriteRune(r)
		begins = strings.ContainsRune(separators, r) || begins && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
	}
	return b.String()
}

// Export writes transactions as CSV (RFC 4180), in UTF-8 with a mark that makes spreadsheets read it so.
func Export(w io.Writer, all []Transaction) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{columns}
	for _, t := range all {
		rows = append(rows, []string{
			t.Day.Format(time.DateOnly), t.Amount.Plain(), direction(t.In), t.Category, Defuse(noReturn.Replace(t.Merchant)), Defuse(noReturn.Replace(t.Note)),
		})
	}
	return out.WriteAll(rows)
}

func direction(in bool) string {
	if in {
		return "income"
	}
	return "expense"
}

// RowError says what is wrong with a row. It holds none of its values.
type RowError struct {
	Row    int    // the line, the header being 1
	Column string // empty: the whole file
	Wrong  string // a key for words: date, amount, direction, category, merchant, text, columns, rows, size, empty, csv, header
}

func (e *RowError) Error() string {
	return fmt.Sprintf("line %d: %s: %s", e.Row, e.Column, e.Wrong)
}

// Import reads transactions from CSV: the form of Export, or a bank's with at least a date, an amount and a
// merchant or description. It takes a file as a whole or not at all.
func Import(r io.Reader, currency string) ([]Transaction, error) {
	source, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(source) > MaxFile:
		return nil, &RowError{Wrong: "size"}
	case !utf8.Valid(source) || bytes.ContainsRune(source, 0):
		return nil, &RowError{Wrong: "text"}
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	in := csv.NewReader(bytes.NewReader(source))
	in.Comma = separator(source)
	in.TrimLeadingSpace = true
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, &RowError{Row: 1, Wrong: "empty"}
	}
	at, err := places(header)
	if err != nil {
		return nil, err
	}
	return rowsOf(in, at, currency)
}

func rowsOf(in *csv.Reader, at map[string]int, currency string) (all []Transaction, err error) {
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &RowError{Row: lineOfError(err), Wrong: "csv"}
		}
		line, _ := in.FieldPos(0)
		if len(all) == MaxRows {
			return nil, &RowError{Row: line, Wrong: "rows"}
		}
		t, wrong := rowOf(func(column string) string {
			if i, ok := at[column]; ok {
				return Restore(strings.TrimSpace(row[i]))
			}
			return ""
		}, currency)
		if wrong != "" {
			return nil, &RowError{Row: line, Column: wrong, Wrong: wrong}
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, &RowError{Row: 1, Wrong: "empty"}
	}
	return all, nil
}

func lineOfError(err error) int {
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		return at.Line
	}
	return 0
}

// separator is what the header's names stand between.
func separator(source []byte) rune {
	header, _, _ := bytes.Cut(source, []byte("\n"))
	best, most := ',', bytes.Count(header, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(header, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// places are the columns by their names.
func places(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := at[name]; twice {
			return nil, &RowError{Row: 1, Wrong: "header"}
		}
		at[name] = i
	}
	_, merchant := at["merchant"]
	_, note := at["description"]
	_, date := at["date"]
	_, amount := at["amount"]
	if !date || !amount || !merchant && !note {
		return nil, &RowError{Row: 1, Wrong: "header"}
	}
	return at, nil
}

// rowOf reads one row, or says which column is wrong.
func rowOf(get func(string) string, currency string) (t Transaction, wrong string) {
	var err error
	if t.Day, err = parseDay(digits.Replace(get("date"))); err != nil {
		return t, "date"
	}
	if t.Amount, err = ParseMoney(strings.TrimSpace(strings.ReplaceAll(get("amount"), currency, ""))); err != nil {
		return t, "amount"
	}
	switch way := strings.ToLower(get("direction")); way {
	case "":
		t.In = t.Amount.Sign() > 0 // a statement of account: what goes out is negative
		t.Amount = t.Amount.AtLeast(Money{}.Sub(t.Amount))
	case "income", "expense":
		t.In = way == "income"
	default:
		return t, "direction"
	}
	if t.Amount.Sign() <= 0 {
		return t, "amount"
	}
	if t.Category = strings.ToLower(get("category")); t.Category == "" {
		t.Category = Other
	}
	if !isCategory(t.Category) {
		return t, "category"
	}
	t.Merchant, t.Note = get("merchant"), get("description")
	if t.Merchant == "" {
		t.Merchant, t.Note = cut(t.Note, MaxMerchant), after(t.Note, MaxMerchant)
	}
	switch {
	case t.Merchant == "" || len(t.Merchant) > MaxMerchant:
		return t, "merchant"
	case len(t.Note) > MaxNote:
		return t, "description"
	}
	return t, ""
}

func isCategory(name string) bool {
	for _, c := range Categories() {
		if c == name {
			return true
		}
	}
	return false
}

// parseDay reads 2026-11-22 or, as banks in the Emirates write it, 22/11/2026.
func parseDay(text string) (day time.Time, err error) {
	for _, layout := range []string{time.DateOnly, "02/01/2006", "02-01-2006", "02.01.2006"} {
		if day, err = time.Parse(layout, text); err == nil && day.Year() >= 1900 && day.Year() < 2200 {
			return day, nil
		}
	}
	return day, errors.New("not a day")
}

// cut is the beginning of a text, whole letters only; after is the whole text where it was cut.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

func after(text string, limit int) string {
	if len(text) <= limit {
		return ""
	}
	return text
}

// New leaves out the transactions that are there already: each as often as it is there.
func New(read, have []Transaction) (fresh []Transaction, known int) {
	type key struct{ day, amount, direction, category, merchant, note string }
	of := func(t Transaction) key {
		return key{t.Day.Format(time.DateOnly), t.Amount.Plain(), direction(t.In), t.Category, t.Merchant, t.Note}
	}
	count := map[key]int{}
	for _, t := range have {
		count[of(t)]++
	}
	for _, t := range read {
		if k := of(t); count[k] > 0 {
			count[k]--
			known++
		} else {
			fresh = append(fresh, t)
		}
	}
	return fresh, known
}
