package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// restoreCmd fills a new store from a backup.
type restoreCmd struct {
	File  string `arg:"" help:"The backup."`
	Place place  `embed:""`
	JSON  bool   `help:"Print the outcome as JSON."`
}

// restored is the outcome of a restore.
type restored struct {
	File    string    `json:"file"`
	Made    time.Time `json:"made"`
	Rows    int64     `json:"rows"`
	Blobs   int64     `json:"blobs"`
	People  int       `json:"people_erased_again"`
	Tenants int       `json:"tenants_erased_again"`
}

// Help is the rest of what --help shows.
func (*restoreCmd) Help() string {
	return `Fills a new, empty store from a backup, with the key folder and the root key of the server that made it. Whoever was erased since the backup is erased again before the command ends. Application keys are in the backup: they go on working. Blobs go into the data folder, or with --blobs into a bucket, wherever they were.`
}

// Run restores, or leaves nothing behind but what was there.
func (c *restoreCmd) Run(e *env) error {
	const op = "clause.restore"
	p := &c.Place
	pol, err := p.settle(e)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return unreadable(c.File, err)
	}
	defer file.Close()
	if p.sqlite() != "" && p.made() {
		return fault.New(op, fault.Conflict, "there is a store already: %s", p.sqlite()).
			WithHint("a backup is restored into a new store: name another folder with --data, or move that one away")
	}
	if held, err := os.ReadDir(p.Keys); err != nil || len(held) == 0 {
		return fault.New(op, fault.Invalid, "there is no key folder %s", p.Keys).
			WithHint("a backup opens with the key folder of the server that made it, and with no other: --keys")
	}
	root, err := p.root(false)
	if err != nil {
		return err
	}
	made := absentOf(filepath.Dir(p.Data), p.Data, filepath.Join(p.Data, "blobs"), p.sqlite(), p.sqlite()+"-wal", p.sqlite()+"-shm")
	a, err := app.Open(e.Context, p.config(e, pol, root, app.Restored))
	if err != nil {
		return errors.Join(err, made.remove())
	}
	out, err := c.restore(e, a, file)
	if err = errors.Join(err, a.Close()); err != nil {
		return errors.Join(err, made.remove())
	}
	return c.tell(e, out)
}

func (c *restoreCmd) restore(e *env, a *app.App, file *os.File) (restored, error) {
	var size int64 = -1
	if info, err := file.Stat(); err == nil {
		size = info.Size()
	}
	shown := progressOn(e, size, "restoring", true)
	defer shown.end()
	report, people, tenants, err := a.Restore(e.Context, io.TeeReader(file, shown), nil)
	if err != nil {
		return restored{}, c.explained(err)
	}
	return c.outcome(report, people, tenants), nil
}

// explained says of an expired backup what that means.
func (c *restoreCmd) explained(err error) error {
	if !fault.Is(err, fault.Erased) {
		return err
	}
	return fault.New("clause.restore", fault.Erased, "the backup is too old: the key of its epoch was destroyed").
		WithHint("nobody can open it any more, which is what erasure from backups rests on; restore a younger one")
}

func (c *restoreCmd) outcome(r vault.BackupReport, people, tenants int) restored {
	return restored{File: c.File, Made: r.Made, Rows: r.Rows, Blobs: r.Blobs, People: people, Tenants: tenants}
}

func (c *restoreCmd) tell(e *env, out restored) error {
	if c.JSON {
		return printJSON(e, out)
	}
	e.printf("%s  the backup of %s: %d rows, %d blobs\n", e.paint(good, "restored"), out.Made.Format(time.RFC3339), out.Rows, out.Blobs)
	e.printf("          erased again, because they were erased since: people %d, tenants %d\n", out.People, out.Tenants)
	e.printf("          application keys work as before; clause serve serves the store\n")
	return nil
}
