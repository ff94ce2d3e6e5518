package vault

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
)

// restoringMark is the meta key of a store whose restore has not ended: it must not be served.
const restoringMark = "restoring"

// CheckWhole refuses a store that a restore left half full.
func CheckWhole(ctx context.Context, d *db.DB) error {
	var value []byte
	err := d.Get(ctx, "", `SELECT value FROM meta WHERE key = $1`, []any{restoringMark}, &value)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fault.Wrap("vault.CheckWhole", err)
	}
	return fault.New("vault.CheckWhole", fault.Invalid, "a restore into this store did not end").
		WithHint("delete the store and restore the backup again")
}

// Restore fills an empty store from a backup, then erases again whom the list of destroyed keys
// says was erased since. It fails with Erased if the epoch of the backup was destroyed, with Invalid
// if the backup is damaged, cut, or another store's; what was written then is refused at start.
func (v *Vault) Restore(ctx context.Context, r io.Reader, progress func(rows int64)) (report BackupReport, people, tenants int, err error) {
	const op = "vault.Restore"
	if err := v.checkEmpty(ctx); err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	in := bufio.NewReaderSize(r, 1<<16)
	h, stream, err := v.openBackup(in)
	if err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	if err := v.mark(ctx, true); err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	l := load{v: v, in: frameReader{bufio.NewReaderSize(stream, 1<<16)}, progress: progress}
	if err := l.all(ctx); err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	if people, tenants, err = v.Reconcile(ctx); err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	report = BackupReport{Made: h.Made, Epoch: h.Epoch, Rows: l.rows, Blobs: l.blobs}
	err = v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		e := epochEntry("backup.restored", h.Epoch)
		e.Detail["erased"] = strconv.Itoa(people + tenants)
		return ledger.Append(tx, e)
	})
	if err != nil {
		return report, 0, 0, fault.Wrap(op, err)
	}
	return report, people, tenants, fault.Wrap(op, v.mark(ctx, false))
}

// openBackup reads the header and opens the stream under it.
func (v *Vault) openBackup(in *bufio.Reader) (h backupHeader, stream io.Reader, err error) {
	const op = "vault.openBackup"
	line, err := in.ReadSlice('\n')
	if err != nil || len(line) > maxHeader || json.Unmarshal(line, &h) != nil || h.Format != backupFormat {
		return h, nil, fault.New(op, fault.Invalid, "the file is not a backup of Clause")
	}
	if h.Store != v.Ring.StoreID().String() {
		return h, nil, fault.New(op, fault.Invalid, "the backup was made with another key folder").
			WithHint("restore with the key folder of the server that made it")
	}
	key, err := v.Ring.OpenBackupKey(h.Epoch, h.Key, h.bound())
	if err != nil {
		return h, nil, fault.Wrap(op, err)
	}
	if len(key) != 32 {
		return h, nil, fault.New(op, fault.Invalid, "the backup is damaged")
	}
	stream, err = keyring.OpenStream([32]byte(key), h.bound(), in)
	return h, stream, err
}

// checkEmpty refuses to mix a backup with what is there.
func (v *Vault) checkEmpty(ctx context.Context) error {
	if err := CheckWhole(ctx, v.DB); err != nil {
		return err
	}
	var tenants, credentials, entries int64
	err := v.DB.Read(ctx, db.Organisation, func(tx *db.Tx) error {
		for _, q := range []struct {
			query string
			args  []any
			n     *int64
		}{
			{`SELECT COUNT(*) FROM tenants`, nil, &tenants},
			{`SELECT COUNT(*) FROM credentials`, nil, &credentials},
			{`SELECT COUNT(*) FROM ledger_heads WHERE tenant_id = $1`, []any{db.Organisation}, &entries},
		} {
			if err := tx.One(q.query, q.args, q.n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if tenants+credentials+entries > 0 {
		return fault.New("vault.Restore", fault.Conflict, "the store is not empty").WithHint("restore into a new store")
	}
	return nil
}

func (v *Vault) mark(ctx context.Context, restoring bool) error {
	return v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		if restoring {
			_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, restoringMark, []byte{1})
			return err
		}
		_, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, restoringMark)
		return err
	})
}

// load reads the frames of one backup.
type load struct {
	v           *Vault
	in          frameReader
	progress    func(int64)
	rows, blobs int64

	table  db.Table
	tenant string
	insert string
	batch  [][]any
}

// metaTable holds what a store says of itself, the heads of ledgers that were anchored among it. Its
// first column is the key.
const metaTable = "meta"

