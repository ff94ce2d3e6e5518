package vault

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

// empty is a world with the same key folder and clock over an empty store of its own.
func (w *world) empty() *world {
	w.t.Helper()
	dir := w.t.(*testing.T).TempDir()
	return openWorld(w.t, openSQLite(w.t, w.clock, filepath.Join(dir, "store")), w.clock, dir, w.keys)
}

// restore restores a backup into an empty SQLite store.
func (w *world) restore(backup []byte) *world {
	w.t.Helper()
	next := w.empty()
	_, _, _, err := next.vault.Restore(w.ctx, bytes.NewReader(backup), nil)
	must(w.t, err)
	must(w.t, CheckWhole(w.ctx, next.db))
	return next
}

func (w *world) backup() []byte {
	w.t.Helper()
	var out bytes.Buffer
	_, err := w.vault.Backup(w.ctx, &out, nil)
	must(w.t, err)
	return out.Bytes()
}

func (w *world) blob(sub, tx string) string {
	w.t.Helper()
	_, body, err := w.vault.GetBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt")
	must(w.t, err)
	data, err := io.ReadAll(body)
	must(w.t, err)
	must(w.t, body.Close())
	return string(data)
}

// A backup of either engine restores into either, blobs included; what was erased since is gone.
func TestBackupRestore(t *testing.T) {
	stores := map[string]func(t *testing.T, c *clock) *db.DB{
		"sqlite": func(t *testing.T, c *clock) *db.DB { return openSQLite(t, c, t.TempDir()) },
		"postgres": func(t *testing.T, c *clock) *db.DB {
			cfg := dbtest.Postgres(t)
			cfg.Now = c.now
			return dbtest.Open(t, cfg)
		},
	}
	for _, way := range [][2]string{{"sqlite", "sqlite"}, {"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			c := newClock()
			w := newWorld(t, stores[way[0]](t, c), c, t.TempDir())
			sub, tx := w.full()
			erased, erasedTx := w.full()
			before, beforeTx := w.full()
			must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", before))
			must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
			theirs, err := w.vault.CreateSubject(w.ctx, w.app, "other", Idempotency{})
			must(t, err)
			var out bytes.Buffer
			made, err := w.vault.Backup(w.ctx, &out, nil)
			must(t, err)
			if e := w.newest("_org"); e.Kind != "backup.made" || made.Blobs < 2 || made.Rows == 0 {
				t.Fatalf("entry %+v, report %+v", e, made)
			}
			must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", erased))
			must(t, w.vault.EraseTenant(w.ctx, w.admin, "other"))

			dir := t.TempDir()
			next := openWorld(t, stores[way[1]](t, c), c, dir, w.keys)
			rows := int64(0)
			report, people, tenants, err := next.vault.Restore(w.ctx, bytes.NewReader(out.Bytes()), func(n int64) { rows = n })
			must(t, err)
			if people != 1 || tenants != 1 || report != (BackupReport{made.Made, made.Epoch, made.Rows, made.Blobs, 0}) || made.Missing != 0 {
				t.Fatalf("%d people, %d tenants, report %+v, made %+v, progress %d", people, tenants, report, made, rows)
			}
			must(t, CheckWhole(w.ctx, next.db))
			next.unreadable(erased, erasedTx)
			next.unreadable(before, beforeTx)
			_, err = next.vault.Standing(w.ctx, w.app, "other", theirs)
			want(t, err, fault.NotFound)
			wantJSON(t, next.get(of(sub, "identity", single)).Fields, `{"first_name":"Zaynab","email":"`+sub+`@example.org","phone":"+97140000000"}`)
			next.get(of(sub, "transactions", tx).under(insights))
			if got := next.blob(sub, tx); got != "paid in full" {
				t.Fatalf("the blob is %q", got)
			}
			if found := next.find("email", sub+"@example.org"); len(found) != 1 {
				t.Fatalf("found %v", found)
			}
			page, _, err := next.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 0)
			if err != nil || len(page) != 0 {
				t.Fatalf("memory-only data came back: %v %v", page, err)
			}
			next.swept(erased)
			next.swept(before)
			if n := len(next.files()); n != 1 {
				t.Fatalf("%d blobs", n)
			}
			next.verified("acme", "other", "_org") // also what was appended since
			next.put(of(sub, "transactions", ""), transaction("3 AED"))
			next.verified("acme")
		})
	}
}

func TestBackupIsSealed(t *testing.T) {
	w := sqliteWorld(t)
	sub, _ := w.full()
	data := w.backup()
	for _, text := range []string{"Zaynab", "example.org", sub, "acme", "paid in full", insights, "identity"} {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("the backup shows %q", text)
		}
	}
}

