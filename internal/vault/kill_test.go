package vault

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault/objects"
	"clause.dev/clause/internal/vault/objects/objectstest"
)

// killFolder is the environment variable that makes this test binary the process to be killed, and
// says where its store is, killBucket where its blobs are, if not there; killRounds is how often, 15 times if
// it is not set.
const (
	killFolder = "CLAUSE_KILL_FOLDER"
	killBucket = "CLAUSE_KILL_BUCKET"
	killRounds = "CLAUSE_KILL_ROUNDS"
)

// TestKilledProcess is the process that is killed: it works as hard as it can, and says what it was told
// as soon as it was told so.
func TestKilledProcess(t *testing.T) {
	dir := os.Getenv(killFolder)
	if dir == "" {
		return // it is no test of its own: see TestKill
	}
	c := newClock()
	c.forward(time.Since(c.at))
	w := openWorld(t, openSQLite(t, c, filepath.Join(dir, "store")), c, dir, filepath.Join(dir, "keys"))
	if bucket := os.Getenv(killBucket); bucket != "" {
		place, err := objects.ParsePlace(bucket)
		must(t, err)
		w.vault.Objects, err = objects.OpenS3(w.ctx, place, dir)
		must(t, err)
	}
	if _, _, err := w.vault.Reconcile(w.ctx); err != nil {
		t.Fatal(err)
	}
	_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "acme"})
	if err != nil && !fault.Is(err, fault.Conflict) {
		t.Fatal(err)
	}
	say("ready")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for {
				if err := w.victim(i); err != nil {
					say("failed %v", err)
					os.Exit(1)
				}
			}
		})
	}
	all.Wait()
}

// say writes a line at once and whole.
func say(format string, args ...any) { os.Stdout.WriteString(fmt.Sprintf("@"+format+"\n", args...)) }

// victim is what one goroutine does with one person.
func (w *world) victim(i int) error {
	sub, err := w.vault.CreateSubject(w.ctx, w.app, "acme", Idempotency{})
	if err != nil {
		return err
	}
	say("person %s", sub)
	var made []string
	for step := range 12 {
		amount := strconv.Itoa(rand.IntN(1e9)) + " AED"
		out, err := w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction(amount), Condition{}, Idempotency{})
		if err != nil {
			return err
		}
		say("stored %s %s %d %s", sub, out.Record, out.Version, amount)
		made = append(made, out.Record)
		target := of(sub, "transactions", made[rand.IntN(len(made))])
		r, err := w.vault.Get(w.ctx, w.app, target)
		if err != nil {
			return err
		}
		say("read %s %d", r.ID, r.Version)
		if step%3 == 2 {
			out, err = w.vault.Put(w.ctx, w.app, target, transaction(amount), Condition{}, Idempotency{})
			if err != nil {
				return err
			}
			say("stored %s %s %d %s", sub, out.Record, out.Version, amount)
		}
		if step == 5 && i%2 == 0 {
			out, err := w.upload(target, "receipt", strings.NewReader(amount))
			if err != nil {
				return err
			}
			say("blob %s %s %d %s", sub, out.Record, out.Version, amount)
		}
	}
	switch i % 4 {
	case 0:
		say("erasing %s", sub)
		if err := w.vault.EraseSubject(w.ctx, w.app, "acme", sub); err != nil {
			return err
		}
		say("erased %s", sub)
		if err := w.vault.Sweep(w.ctx); !fault.Is(err, fault.Unavailable) { // a reader in the way of the scrub
			return err
		}
	case 1:
		w.clock.forward(epochFor)
		return w.vault.RunKeys(w.ctx)
	}
	return nil
}

// told is what killed processes were told, over the life of one store.
type told struct {
	bucket *objectstest.Store // nil: blobs are in a folder
	stored map[string]version // by record
	blobs  map[string]version
	reads  map[string]int  // by record and version
	asked  map[string]bool // to be erased
	erased map[string]bool
	lines  int
}

type version struct {
	sub, amount string
	n           int64
}

func TestKill(t *testing.T) {
	rounds := 15
	if text := os.Getenv(killRounds); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		must(t, err)
	}
	t.Run("folder", func(t *testing.T) { kill(t, rounds, func() *objectstest.Store { return nil }) })
	t.Run("s3", func(t *testing.T) { kill(t, rounds/3, func() *objectstest.Store { return objectstest.New(t) }) })
}