// loadRows is how many rows one transaction restores.
const loadRows = 500

func (l *load) all(ctx context.Context) error {
	kind, body, err := l.in.read()
	for err == nil {
		switch kind {
		case frameTable:
			if err = l.flush(ctx); err == nil {
				err = l.begin(body)
			}
		case frameRow:
			err = l.row(ctx, body)
		case frameBlob:
			if err = l.flush(ctx); err != nil {
				return err
			}
			if kind, body, err = l.blob(ctx, body); err == nil {
				continue // the frame after the blob is read already
			}
		case frameEnd:
			return l.end(ctx, body)
		default:
			err = errDamaged()
		}
		if err == nil {
			kind, body, err = l.in.read()
		}
	}
	return err
}

func errDamaged() error { return fault.New("vault.load", fault.Invalid, "the backup is damaged") }

// begin takes up a table. Its columns must be those of this version of the store.
func (l *load) begin(body []byte) error {
	name, rest, ok := takeBytes(body)
	columns, rest, ok2 := takeBytes(rest)
	tenant, rest, ok3 := takeBytes(rest)
	if !ok || !ok2 || !ok3 || len(rest) != 0 {
		return errDamaged()
	}
	for _, table := range db.Tables() {
		if table.Name != string(name) {
			continue
		}
		if columnNames(table.Columns) != string(columns) {
			return fault.New("vault.load", fault.Invalid, "the backup is of another version of the store").
				WithHint("restore it with the version of Clause that made it, then upgrade")
		}
		l.table, l.tenant = table, string(tenant)
		marks := make([]string, len(table.Columns))
		for i := range marks {
			marks[i] = "$" + strconv.Itoa(i+1)
		}
		l.insert = `INSERT INTO ` + table.Name + ` (` + columnNames(table.Columns) + `) VALUES (` + strings.Join(marks, ", ") + `)`
		if table.Name == metaTable {
			l.insert += ` ON CONFLICT DO NOTHING` // what the new store says of itself stays
		}
		return nil
	}
	return errDamaged()
}

func (l *load) row(ctx context.Context, body []byte) error {
	if l.insert == "" {
		return errDamaged()
	}
	values, err := decodeRow(body, l.table.Columns)
	if err != nil {
		return err
	}
	if l.rows++; l.progress != nil && l.rows%1000 == 0 {
		l.progress(l.rows)
	}
	// What the old store knew of destroyed keys must not keep Reconcile from looking.
	if l.table.Name == metaTable && strings.HasPrefix(values[0].(string), destroyedMark) {
		return nil
	}
	l.batch = append(l.batch, values)
	if len(l.batch) >= loadRows {
		return l.flush(ctx)
	}
	return nil
}

func (l *load) flush(ctx context.Context) error {
	if len(l.batch) == 0 {
		return nil
	}
	err := l.v.DB.Write(ctx, l.tenant, func(tx *db.Tx) error {
		for _, values := range l.batch {
			if _, err := tx.Exec(l.insert, values...); err != nil {
				return err
			}
		}
		return nil
	})
	l.batch = nil
	return err
}

// blob puts one blob where blobs are kept, and returns the frame that follows it.
func (l *load) blob(ctx context.Context, body []byte) (kind byte, next []byte, err error) {
	tenant, rest, ok := takeBytes(body)
	id, rest, ok2 := takeBytes(rest)
	if !ok || !ok2 || len(rest) != 0 || !tenantPattern.Match(tenant) || !isID(blobPrefix, string(id)) {
		return 0, nil, errDamaged()
	}
	l.blobs++
	err = l.v.Objects.Put(ctx, string(tenant), string(id), func(w io.Writer) (err error) {
		for {
			if kind, next, err = l.in.read(); err != nil || kind != frameBytes {
				return err
			}
			if _, err := w.Write(next); err != nil {
				return fault.As("vault.load", fault.Unavailable, err)
			}
		}
	})
	return kind, next, err
}

// end checks that nothing is missing: the stream's own end was authenticated, and the counts agree.
func (l *load) end(ctx context.Context, body []byte) error {
	rows, used := binary.Varint(body)
	if used <= 0 {
		return errDamaged()
	}
	blobs, more := binary.Varint(body[used:])
	if more <= 0 || rows != l.rows || blobs != l.blobs {
		return errDamaged()
	}
	if _, err := l.in.r.ReadByte(); err != io.EOF {
		return errDamaged()
	}
	return l.flush(ctx)
}
