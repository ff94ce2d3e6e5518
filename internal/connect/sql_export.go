package connect

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// errSink is a failure of the one who takes the rows.
var errSink = errors.New("the rows could not be handed on")

// export reads the person's rows, parents before children, from one state of the database where it keeps
// such. A row at a time is in memory.
func (d *sqlSystem) export(ctx context.Context, t task, found []*catalogued, order []int) []Line {
	lines := d.lines(t.Action)
	if err := t.sink.Begin(d.id); err != nil {
		return all(lines, Failed, 0, errSink.Error())
	}
	tx, err := d.db.BeginTx(ctx, &sql.TxOptions{Isolation: d.snapshot(), ReadOnly: true})
	if err != nil {
		return all(lines, Failed, 0, d.why(ctx, err))
	}
	defer func() { _ = tx.Rollback() }()
	order = slices.Clone(order)
	slices.Reverse(order)
	lines = lines[:0]
	for i, table := range order {
		n, err := d.exportTable(ctx, tx, t, found, table)
		if err == nil {
			lines = append(lines, d.line(t.Action, table, Done, n, ""))
			continue
		}
		why := d.why(ctx, err)
		if errors.Is(err, errSink) {
			why = errSink.Error()
		}
		lines = append(lines, d.line(t.Action, table, Failed, n, why))
		for _, rest := range order[i+1:] {
			lines = append(lines, d.line(t.Action, rest, Open, 0, "not begun, because another table of the system failed"))
		}
		return lines
	}
	return lines
}

func (d *sqlSystem) exportTable(ctx context.Context, tx *sql.Tx, t task, found []*catalogued, i int) (n int64, err error) {
	table := &d.tables[i]
	s, err := d.reading(found, i, t.ids)
	if err != nil {
		return 0, err
	}
	classes := []class{found[i].columns[table.key].class}
	for _, p := range table.columns {
		classes = append(classes, found[i].columns[p.column].class)
	}
	values, into := make([]any, len(classes)), make([]any, len(classes))
	for i := range values {
		into[i] = &values[i]
	}
	err = rows(ctx, tx, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		row := Row{System: d.id, Table: table.name, DataSet: table.data.ID, Key: keyText(classes[0], values[0]), Fields: make(map[string]json.RawMessage, len(table.columns))}
		for i, p := range table.columns {
			row.Fields[p.field] = jsonOf(classes[i+1], values[i+1])
		}
		n++
		if t.sink.Row(row) != nil {
			return errSink
		}
		return nil
	}, s.text.String(), s.args...)
	return n, err
}

// keyText is a row's key as a text.
func keyText(c class, v any) string {
	var s string
	j := jsonOf(c, v)
	if json.Unmarshal(j, &s) == nil {
		return s
	}
	return string(j)
}

// jsonOf is a value as JSON: texts as they are, bytes in base64, times in RFC 3339.
func jsonOf(c class, v any) json.RawMessage {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("null")
	case bool:
		return json.RawMessage(strconv.FormatBool(v))
	case int64:
		if c == boolean {
			return json.RawMessage(strconv.FormatBool(v != 0))
		}
		return json.RawMessage(strconv.FormatInt(v, 10))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return quoted(strconv.FormatFloat(v, 'g', -1, 64))
		}
		return json.RawMessage(strconv.FormatFloat(v, 'g', -1, 64))
	case time.Time:
		return quoted(v.Format(time.RFC3339Nano))
	case string:
		return quoted(v)
	case []byte:
		if c == binary || !utf8.Valid(v) {
			return quoted(base64.StdEncoding.EncodeToString(v))
		}
		return quoted(string(v))
	default:
		return quoted(fmt.Sprint(v))
	}
}

// quoted is a text as JSON; one that is not UTF-8 goes in base64, as bytes do.
func quoted(s string) json.RawMessage {
	if !utf8.ValidString(s) {
		s = base64.StdEncoding.EncodeToString([]byte(s))
	}
	out, err := json.Marshal(s)
	if err != nil {
		panic(fault.New("connect.quoted", fault.Other, "a text has no JSON")) // it always has
	}
	return out
}

// snapshot is the isolation that shows one state of the database throughout.
func (d *sqlSystem) snapshot() sql.IsolationLevel {
	if d.database.engine == "sqlite" {
		return sql.LevelDefault // any transaction does
	}
	return sql.LevelRepeatableRead
}
