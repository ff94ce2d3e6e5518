package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// mariadb is MariaDB and MySQL.
type mariadb struct{}

func (mariadb) open(dsn string, roots *x509.CertPool, _ time.Duration) (*sql.DB, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil || c.DBName == "" {
		return nil, errDSN
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		host = c.Addr
	}
	if roots != nil {
		c.TLSConfig, c.TLS = "", &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	if !loopback(host) && c.Net != "unix" && (c.AllowFallbackToPlaintext || c.TLS == nil || c.TLS.InsecureSkipVerify) {
		return nil, errTLS
	}
	// What could change what a statement means, or send a file of this machine.
	c.MultiStatements, c.InterpolateParams, c.AllowAllFiles, c.ClientFoundRows = false, false, false, false
	c.Params = map[string]string{"sql_mode": "'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'", "autocommit": "1"}
	c.Logger = log.New(io.Discard, "", 0)
	if err := c.Apply(mysql.Charset("utf8mb4", "utf8mb4_bin")); err != nil {
		return nil, errDSN
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, errDSN
	}
	return sql.OpenDB(connector), nil
}

func (mariadb) quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (mariadb) place(int) string { return "?" }

// exact: the usual collations hold that a is A and a blank at the end is nothing, which would find
// somebody else.
func (mariadb) exact(column, place string) (string, string) {
	return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)", "CAST(" + place + " AS BINARY)"
}

func (mariadb) table(ctx context.Context, q queryer, _, name string) (*catalogued, error) {
	t := &catalogued{columns: map[string]described{}, unique: map[string]bool{}}
	var kind string
	var engine sql.NullString
	err := q.QueryRowContext(ctx, `SELECT table_type, engine FROM information_schema.tables WHERE table_schema = DATABASE() AND BINARY table_name = BINARY ?`, name).Scan(&kind, &engine)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t.view, t.undoes = kind != "BASE TABLE", strings.EqualFold(engine.String, "InnoDB")
	err = rows(ctx, q, func(scan func(...any) error) error {
		var column, data, nullable string
		var d described
		err := scan(&column, &d.typ, &data, &nullable)
		d.class, d.nullable = mariadbClass(strings.ToLower(data), d.typ), nullable == "YES"
		t.columns[column] = d
		return err
	}, `SELECT column_name, column_type, data_type, is_nullable FROM information_schema.columns WHERE table_schema = DATABASE() AND BINARY table_name = BINARY ?`, name)
	if err != nil {
		return nil, err
	}
	return t, rows(ctx, q, func(scan func(...any) error) error {
		var column string
		err := scan(&column)
		t.unique[column] = true
		return err
	}, `SELECT MIN(column_name) FROM information_schema.statistics WHERE table_schema = DATABASE() AND BINARY table_name = BINARY ? AND non_unique = 0
GROUP BY index_name HAVING COUNT(*) = 1 AND MAX(sub_part) IS NULL`, name)
}

func mariadbClass(data, typ string) class {
	switch data {
	case "uuid":
		return uuids
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json", "inet4", "inet6":
		return textual
	case "tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year":
		if typ == "tinyint(1)" {
			return boolean
		}
		return numeric
	case "date", "datetime", "timestamp", "time":
		return moment
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit":
		return binary
	}
	return other
}

func (mariadb) references(ctx context.Context, q queryer, _ string) ([]reference, error) {
	return scanReferences(ctx, q, `SELECT CONCAT(k.constraint_schema, '.', k.constraint_name), IF(k.table_schema = DATABASE(), '', k.table_schema), k.table_name, k.column_name,
k.referenced_table_name, r.delete_rule
FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.referenced_table_schema = DATABASE() ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position`)
}

func (mariadb) trial(statement string) string { return "EXPLAIN " + statement }

func (mariadb) account(ctx context.Context, q queryer) (found []string, err error) {
	err = rows(ctx, q, func(scan func(...any) error) error {
		var grant string
		err := scan(&grant)
		if strings.HasPrefix(grant, "GRANT ALL PRIVILEGES ON *.*") || strings.Contains(grant, " SUPER") {
			found = []string{"the account may do everything: one that may read and erase these tables is enough"}
		}
		return err
	}, `SHOW GRANTS`)
	return found, err
}

func (mariadb) trouble(err error) string {
	var m *mysql.MySQLError
	if !errors.As(err, &m) {
		return ""
	}
	meaning := "the statement failed"
	switch m.Number {
	case 1451, 1217:
		meaning = "other rows refer to these"
	case 1048, 1263:
		meaning = "a column that must have a value would be emptied"
	case 1142, 1143, 1044, 1370:
		meaning = "the account lacks the right"
	case 1045, 1698, 1130:
		meaning = "the account is not let in"
	case 1049:
		meaning = "there is no such database"
	case 1205, 1213:
		meaning = "another program holds these rows"
	case 1644:
		meaning = "a trigger of the database objects"
	}
	return "the database refuses: " + meaning + " (" + strconv.Itoa(int(m.Number)) + ")"
}
