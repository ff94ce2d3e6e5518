package connect

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	lite "modernc.org/sqlite"
)

type sqlite struct{}

// open takes the path of a file that is there; none is made. What is erased is overwritten.
func (sqlite) open(dsn string, _ *x509.CertPool, patience time.Duration) (*sql.DB, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	if strings.ContainsAny(path, "?#%") || path == "" {
		return nil, errDSN
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	// SQLite waits for a lock without hearing that the time is over.
	wait := min(patience, 10*time.Second).Milliseconds()
	options := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", wait), "foreign_keys(1)", "secure_delete(1)", "trusted_schema(0)"}}
	d, err := sql.Open("sqlite", "file:"+path+"?"+options.Encode())
	if err == nil {
		d.SetMaxOpenConns(1) // one writes, and reads what it wrote
	}
	return d, err
}

func (sqlite) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (sqlite) place(int) string { return "?" }

func (sqlite) exact(column, place string) (string, string) { return column + " COLLATE BINARY", place }

func (sqlite) table(ctx context.Context, q queryer, _, name string) (*catalogued, error) {
	t := &catalogued{columns: map[string]described{}, unique: map[string]bool{}, undoes: true}
	var kind string
	err := q.QueryRowContext(ctx, `SELECT type FROM sqlite_master WHERE name = ? AND type IN ('table', 'view')`, name).Scan(&kind)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.view = kind == "view"
	var keys []string
	err = rows(ctx, q, func(scan func(...any) error) error {
		var column string
		var d described
		var notNull bool
		var key int
		err := scan(&column, &d.typ, &notNull, &key)
		d.class, d.nullable = sqliteClass(strings.ToUpper(d.typ)), !notNull
		t.columns[column] = d
		if key > 0 {
			keys = append(keys, column)
		}
		return err
	}, `SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden IN (0, 2, 3)`, name)
	if err != nil {
		return nil, err
	}
	if len(keys) == 1 {
		t.unique[keys[0]] = true
	}
	return t, rows(ctx, q, func(scan func(...any) error) error {
		var column sql.NullString // NULL is an expression
		err := scan(&column)
		t.unique[column.String] = true
		return err
	}, `SELECT MIN(i.name) FROM pragma_index_list(?) l JOIN pragma_index_info(l.name) i WHERE l."unique" AND NOT l.partial GROUP BY l.name HAVING COUNT(*) = 1`, name)
}

// sqliteClass follows the rules of affinity. A column of no type keeps an id as a number or a text,
// whichever it was given, so that looking for one would miss the other.
func sqliteClass(typ string) class {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(typ, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("BOOL"):
		return boolean
	case has("INT"):
		return numeric
	case has("CHAR", "CLOB", "TEXT"):
		return textual
	case has("BLOB"):
		return binary
	case has("DATE", "TIME"):
		return moment
	case has("DECIMAL", "NUMERIC"):
		return numeric
	}
	return other
}

func (sqlite) references(ctx context.Context, q queryer, _ string) ([]reference, error) {
	return scanReferences(ctx, q, `SELECT m.name || '.' || f.id, '', m.name, f."from", f."table", f.on_delete
FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq`)
}

// trial: SQLite knows no accounts; a file that may not be written refuses the transaction.
func (sqlite) trial(statement string) string { return "EXPLAIN " + statement }

func (sqlite) account(context.Context, queryer) ([]string, error) { return nil, nil }

func (sqlite) trouble(err error) string {
	var l *lite.Error
	if !errors.As(err, &l) {
		return ""
	}
	meaning := "the statement failed"
	switch code := l.Code(); {
	case code == 787:
		meaning = "other rows refer to these"
	case code == 1299:
		meaning = "a column that must have a value would be emptied"
	case code == 1811:
		meaning = "a trigger of the database objects"
	case code&0xff == 19:
		meaning = "a constraint would be broken"
	case code&0xff == 5 || code&0xff == 6:
		meaning = "another program holds these rows"
	case code&0xff == 8:
		meaning = "the file may only be read"
	case code&0xff == 14 || code&0xff == 26 || code&0xff == 11:
		meaning = "the file cannot be read"
	case code&0xff == 9:
		meaning = "it took too long"
	}
	return "SQLite refuses: " + meaning + " (" + strconv.Itoa(l.Code()) + ")"
}
