package vault

import (
	"database/sql"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"clause.dev/clause/internal/fault"
	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite"
)

// failed reports an error that says nothing about the data: neither that it may not be had nor that it
// is not there.
func failed(err error) bool {
	switch fault.KindOf(err) {
	case fault.Refused, fault.NotFound, fault.Erased:
		return false
	}
	return err != nil
}

// fillDisk lets no file of this process grow beyond what the store has.
func fillDisk(t *testing.T, w *world) {
	must(t, w.db.Scrub(w.ctx))
	info, err := os.Stat(w.db.Path())
	must(t, err)
	signal.Ignore(syscall.SIGXFSZ)
	var before unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	t.Cleanup(func() {
		must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before))
		signal.Reset(syscall.SIGXFSZ)
	})
	full := unix.Rlimit{Cur: min(uint64(info.Size()), 4096), Max: before.Max}
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &full))
}

// barLedger makes the store refuse entries, and nothing else.
func barLedger(t *testing.T, w *world) {
	raw, err := sql.Open("sqlite", w.db.Path())
	must(t, err)
	defer raw.Close()
	_, err = raw.Exec(`CREATE TRIGGER bar BEFORE INSERT ON ledger_chunks BEGIN SELECT RAISE(ABORT, 'no'); END`)
	must(t, err)
}

// Nothing is released whose entry could not be made durable.
func TestNoReleaseWithoutEntry(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, w *world){
		"the disk is full":            fillDisk,
		"the ledger takes no entries": barLedger,
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			sub := w.person()
			w.put(of(sub, "identity", ""), identity("z@example.org"))
			tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
			_, err := w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "text/plain", strings.NewReader("paid"), Condition{})
			must(t, err)
			session := w.put(of(sub, "sessions", "").under(security), fields("token", "t")).Record
			w.put(of(w.person(), "transactions", ""), transaction("1 AED"))
			w.put(of(w.person(), "transactions", ""), transaction("1 AED"))
			spoil(t, w)
			r, err := w.vault.Get(w.ctx, w.app, of(sub, "identity", single))
			if !failed(err) || r.Fields != nil {
				t.Fatalf("get: %s %v", r.Fields, err)
			}
			page, _, err := w.vault.List(w.ctx, w.app, of(sub, "transactions", ""), "", 0)
			if !failed(err) || page != nil {
				t.Fatalf("list: %v %v", page, err)
			}
			page, err = w.vault.Find(w.ctx, w.app, of("", "identity", ""), "email", "z@example.org")
			if !failed(err) || page != nil {
				t.Fatalf("find: %v %v", page, err)
			}
			page, err = w.vault.Find(w.ctx, w.app, of("", "identity", ""), "email", "nobody@example.org")
			if !failed(err) || page != nil {
				t.Fatalf("find nothing: %v %v", page, err)
			}
			_, body, err := w.vault.GetBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt")
			if !failed(err) || body != nil {
				t.Fatalf("blob: %v", err)
			}
			r, err = w.vault.Get(w.ctx, w.app, of(sub, "sessions", session).under(security))
			if !failed(err) || r.Fields != nil {
				t.Fatalf("memory: %s %v", r.Fields, err)
			}
			page, _, err = w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 0)
			if !failed(err) || page != nil {
				t.Fatalf("memory list: %v %v", page, err)
			}
			agg, err := w.vault.Aggregate(w.ctx, w.app, "acme", account, "transactions", "count", "", "")
			if !failed(err) || agg.Groups != nil {
				t.Fatalf("aggregate: %v %v", agg, err)
			}
			st, err := w.vault.Standing(w.ctx, w.app, "acme", sub)
			if !failed(err) || st.Alias != "" {
				t.Fatalf("standing: %v %v", st, err)
			}
			// A refusal that cannot be recorded is no refusal, but it is no answer either.
			_, err = w.vault.Get(w.ctx, w.foreign, of(sub, "identity", single))
			if !failed(err) {
				t.Fatal(err)
			}
			_, err = w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "new"), Condition{}, Idempotency{})
			if !failed(err) {
				t.Fatal(err)
			}
			_, err = w.vault.PutBlob(w.ctx, w.app, of(sub, "transactions", tx), "receipt", "text/plain", io.LimitReader(zeros{}, 10), Condition{})
			if !failed(err) {
				t.Fatal(err)
			}
		})
	}
}

// zeros is an endless reader.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestClosedStore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		w.get(of(sub, "identity", single))
		must(t, w.db.Close())
		r, err := w.vault.Get(w.ctx, w.app, of(sub, "identity", single))
		if !failed(err) || r.Fields != nil {
			t.Fatalf("get: %s %v", r.Fields, err)
		}
	})
}
