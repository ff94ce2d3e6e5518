package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// clock is a clock that stands until it is set forward; it ticks a microsecond at each look.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a vault with its store, key folder, blobs and clock.
type world struct {
	t       testing.TB
	ctx     context.Context
	dir     string // blobs and keys
	keys    string
	clock   *clock
	db      *db.DB
	ring    *keyring.Ring
	rules   *decision.Rules
	vault   *Vault
	bucket  *objectstest.Store // where blobs are kept; nil: in a folder
	log     *ledger.Log
	admin   Caller
	app     Caller // of tenants acme and other
	foreign Caller // of tenant other alone
}

// each runs a test with a world on each engine.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		c := newClock()
		d := open(func(cfg *db.Config) { cfg.Now = c.now })
		run(t, newWorld(t, d, c, t.TempDir()))
	})
}

// postgresWorld is a world on PostgreSQL, which several servers can share.
func postgresWorld(t testing.TB) *world {
	t.Helper()
	c, cfg := newClock(), dbtest.Postgres(t)
	cfg.Now = c.now
	return newWorld(t, dbtest.Open(t, cfg), c, t.TempDir())
}

// sqliteWorld is a world on SQLite whose store lies in the world's folder.
func sqliteWorld(t testing.TB) *world {
	t.Helper()
	c, dir := newClock(), t.TempDir()
	return newWorld(t, openSQLite(t, c, filepath.Join(dir, "store")), c, dir)
}

func openSQLite(t testing.TB, c *clock, dir string) *db.DB {
	t.Helper()
	return dbtest.Open(t, db.Config{URL: "sqlite:" + filepath.Join(dir, "clause.db"), Now: c.now})
}

