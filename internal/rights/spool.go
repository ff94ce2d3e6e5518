package rights

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// spool holds what other systems handed out of a person while a package is made: a file for each system that
// is encrypted under a key in memory alone, and that no folder names any more. So memory stays bounded, and a
// crash leaves nothing that could be read.
type spool struct {
	folder string
	files  []*spooled
	report connect.Report
}

// spooled is what one system handed out.
type spooled struct {
	system string
	key    [32]byte
	file   *os.File
	to     io.WriteCloser
	lines  *bufio.Writer
	sets   []string // the data sets there are rows of, in the order they came
	rows   map[string]int
}

// outsideRow is one row of another system, as the package holds it.
type outsideRow struct {
	Table  string                     `json:"table,omitempty"`
	Data   string                     `json:"data"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
}

// Begin begins a system, anew if it was begun before.
func (s *spool) Begin(system string) error {
	const op = "rights.spool"
	for i, f := range s.files {
		if f.system == system {
			_ = f.file.Close() // it is void
			s.files = append(s.files[:i], s.files[i+1:]...)
			break
		}
	}
	file, err := os.CreateTemp(s.folder, "package-*")
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	f := &spooled{system: system, key: keyring.NewStreamKey(), file: file, rows: map[string]int{}}
	s.files = append(s.files, f)
	if err := os.Remove(file.Name()); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	if f.to, err = keyring.SealStream(f.key, []byte(system), file); err != nil {
		return err
	}
	f.lines = bufio.NewWriter(f.to)
	return nil
}

// Row takes a row of the system begun last.
func (s *spool) Row(r connect.Row) error {
	f := s.files[len(s.files)-1]
	text, err := json.Marshal(outsideRow{r.Table, r.DataSet, r.Key, r.Fields})
	if err != nil {
		return fault.As("rights.spool", fault.Other, err)
	}
	if f.rows[r.DataSet]++; f.rows[r.DataSet] == 1 {
		f.sets = append(f.sets, r.DataSet)
	}
	f.lines.Write(text) // errors of a bufio.Writer stick, and come out of its Flush
	return f.lines.WriteByte('\n')
}

// end ends what is written, so that it can be read.
func (s *spool) end() error {
	for _, f := range s.files {
		if err := errors.Join(f.lines.Flush(), f.to.Close()); err != nil {
			return fault.As("rights.spool", fault.Unavailable, err)
		}
	}
	return nil
}

func (s *spool) close() {
	if s == nil {
		return
	}
	for _, f := range s.files {
		_ = f.file.Close() // there is no name to it, and so no more file
	}
	s.files = nil
}

// each calls fn with every row of a system.
func (f *spooled) each(fn func(*outsideRow) error) error {
	const op = "rights.spooled"
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	plain, err := keyring.OpenStream(f.key, []byte(f.system), f.file)
	if err != nil {
		return err
	}
	d := json.NewDecoder(plain)
	for {
		var r outsideRow
		switch err := d.Decode(&r); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fault.As(op, fault.Other, err)
		}
		if err := fn(&r); err != nil {
			return err
		}
	}
}

// of returns what a system handed out; nil if it was not asked.
func (s *spool) of(system string) *spooled {
	for _, f := range s.files {
		if f.system == system {
			return f
		}
	}
	return nil
}

// systems are the ids of those that were walked, in order.
func (s *spool) systems() (ids []string) {
	for _, l := range s.report {
		if len(ids) == 0 || ids[len(ids)-1] != l.System {
			ids = append(ids, l.System)
		}
	}
	return ids
}

// settled says why a system's rows are not in the package; "" if they are.
func (s *spool) settled(system string) string {
	for _, l := range s.report {
		if l.System == system && l.State == connect.Settled {
			return l.Why
		}
	}
	return ""
}

// collect has the other systems hand out what they hold of the person whom a link is of. Where one fails there
// is no package, and the link holds on: half of the data would pass for all of it.
func (d *Desk) collect(ctx context.Context, tenant string, r *Request, now time.Time) (*spool, error) {
	const op = "rights.collect"
	if d.Outside == nil || r.Subject == "" || !r.Right.packaged() || !r.LinkUsed.IsZero() || !now.Before(r.LinkUntil) {
		return nil, nil
	}
	s := &spool{folder: d.Scratch}
	report, err := d.Outside.Export(ctx, tenant, r.Subject, r.ID, s)
	s.report = report
	if err == nil {
		err = s.end()
	}
	if fault.Is(err, fault.Erased) {
		err = errNoRequest()
	}
	if err != nil {
		s.close()
		return nil, fault.Wrap(op, err)
	}
	return s, nil
}
