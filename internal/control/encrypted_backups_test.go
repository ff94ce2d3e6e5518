package control_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"testing"

	"clause.dev/clause/internal/control"
)

func TestEncryptedBackupsCheck(t *testing.T) {
	checks(t, []check{
		{name: "one", control: &control.EncryptedBackups{Data: control.DataSets{"profile"}}},
		{name: "none", control: &control.EncryptedBackups{}, param: "data", finds: []string{"names no data set"}},
	})
}

func backupSabotages() []sabotage {
	spilt := func(form func([]byte) []byte) func(*world, *control.System) {
		return func(w *world, sys *control.System) {
			honest := sys.Backup
			sys.Backup = func(ctx context.Context, out io.Writer) error {
				err := honest(ctx, out)
				w.copied.Range(func(_, body any) bool { out.Write(form(body.([]byte))); return true })
				return err
			}
			w.open(leaking(w.copy)(sys, w.door))
		}
	}
	return []sabotage{
		{name: "a backup with a copy in plain", says: "in the backup", system: spilt(func(b []byte) []byte { return b })},
		{name: "a backup with a copy in base64", says: "in the backup", system: spilt(func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) })},
		{name: "a row in plain, which a replica is sent", says: "in the table meta", before: spillIntoStore},
		{name: "a backup of what is in memory only", says: "which is in memory only, from a backup was allowed", system: reviving()},
	}
}

// A backup in which the canary is not proves nothing by its not being found.
func TestAnEmptyBackupProvesNothing(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	sys := w.System()
	var old bytes.Buffer
	if err := sys.Backup(t.Context(), &old); err != nil {
		t.Fatal(err)
	}
	sys.Backup = func(_ context.Context, out io.Writer) error {
		_, err := out.Write(old.Bytes())
		return err
	}
	for _, f := range w.probe(t, "encrypted-backups", sys) {
		if f.Outcome != control.Unable {
			t.Errorf("%s: %s", f.Outcome, f.Summary)
		}
	}
}