func kill(t *testing.T, rounds int, place func() *objectstest.Store) {
	var known *told
	var dir string
	lines := 0
	for round := range rounds {
		if round%5 == 0 {
			known = &told{
				bucket: place(), stored: map[string]version{}, blobs: map[string]version{},
				reads: map[string]int{}, asked: map[string]bool{}, erased: map[string]bool{},
			}
			dir = t.TempDir()
		}
		before := known.lines
		killOnce(t, dir, known, time.Duration(20+rand.IntN(180))*time.Millisecond)
		lines += known.lines - before
		known.check(t, dir)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("killed %d times; %d answers were checked", rounds, lines)
}

// killOnce starts a process, kills it, and takes down what it was told.
func killOnce(t *testing.T, dir string, known *told, after time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$", "-test.v")
	child.Env = append(os.Environ(), killFolder+"="+dir)
	if known.bucket != nil {
		child.Env = append(child.Env, killBucket+"="+known.bucket.URL())
	}
	var complaints bytes.Buffer
	child.Stderr = &complaints
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	for ready := false; lines.Scan(); {
		line, ours := strings.CutPrefix(lines.Text(), "@")
		switch {
		case !ours:
			if strings.Contains(line, "_test.go") {
				t.Errorf("the process says %s", line)
			}
		case line == "ready" && !ready:
			ready = true
			time.AfterFunc(after, func() { _ = child.Process.Kill() })
		default:
			known.note(t, line)
		}
	}
	if err := child.Wait(); err == nil || complaints.Len() > 0 {
		t.Fatalf("the process ended by itself: %v %s", err, complaints.String())
	}
}

func (k *told) note(t *testing.T, line string) {
	t.Helper()
	k.lines++
	words := strings.SplitN(line, " ", 5)
	switch words[0] {
	case "stored", "blob":
		n, err := strconv.ParseInt(words[3], 10, 64)
		must(t, err)
		into := k.stored
		if words[0] == "blob" {
			into = k.blobs
		}
		if into[words[2]].n < n {
			into[words[2]] = version{words[1], words[4], n}
		}
	case "read":
		k.reads[words[1]+" "+words[2]]++
	case "erasing":
		k.asked[words[1]] = true
	case "erased":
		k.erased[words[1]] = true
	case "person":
	default:
		t.Errorf("the process says %s", line)
	}
}

// check opens the store again: nothing that was acknowledged is lost, nothing erased is back, and each
// released read is in a ledger that verifies.
func (k *told) check(t *testing.T, dir string) {
	t.Helper()
	c := newClock()
	c.forward(1000 * epochFor / 20)
	d := openSQLite(t, c, filepath.Join(dir, "store"))
	defer d.Close()
	w := openWorld(t, d, c, dir, filepath.Join(dir, "keys"))
	w.app.Credential.ID = "app_check" // whose own reads do not count
	if k.bucket != nil {
		w.onS3(k.bucket)
	}
	_, _, err := w.vault.Reconcile(w.ctx)
	must(t, err)
	for record, v := range k.stored {
		target := of(v.sub, "transactions", record)
		r, err := w.vault.Get(w.ctx, w.app, target)
		switch {
		case k.erased[v.sub]:
			want(t, err, fault.NotFound)
		case k.asked[v.sub] && fault.Is(err, fault.NotFound): // an erasure that nobody was told of
		case err != nil:
			t.Errorf("the acknowledged record %s: %v", record, err)
		case r.Version < v.n || r.Version == v.n && !strings.Contains(string(r.Fields), `"`+v.amount+`"`):
			t.Errorf("the record %s is version %d, %s; acknowledged was version %d, %s", record, r.Version, r.Fields, v.n, v.amount)
		}
	}
	for record, v := range k.blobs {
		_, body, err := w.vault.GetBlob(w.ctx, w.app, of(v.sub, "transactions", record), "receipt")
		if k.asked[v.sub] && fault.Is(err, fault.NotFound) {
			continue
		}
		must(t, err)
		data, err := io.ReadAll(body)
		if err != nil || k.blobs[record].n == v.n && string(data) != v.amount {
			t.Errorf("the blob of %s is %q, acknowledged was %q: %v", record, data, v.amount, err)
		}
		must(t, body.Close())
	}
	k.checkReads(t, w)
	w.verified("acme", "_org")
	w.noOrphans()
}

// noOrphans sweeps, a day later, and fails if there is any object but those of blobs that are stored.
func (w *world) noOrphans() {
	w.t.Helper()
	w.clock.forward(blobWritingFor + time.Hour)
	must(w.t, w.vault.Sweep(w.ctx))
	if rows, files := w.states(), len(w.files()); len(rows) > 1 || rows[blobStored] != files {
		w.t.Errorf("%d objects for the rows %v", files, rows)
	}
}

func (k *told) checkReads(t *testing.T, w *world) {
	t.Helper()
	recorded := map[string]int{}
	for _, e := range w.entries("acme") {
		if e.Kind == "record.read" && e.Answer == "allow" && e.Actor != w.app.Credential.ID {
			recorded[e.Record+" "+strconv.FormatInt(e.Version, 10)]++
		}
	}
	for read, n := range k.reads {
		if recorded[read] < n {
			t.Errorf("%s was released %d times, and is in the ledger %d times", read, n, recorded[read])
		}
	}
}
