package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// backupCmd writes a backup.
type backupCmd struct {
	Place place  `embed:""`
	To    string `required:"" placeholder:"FILE" help:"The file to write, which must not exist."`
	JSON  bool   `help:"Print the outcome as JSON."`
}

// backedUp is the outcome of a backup.
type backedUp struct {
	File    string    `json:"file"`
	Made    time.Time `json:"made"`
	Until   time.Time `json:"until"` // it cannot be opened later than that
	Bytes   int64     `json:"bytes"`
	Rows    int64     `json:"rows"`
	Blobs   int64     `json:"blobs"`
	Missing int64     `json:"missing_blobs"` // they should be in it, and are not where blobs are kept
}

// Help is the rest of what --help shows.
func (*backupCmd) Help() string {
	return `Writes an encrypted copy of the store to one file, whole or not at all. It can be restored with the key folder only, and only until the epoch it was made in is destroyed: whoever is erased is gone from it by then.

A SQLite store must not be served meanwhile: a server makes its own backups with clause serve --backup-to. PostgreSQL may be.`
}

// Run writes the backup.
func (c *backupCmd) Run(e *env) (err error) {
	if c.To, err = filepath.Abs(c.To); err != nil {
		return fault.As("clause.backup", fault.Invalid, err)
	}
	if info, err := os.Stat(filepath.Dir(c.To)); err != nil || !info.IsDir() {
		return fault.New("clause.backup", fault.Invalid, "there is no folder %s", filepath.Dir(c.To)).WithHint("make it, or name another file with --to")
	}
	a, err := c.Place.open(e)
	if fault.Is(err, fault.Conflict) && c.Place.sqlite() != "" {
		return fault.New("clause.backup", fault.Conflict, "the store is being served, and SQLite is one program's at a time").
			WithHint("let the server do it with clause serve --backup-to, or stop it first")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	shown := c.rows(e)
	report, err := a.BackupTo(e.Context, c.To, shown.to)
	shown.end()
	if err != nil {
		return err
	}
	return c.tell(e, report, report.Made.Add(a.Policy.Backups.Epoch+a.Policy.Backups.Horizon))
}

func (c *backupCmd) tell(e *env, r vault.BackupReport, until time.Time) error {
	out := backedUp{File: c.To, Made: r.Made, Until: until, Rows: r.Rows, Blobs: r.Blobs, Missing: r.Missing}
	if info, err := os.Stat(c.To); err == nil {
		out.Bytes = info.Size()
	}
	if c.JSON {
		return printJSON(e, out)
	}
	e.printf("%s  %s: %d rows, %d blobs, %d bytes\n", e.paint(good, "backed up"), out.File, out.Rows, out.Blobs, out.Bytes)
	if out.Missing > 0 {
		e.printf("           %s\n", e.paint(bad, fmt.Sprintf("%d blobs are not where blobs are kept, and not in the backup", out.Missing)))
	}
	e.printf("           it can be restored, with the key folder, until %s at the latest\n", until.Format(time.DateOnly))
	return nil
}

func (c *backupCmd) rows(e *env) progress { return progressOn(e, -1, "rows", false) }

// progress is a bar on a terminal, and nothing elsewhere.
type progress struct{ bar *progressbar.ProgressBar }

// progressOn returns a bar up to most, -1 if that is not known.
func progressOn(e *env, most int64, what string, bytes bool) progress {
	f, ok := e.Stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return progress{}
	}
	return progress{progressbar.NewOptions64(most,
		progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(bytes), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionEnableColorCodes(e.Colour),
	)}
}

// to moves the bar. A terminal that cannot show it is no failure.
func (p progress) to(n int64) {
	if p.bar != nil {
		_ = p.bar.Set64(n)
	}
}

// Write moves the bar by what was read.
func (p progress) Write(b []byte) (int, error) {
	if p.bar != nil {
		_ = p.bar.Add(len(b))
	}
	return len(b), nil
}

func (p progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