// A backup that was cut, altered or lengthened is refused, and what was restored of it is not served.
func TestDamagedBackup(t *testing.T) {
	w := sqliteWorld(t)
	w.full()
	data := w.backup()
	end := bytes.IndexByte(data, '\n') + 1
	damage := map[string][]byte{
		"empty": {}, "only a header": data[:end], "cut at the end": data[:len(data)-1], "cut in the middle": data[:end+len(data[end:])/2],
		"lengthened": append(bytes.Clone(data), 'x'), "doubled": append(bytes.Clone(data), data...), "no header": data[end:],
		"another epoch": bytes.Replace(data, []byte(`"epoch":1`), []byte(`"epoch":2`), 1),
		"another day":   bytes.Replace(data, []byte(`"made":"2026`), []byte(`"made":"2025`), 1),
	}
	for _, at := range []int{2, end / 2, end - 3, end, end + 5, end + len(data[end:])/3, len(data) - 17, len(data) - 1} {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1
		damage["a bit flipped at "+strconv.Itoa(at)] = flipped
	}
	for name, bad := range damage {
		next := w.empty()
		_, _, _, err := next.vault.Restore(w.ctx, bytes.NewReader(bad), nil)
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v (%s)", name, err, fault.KindOf(err))
		}
	}
}

// A restore that is cut leaves a store that is not served, nor restored into again.
func TestRestoreCut(t *testing.T) {
	w := sqliteWorld(t)
	w.crowd(20)
	data := w.backup()
	next := w.empty()
	cut := io.MultiReader(bytes.NewReader(data[:len(data)-40]), failing{})
	_, _, _, err := next.vault.Restore(w.ctx, cut, nil)
	if err == nil {
		t.Fatal("a cut restore succeeded")
	}
	want(t, CheckWhole(w.ctx, next.db), fault.Invalid)
	want(t, CheckWhole(w.ctx, next.reopened().db), fault.Invalid)
	_, _, _, err = next.vault.Restore(w.ctx, bytes.NewReader(data), nil)
	want(t, err, fault.Invalid)
	must(t, CheckWhole(w.ctx, w.db))
}

// failing fails as a connection does.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestRestoreIntoTheWrongPlace(t *testing.T) {
	w := sqliteWorld(t)
	data := w.backup()
	_, _, _, err := w.vault.Restore(w.ctx, bytes.NewReader(data), nil)
	want(t, err, fault.Conflict)
	dir := t.TempDir()
	stranger := openWorld(t, openSQLite(t, w.clock, filepath.Join(dir, "store")), w.clock, dir, filepath.Join(dir, "keys"))
	_, _, _, err = stranger.vault.Restore(w.ctx, bytes.NewReader(data), nil)
	want(t, err, fault.Invalid)
	if !strings.Contains(err.Error(), "key folder") {
		t.Fatal(err)
	}
	// Even with the header made to fit, the key does not open.
	ours, theirs := []byte(w.ring.StoreID().String()), []byte(stranger.ring.StoreID().String())
	_, _, _, err = stranger.vault.Restore(w.ctx, bytes.NewReader(bytes.Replace(data, ours, theirs, 1)), nil)
	want(t, err, fault.Invalid)
}

// While a backup is made, what is let go meanwhile is in it still.
func TestBackupWhileServing(t *testing.T) {
	w := sqliteWorld(t)
	sub, tx := w.full()
	w.vault.copying.RLock() // as a backup holds it while it dumps a tenant
	_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "text/plain", strings.NewReader("second"), Condition{})
	must(t, err)
	must(t, w.vault.Sweep(w.ctx))
	files := len(w.files())
	w.vault.copying.RUnlock()
	if files != 2 {
		t.Fatalf("%d files while a backup is made", files)
	}
	must(t, w.vault.Sweep(w.ctx))
	if files := len(w.files()); files != 1 {
		t.Fatalf("%d files after it", files)
	}
	writes := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				writes <- nil
				return
			default:
			}
			if _, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "", strings.NewReader("more"), Condition{}); err != nil {
				writes <- err
				return
			}
			if err := w.vault.Sweep(w.ctx); err != nil && !fault.Is(err, fault.Unavailable) {
				writes <- err
				return
			}
		}
	}()
	for range 5 {
		next := w.restore(w.backup())
		if got := next.blob(sub, tx); got != "second" && got != "more" {
			t.Errorf("the blob is %q", got)
		}
	}
	close(stop)
	must(t, <-writes)
}

func TestFullDestination(t *testing.T) {
	w := sqliteWorld(t)
	w.full()
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer file.Close()
	_, err = w.vault.Backup(w.ctx, file, nil)
	want(t, err, fault.Unavailable)
}

// A restored store knows what was anchored of its ledgers, so that a log cut short is still found out.
func TestAnchorsAreRestored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const key = "ledger.anchor.acme"
		must(t, w.db.Write(w.ctx, db.Organisation, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2)`, key, []byte("head"))
			return err
		}))
		var backup bytes.Buffer
		if _, err := w.vault.Backup(w.ctx, &backup, nil); err != nil {
			t.Fatal(err)
		}
		r := w.restore(backup.Bytes())
		var value []byte
		must(t, r.db.Get(w.ctx, "", `SELECT value FROM meta WHERE key = $1`, []any{key}, &value))
		if string(value) != "head" {
			t.Fatalf("got %q", value)
		}
	})
}
