package vault

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// backupHeader is the first line of a backup, in the clear. The key is sealed under the epoch's: when
// that epoch is destroyed, the whole backup is noise.
type backupHeader struct {
	Format int       `json:"clause_backup"`
	Store  string    `json:"store"`
	Made   time.Time `json:"made"`
	Epoch  int64     `json:"epoch"`
	Key    []byte    `json:"key"`
}

const backupFormat = 1

// maxHeader is the longest header line, in bytes.
const maxHeader = 4096

// bound is what the backup's key and its stream are bound to.
func (h *backupHeader) bound() []byte {
	return bind("backup", h.Store, h.Made.UTC().Format(time.RFC3339Nano))
}

// BackupReport says what a backup or a restore held. Missing are blobs that a backup should hold and that
// were not where blobs are kept.
type BackupReport struct {
	Made        time.Time
	Epoch       int64
	Rows, Blobs int64
	Missing     int64
}

// Backup writes an encrypted copy of the store to w while the server serves: each tenant is seen at
// one moment. progress, which may be nil, is called with the rows so far. Memory-only data is not in
// it: it is in no store. With tenants named, the backup is of these and the organisation alone, which
// is what a probe needs of a large store.
func (v *Vault) Backup(ctx context.Context, w io.Writer, progress func(rows int64), only ...string) (BackupReport, error) {
	const op = "vault.Backup"
	h := backupHeader{Format: backupFormat, Store: v.Ring.StoreID().String(), Made: v.Now().UTC()}
	key := keyring.NewStreamKey()
	var err error
	if h.Epoch, h.Key, err = v.Ring.SealBackupKey(key[:], h.bound()); err != nil {
		return BackupReport{}, fault.Wrap(op, err)
	}
	line, err := json.Marshal(h)
	if err != nil {
		return BackupReport{}, fault.As(op, fault.Other, err)
	}
	// A key left under an older epoch would die before the backup does.
	if err := v.rewrapAll(ctx); err != nil {
		return BackupReport{}, fault.Wrap(op, err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return BackupReport{}, fault.As(op, fault.Unavailable, err)
	}
	stream, err := keyring.SealStream(key, h.bound(), w)
	if err != nil {
		return BackupReport{}, fault.Wrap(op, err)
	}
	d := dump{v: v, only: only, out: frameWriter{bufio.NewWriterSize(stream, 1<<16)}, progress: progress}
	if err := d.all(ctx); err != nil {
		return BackupReport{}, fault.Wrap(op, err)
	}
	if err := errors.Join(d.out.w.Flush(), stream.Close()); err != nil {
		return BackupReport{}, fault.As(op, fault.Unavailable, err)
	}
	report := BackupReport{Made: h.Made, Epoch: h.Epoch, Rows: d.rows, Blobs: d.blobs, Missing: d.missing}
	return report, v.record(ctx, db.Organisation, epochEntry("backup.made", h.Epoch))
}

// dump writes the frames of one backup.
type dump struct {
	v           *Vault
	only        []string // tenants; empty for all
	out         frameWriter
	progress    func(int64)
	objects     []string // blobs of the tenant being dumped
	rows, blobs int64
	missing     int64
}

// all dumps the organisation first: what its log knows of the tenants' logs is then never newer than
// what follows.
func (d *dump) all(ctx context.Context) error {
	if err := d.tables(ctx, db.Organisation); err != nil {
		return err
	}
	tenants, err := d.v.tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if len(d.only) > 0 && !slices.Contains(d.only, t.ID) {
			continue
		}
		if err := d.tenant(ctx, t.ID); err != nil {
			return err
		}
	}
	return d.out.write(frameEnd, binary.AppendVarint(binary.AppendVarint(nil, d.rows), d.blobs))
}

// tenant dumps a tenant's rows, and then the objects that they speak of: while they are copied, none that
// was let go is removed.
func (d *dump) tenant(ctx context.Context, tenant string) error {
	d.v.copying.RLock()
	defer d.v.copying.RUnlock()
	d.objects = nil
	if err := d.tables(ctx, tenant); err != nil {
		return err
	}
	for _, id := range d.objects {
		if err := ctx.Err(); err != nil {
			return fault.As("vault.dump", fault.Unavailable, err)
		}
		if err := d.blob(ctx, tenant, id); err != nil {
			return err
		}
	}
	return nil
}

// tables dumps, in one snapshot, a tenant's rows of every table, its own row of the tenants' table among
// them: so a backup never has a tenant's data without the tenant, nor an erased one as active. For the
// organisation it dumps also the other tables that belong to no tenant.
func (d *dump) tables(ctx context.Context, tenant string) error {
	return d.v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		for _, table := range db.Tables() {
			if !table.PerTenant && (tenant == db.Organisation) == (table.Name == "tenants") {
				continue
			}
			if err := d.table(tx, table, tenant); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *dump) table(tx *db.Tx, table db.Table, tenant string) error {
	head := appendText(nil, table.Name)
	head = appendText(head, columnNames(table.Columns))
	if err := d.out.write(frameTable, appendText(head, tenant)); err != nil {
		return err
	}
	query, args := `SELECT `+columnNames(table.Columns)+` FROM `+table.Name, []any(nil)
	if table.PerTenant || table.Name == "tenants" {
		query, args = query+` WHERE tenant_id = $1`, []any{tenant}
	}
	dest := slots(table.Columns)
	var buffer []byte
	return tx.Each(query, args, func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		buffer = encodeRow(buffer[:0], table.Columns, dest)
		if d.rows++; d.progress != nil && d.rows%1000 == 0 {
			d.progress(d.rows)
		}
		d.note(table, dest)
		return d.out.write(frameRow, buffer)
	})
}

// note remembers the object that a row of blobs speaks of.
func (d *dump) note(table db.Table, row []any) {
	if table.Name != "blobs" {
		return
	}
	var id, state string
	for i, c := range table.Columns {
		switch c.Name {
		case "blob_id":
			id = *row[i].(*string)
		case "state":
			state = *row[i].(*string)
		}
	}
	if state == blobStored {
		d.objects = append(d.objects, id)
	}
}

func (d *dump) blob(ctx context.Context, tenant, id string) error {
	const op = "vault.dump"
	object, err := d.v.Objects.Open(ctx, tenant, id)
	if fault.Is(err, fault.NotFound) {
		return d.miss(ctx, tenant, id)
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer object.Close()
	if err := d.out.write(frameBlob, appendText(appendText(nil, tenant), id)); err != nil {
		return err
	}
	d.blobs++
	buffer := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(object, buffer)
		if n > 0 {
			if err := d.out.write(frameBytes, buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
	}
}

// miss counts a blob that is not there, unless it was let go or its person erased in the meantime. The backup
// goes on: it is all the more needed.
func (d *dump) miss(ctx context.Context, tenant, id string) error {
	var n int64
	err := d.v.DB.Get(ctx, tenant, `SELECT COUNT(*) FROM blobs WHERE tenant_id = $1 AND blob_id = $2 AND state = $3 AND NOT EXISTS (
 SELECT 1 FROM sweeps WHERE sweeps.tenant_id = $1 AND sweeps.subject_id IN (blobs.subject_id, ''))`, []any{tenant, id, blobStored}, &n)
	d.missing += n
	return err
}
