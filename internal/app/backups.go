package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// Backups says where a serving server puts backups of itself, and how often. Without a folder it
// makes none.
type Backups struct {
	Folder string
	Every  time.Duration
}

// The name of a scheduled backup holds the time it was begun. One that is being written has another
// ending, so that nobody takes it for whole.
const (
	backupPrefix  = "clause-"
	backupSuffix  = ".backup"
	partSuffix    = ".part"
	backupLayout  = "20060102T150405Z"
	backupPrivate = 0o600
)

// BackupTo writes a backup to a file that must not exist. The file is there whole or not at all: it is
// written beside its place under another name, synced and renamed. progress may be nil.
func (a *App) BackupTo(ctx context.Context, path string, progress func(rows int64)) (vault.BackupReport, error) {
	const op = "app.BackupTo"
	if _, err := os.Lstat(path); err == nil {
		return vault.BackupReport{}, fault.New(op, fault.Conflict, "there is a file %s already", path).WithHint("a backup overwrites nothing: name a new file")
	}
	part := path + "." + rand.Text()[:8] + partSuffix
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, backupPrivate)
	if err != nil {
		return vault.BackupReport{}, fault.As(op, fault.Unavailable, err)
	}
	report, err := a.Vault.Backup(ctx, file, progress)
	if err == nil {
		err = fault.As(op, fault.Unavailable, file.Sync())
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = fault.As(op, fault.Unavailable, os.Rename(part, path))
	}
	if err != nil {
		return vault.BackupReport{}, fault.Wrap(op, errors.Join(err, os.Remove(part)))
	}
	return report, syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename in the folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fault.As("app.syncFolder", fault.Unavailable, err)
	}
	return fault.As("app.syncFolder", fault.Unavailable, errors.Join(folder.Sync(), folder.Close()))
}

// lookEvery is how often the duty looks whether a backup is due: a server that was down catches up.
const lookEvery = time.Minute

// backupDuty makes the backups that are due and removes those that cannot be opened any more.
func (a *App) backupDuty() work.Duty {
	return work.Duty{Name: "make backups", Every: min(lookEvery, a.Backups.Every), Now: true, Do: func(ctx context.Context) error {
		return errors.Join(a.backupIfDue(ctx), a.dropExpired())
	}}
}

// backupIfDue makes a backup unless the folder has one that is young enough.
func (a *App) backupIfDue(ctx context.Context) error {
	const op = "app.backup"
	now := a.Now().UTC()
	if err := os.MkdirAll(a.Backups.Folder, 0o700); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	made, err := a.scheduled(backupSuffix)
	if err != nil {
		return err
	}
	for _, at := range made {
		if now.Sub(at) < a.Backups.Every {
			return nil
		}
	}
	name := backupPrefix + now.Format(backupLayout) + backupSuffix
	report, err := a.BackupTo(ctx, filepath.Join(a.Backups.Folder, name), nil)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if report.Missing > 0 {
		a.Log.Error("blobs are missing from where they are kept, and from the backup", "file", name, "blobs", report.Missing)
	}
	a.Log.Info("made a backup", "file", name, "rows", report.Rows, "blobs", report.Blobs, slog.Duration("took", a.Now().Sub(now)))
	return nil
}

// partKept is how long the rest of a backup that was cut short is left alone: another server may be
// writing it.
const partKept = 24 * time.Hour

// dropExpired removes the scheduled backups whose epoch is destroyed by now, which are noise, and
// what is left of those that were cut short.
func (a *App) dropExpired() error {
	opened := a.Policy.Backups.Epoch + a.Policy.Backups.Horizon
	return errors.Join(a.dropOlder(backupSuffix, opened), a.dropOlder(partSuffix, partKept))
}

func (a *App) dropOlder(suffix string, age time.Duration) error {
	all, err := a.scheduled(suffix)
	if err != nil {
		return err
	}
	for name, at := range all {
		if a.Now().Sub(at) <= age {
			continue
		}
		if err := os.Remove(filepath.Join(a.Backups.Folder, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fault.As("app.dropExpired", fault.Unavailable, err)
		}
		a.Log.Info("removed a backup that cannot be opened any more", "file", name)
	}
	return nil
}

// scheduled returns the files of the folder that the duty has made, by the time in their names.
// Whatever else lies there is none of its business.
func (a *App) scheduled(suffix string) (map[string]time.Time, error) {
	entries, err := os.ReadDir(a.Backups.Folder)
	if err != nil {
		return nil, fault.As("app.scheduled", fault.Unavailable, err)
	}
	made := map[string]time.Time{}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), backupPrefix)
		if !ok || !strings.HasSuffix(rest, suffix) || !e.Type().IsRegular() {
			continue
		}
		stamp, _, _ := strings.Cut(rest, ".")
		if at, err := time.Parse(backupLayout, stamp); err == nil {
			made[e.Name()] = at
		}
	}
	return made, nil
}

// Restore fills a new, empty store from a backup, then erases again who was erased since. After a
// backup that was refused before any of it was written, the store may be tried again with another
// key folder: it has no owner yet.
func (a *App) Restore(ctx context.Context, r io.Reader, progress func(rows int64)) (report vault.BackupReport, people, tenants int, err error) {
	report, people, tenants, err = a.Vault.Restore(ctx, r, progress)
	if err == nil {
		return report, people, tenants, nil
	}
	err = errors.Join(err, a.disclaim(ctx)) // the next attempt finds an empty bucket
	if vault.CheckWhole(ctx, a.DB) != nil {
		return report, people, tenants, err
	}
	return report, 0, 0, errors.Join(err, a.DB.Write(context.WithoutCancel(ctx), db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, storeMark)
		return err
	}))
}