func newWorld(t testing.TB, d *db.DB, c *clock, dir string) *world {
	t.Helper()
	w := openWorld(t, d, c, dir, filepath.Join(dir, "keys"))
	for _, id := range []string{"acme", "other"} {
		if _, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: id, Title: id}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// openWorld makes a vault over a store and a key folder, whatever they hold.
func openWorld(t testing.TB, d *db.DB, c *clock, dir, keys string) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), dir: dir, keys: keys, clock: c, db: d}
	root, err := keyring.FileRoot(filepath.Join(filepath.Dir(keys), "root.key"), true)
	if err != nil {
		t.Fatal(err)
	}
	if w.ring, err = keyring.Open(w.ctx, keys, root, c.now()); err != nil {
		t.Fatal(err)
	}
	p := testPolicy()
	w.rules = testRules(t, p)
	folder, err := objects.NewFolder(filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	w.vault, err = New(Config{
		DB: d, Ring: w.ring, Rules: w.rules, Policy: p, Now: c.now, Objects: folder, Region: "here",
		Environment: "test", AggregateMin: people, AggregateClause: "c-people", MemoryMax: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.vault.Close)
	w.log = ledger.New(d, w.ring.Signer(), "vault.test/log")
	held, err := w.rules.PurposeSet([]string{account, support, viewing, insights, security, taxes, shipping})
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{ScopeData, ScopeSubjects}
	w.app = Caller{Credential: decision.Credential{ID: "app_1", Tenants: []string{"acme", "other"}, Purposes: held, Environment: "test"}, Scopes: scopes}
	w.foreign = Caller{Credential: decision.Credential{ID: "app_2", Tenants: []string{"other"}, Purposes: held, Environment: "test"}, Scopes: scopes}
	w.admin = Caller{Credential: decision.Credential{ID: "app_0", Environment: "test"}, Scopes: []string{ScopeAdmin}}
	return w
}

// onS3 keeps the world's blobs in a bucket.
func (w *world) onS3(bucket *objectstest.Store) *world {
	w.t.Helper()
	w.bucket, w.vault.Objects = bucket, bucket.Open(w.t)
	return w
}

// everywhere runs a test with a world on each engine, and with one whose blobs are in a bucket.
func everywhere(t *testing.T, run func(t *testing.T, w *world)) {
	each(t, run)
	t.Run("s3", func(t *testing.T) { run(t, sqliteWorld(t).onS3(objectstest.New(t))) })
}

// places runs a test on each place in which blobs can be kept.
func places(t *testing.T, run func(t *testing.T, w *world)) {
	t.Run("folder", func(t *testing.T) { run(t, sqliteWorld(t)) })
	t.Run("s3", func(t *testing.T) { run(t, sqliteWorld(t).onS3(objectstest.New(t))) })
}

// reopened is a world of the same folder with a new vault and ring, as after a restart.
func (w *world) reopened() *world {
	w.t.Helper()
	w.vault.Close()
	next := openWorld(w.t, w.db, w.clock, w.dir, w.keys)
	if w.bucket != nil {
		next.onS3(w.bucket)
	}
	return next
}

// person makes a person of acme.
func (w *world) person() string {
	w.t.Helper()
	id, err := w.vault.CreateSubject(w.ctx, w.app, "acme", Idempotency{})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// of is a target of acme for the purpose account.
func of(subject, dataSet, record string) Target {
	return Target{Tenant: "acme", Subject: subject, DataSet: dataSet, Record: record, Purpose: account}
}

func (t Target) under(purpose string) Target { t.Purpose = purpose; return t }

// fields makes Fields of pairs of a name and a Go value.
func fields(pairs ...any) Fields {
	f := Fields{}
	for i := 0; i < len(pairs); i += 2 {
		raw, err := json.Marshal(pairs[i+1])
		if err != nil {
			panic(err)
		}
		f[pairs[i].(string)] = raw
	}
	return f
}

func identity(email string) Fields { return fields("first_name", "Zaynab", "email", email) }

func transaction(amount string) Fields {
	return fields("date", "2026-01-31", "amount", amount, "direction", "expense")
}

func (w *world) put(t Target, f Fields) Stored {
	w.t.Helper()
	out, err := w.vault.Put(w.ctx, w.app, t, f, Condition{}, Idempotency{})
	if err != nil {
		w.t.Fatalf("put %s: %v", t.DataSet, err)
	}
	return out
}

func (w *world) get(t Target) Record {
	w.t.Helper()
	out, err := w.vault.Get(w.ctx, w.app, t)
	if err != nil {
		w.t.Fatalf("get %s: %v", t.DataSet, err)
	}
	return out
}

// want fails unless err is of the kind.
func want(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v (%s), want %s", err, fault.KindOf(err), kind)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantJSON(t testing.TB, got []byte, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	must(t, json.Unmarshal([]byte(want), &b))
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Fatalf("got %s, want %s", x, y)
	}
}

// entries returns a log's entries, newest first.
func (w *world) entries(log string) []proof.Entry {
	w.t.Helper()
	all, err := w.log.Recent(w.ctx, log, "", 100000)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// newest returns the newest entry of a log.
func (w *world) newest(log string) proof.Entry {
	w.t.Helper()
	all, err := w.log.Recent(w.ctx, log, "", 1)
	if err != nil || len(all) == 0 {
		w.t.Fatalf("the log %s has no entry: %v", log, err)
	}
	return all[0]
}

// size returns the number of entries of a log.
func (w *world) size(log string) int64 {
	w.t.Helper()
	var n int64
	err := w.db.Get(w.ctx, log, `SELECT size FROM ledger_heads WHERE tenant_id = $1`, []any{log}, &n)
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return n
}

// verified checks the logs from outside.
func (w *world) verified(logs ...string) {
	w.t.Helper()
	for _, log := range logs {
		if w.size(log) == 0 {
			continue
		}
		var file bytes.Buffer
		must(w.t, w.log.Export(w.ctx, log, &file))
		export, err := proof.OpenExport(bytes.NewReader(file.Bytes()))
		must(w.t, err)
		report, err := proof.Verify(w.ctx, export, proof.Options{Key: w.log.VerifierKey(log)})
		must(w.t, err)
		if !report.Verified() {
			w.t.Fatalf("the log %s does not verify: %v", log, report.Findings)
		}
	}
}

// rows counts the rows of every table that name what in some text column.
func (w *world) rows(tenant, what string) (n int) {
	w.t.Helper()
	must(w.t, w.db.Read(w.ctx, tenant, func(tx *db.Tx) error {
		for _, table := range db.Tables() {
			dest := slots(table.Columns)
			err := tx.Each(`SELECT `+columnNames(table.Columns)+` FROM `+table.Name, nil, func(scan func(...any) error) error {
				if err := scan(dest...); err != nil {
					return err
				}
				if bytes.Contains(encodeRow(nil, table.Columns, dest), []byte(what)) {
					n++
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

// search returns the files below the world's folder that hold any of the texts.
func search(t testing.TB, dir string, texts ...string) (found []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				found = append(found, strings.TrimPrefix(path, dir)+" holds "+text)
			}
		}
		return err
	}))
	return found
}

// together runs n calls at the same time and returns their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// count returns how many errors are of the kind, and how many are nil.
func count(errs []error, kind fault.Kind) (ofKind, none int) {
	for _, err := range errs {
		switch {
		case err == nil:
			none++
		case fault.Is(err, kind):
			ofKind++
		}
	}
	return ofKind, none
}
