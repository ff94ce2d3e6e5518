package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// lookAtRest searches all that the server keeps for the marks, which must be nowhere, and for
// anchor, which must be in the rows: a search that cannot find even what is there proves nothing.
func (s *System) lookAtRest(ctx context.Context, t *trial, tenant, anchor string, m marks) {
	if s.Store == nil {
		t.hurdle("the store cannot be seen from below.")
		return
	}
	if err := s.Store.Settle(ctx); err != nil {
		t.hurdle("the store could not be brought to rest: %v", err)
		return
	}
	if anchor != "" && !s.anchored(ctx, t, tenant, anchor) {
		return
	}
	look := searchFor(m.list()...)
	where, how, err := look.inRows(ctx, s.Store, tenant, "")
	if report(t, "table", where, how, err) {
		where, how, err = look.inFiles(ctx, s.Files)
		if report(t, "file", where, how, err) && s.lookInObjects(ctx, t, look) {
			t.good("No canary value is in any of %s (%s), in plain, hexadecimal, base64 or UTF-16.", look.through(), bytesOf(look.size))
		}
	}
}

// lookInObjects searches what blobs are kept in beside the files, and reports whether it found nothing.
func (s *System) lookInObjects(ctx context.Context, t *trial, look *search) bool {
	if s.Objects == nil {
		return true
	}
	where, how, err := look.inObjects(ctx, s.Objects)
	if err == nil && look.objects == 0 {
		err = errors.New("it shows none")
	}
	return report(t, "object", where, how, err)
}

// through says what was looked through.
func (s *search) through() string {
	if s.objects == 0 {
		return plural(s.rows, "row") + " and " + plural(s.files, "file")
	}
	return plural(s.rows, "row") + ", " + plural(s.files, "file") + " and " + plural(s.objects, "object")
}

// anchored reports whether the anchor is found in the rows of the tenant.
func (s *System) anchored(ctx context.Context, t *trial, tenant, anchor string) bool {
	_, how, err := searchFor(anchor).inRows(ctx, s.Store, tenant)
	if err != nil {
		t.hurdle("the store could not be searched: %v", err)
	} else if how == "" {
		t.hurdle("the canary's row is not where the store was searched, so the search proves nothing.")
	}
	return err == nil && how != ""
}

// report notes what a search came to, and reports whether it found nothing.
func report(t *trial, place, where, how string, err error) bool {
	switch {
	case how != "":
		t.breach("A canary value lies in %s in the %s %s.", how, place, where)
	case err != nil:
		t.hurdle("not every %s could be searched: %v", place, err)
	}
	return how == "" && err == nil
}

// lookInBackup makes a backup and searches it for the marks.
func (s *System) lookInBackup(ctx context.Context, t *trial, m marks) {
	backup, err := s.backup(ctx)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer backup.discard()
	look := searchFor(m.list()...)
	how, err := look.read(ctx, backup.file)
	if report(t, "backup", "made just now", how, err) {
		t.good("A backup made just now (%s) holds none of them.", bytesOf(look.size))
	}
}

// TemporaryPrefix begins the names of the temporary files of probes, which a server that was killed
// meanwhile leaves behind.
const TemporaryPrefix = "clause-probe-"

// backup is a backup in a file of its own, at its beginning.
type backup struct{ file *os.File }

// backup makes a backup as an operator would.
func (s *System) backup(ctx context.Context) (backup, error) {
	if s.Backup == nil {
		return backup{}, fmt.Errorf("backups cannot be made here")
	}
	file, err := os.CreateTemp("", TemporaryPrefix+"*.backup")
	if err != nil {
		return backup{}, fmt.Errorf("there is no room for a backup: %w", plain(err))
	}
	b := backup{file}
	err = s.Backup(ctx, file)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		b.discard()
		return backup{}, fmt.Errorf("a backup could not be made: %w", plain(err))
	}
	return b, nil
}

// discard removes the file. What it held was encrypted, so that failing to remove it is no leak.
func (b backup) discard() {
	b.file.Close()
	os.Remove(b.file.Name())
}

// restore makes a scratch server of a backup.
func (s *System) restore(ctx context.Context, b backup) (*Scratch, error) {
	if s.Restore == nil {
		return nil, fmt.Errorf("backups cannot be restored here")
	}
	scratch, err := s.Restore(ctx, b.file)
	if err != nil {
		return nil, fmt.Errorf("the backup could not be restored: %w", plain(err))
	}
	return scratch, nil
}

// at returns the same person at another server.
func (p *person) at(s *Scratch) *person {
	other := *p
	other.door.http, other.door.url = s.HTTP, s.URL
	return &other
}

// bytesOf says a size.
func bytesOf(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return plural(int(n), "byte")
}

// copy makes a scratch server of a backup made now; discard throws it away.
func (s *System) copy(ctx context.Context) (scratch *Scratch, discard func(), err error) {
	b, err := s.backup(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer b.discard()
	if scratch, err = s.restore(ctx, b); err != nil {
		return nil, nil, err
	}
	return scratch, func() { scratch.Close() }, nil
}
