package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// at runs a command line as if it were that time.
func at(ctx context.Context, now func() time.Time, args ...string) (status int, out, errs string) {
	var stdout, stderr bytes.Buffer
	status = run(args, &env{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Now: now, Context: ctx})
	return status, stdout.String(), stderr.String()
}

// served serves until what is wanted is so.
func served(t *testing.T, now func() time.Time, until func() bool, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running sync.WaitGroup
	running.Go(func() {
		status, _, errs := at(ctx, now, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
		if status != 0 {
			t.Errorf("serve ended with %d: %s", status, errs)
		}
		stop()
	})
	for range 6000 {
		if until() || ctx.Err() != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !until() {
		t.Error("it did not come to be")
	}
	stop()
	running.Wait()
}

// TestABackupExpires lives through a policy's epoch and horizon: the backup from before then opens for
// nobody, and a server removes the scheduled ones, and nothing else, from its folder.
func TestABackupExpires(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // serve sets it
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	place := []string{"--policy", "../../examples/clesaro/policy.yaml", "--data", in("data")}
	began, noon := time.Now(), time.Now().UTC().Truncate(24*time.Hour).Add(12*time.Hour) // no midnight comes while it runs
	later := func(days int) func() time.Time {
		return func() time.Time { return noon.AddDate(0, 0, days).Add(time.Since(began)) }
	}
	do := func(days int, want int, command string, args ...string) string {
		t.Helper()
		status, out, errs := at(t.Context(), later(days), append(append([]string{command}, args...), place...)...)
		if status != want {
			t.Fatalf("%s on day %d ended with %d: %s", command, days, status, errs)
		}
		return out + errs
	}
	do(0, 0, "init")
	do(0, 0, "backup", "--to", in("first.backup"))
	if err := os.MkdirAll(in("backups"), 0o700); err != nil {
		t.Fatal(err)
	}
	old := later(0)()
	for _, name := range []string{"clause-" + old.Format("20060102T150405Z") + ".backup", "clause-mine.backup", "clause-" + old.Format("20060102T150405Z") + ".backup.abc.part"} {
		if err := os.WriteFile(in("backups/"+name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// On the eighth day the first epoch is over; its key lives on until the horizon is.
	turned := func(epoch, ending string) func() bool {
		return func() bool {
			_, err := os.Stat(in("keys/epoch-" + epoch + "." + ending))
			return err == nil
		}
	}
	served(t, later(8), turned("2", "key"), place...)
	if os.TempDir() != in("data/tmp") {
		t.Errorf("the server's temporary files go to %s", os.TempDir())
	}
	restore := []string{in("first.backup"), "--policy", "../../examples/clesaro/policy.yaml", "--keys", in("keys"), "--root-key", in("root.key")}
	if status, _, errs := at(t.Context(), later(8), append([]string{"restore", "--data", in("young/data")}, restore...)...); status != 0 {
		t.Fatalf("a backup of a living epoch does not restore: %d %s", status, errs)
	}
	scheduled := func() (names []string) {
		all, _ := filepath.Glob(in("backups/*"))
		for _, path := range all {
			names = append(names, filepath.Base(path))
		}
		return names
	}
	served(t, later(30), func() bool { return turned("1", "gone")() && len(scheduled()) == 2 }, append(place, "--backup-to", in("backups"))...)
	if names := strings.Join(scheduled(), " "); !strings.Contains(names, "clause-mine.backup") || !strings.Contains(names, "clause-"+later(30)().Format("20060102T")) {
		t.Errorf("the folder of backups holds %s", names)
	}
	status, _, errs := at(t.Context(), later(30), append([]string{"restore", "--data", in("late/data")}, restore...)...)
	if status != 1 || !strings.Contains(errs, "the backup is too old: the key of its epoch was destroyed") {
		t.Errorf("an expired backup: %d %s", status, errs)
	}
	if _, err := os.Stat(in("late")); err == nil {
		t.Error("a refused restore left a folder behind")
	}
}
