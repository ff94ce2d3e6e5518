package keyring

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"clause.dev/clause/internal/fault"
)

// Destroy destroys keys for ever: when it returns, their ids are on disk, and no wrapped copy of them
// opens again, from the store or from a backup. An id that is destroyed already is passed over.
// If it fails, Unavailable, it MUST be repeated before anybody is told of the erasure.
func (r *Ring) Destroy(ids []ID, now time.Time) error {
	const op = "keyring.Destroy"
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := make([]destroyal, 0, len(ids))
	for _, id := range ids {
		if id.IsZero() {
			return fault.New(op, fault.Invalid, "an id is not set")
		}
		if !r.destroyed.has(id) {
			lines = append(lines, destroyal{id: id, at: instant(now)})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	if err := r.record(lines); err != nil {
		return fault.Wrap(op, err)
	}
	for _, line := range lines {
		r.destroyed.add(line.id)
	}
	return nil
}

func (r *Ring) record(lines []destroyal) error {
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return r.dir.appendDestroyed(lines)
}

// clockSkew is how far the clocks of servers that share a folder may be apart.
const clockSkew = 24 * time.Hour

// Prune forgets keys destroyed before the time, if no epoch is left under which a copy of them could
// open: those destroyed at least a day before the oldest living epoch began.
func (r *Ring) Prune(before time.Time) error {
	const op = "keyring.Prune"
	r.mu.Lock()
	defer r.mu.Unlock()
	if safe := r.oldestLiving().Add(-clockSkew); safe.Before(before) {
		before = safe
	}
	kept, err := r.prune(before)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for _, id := range r.destroyed.all() {
		if !kept[id] {
			r.destroyed.remove(id)
		}
	}
	return nil
}

func (r *Ring) oldestLiving() time.Time {
	table := r.epochs.Load()
	for _, epoch := range table.list {
		if table.keys[epoch.Number] != nil {
			return epoch.Began
		}
	}
	return time.Time{}
}

// prune rewrites the list without the lines before the time and returns the ids that are left in it.
func (r *Ring) prune(before time.Time) (map[ID]bool, error) {
	unlock, err := r.dir.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	text, err := os.ReadFile(r.dir.at(destroyedName))
	if err != nil {
		return nil, fault.As("keyring.prune", fault.Unavailable, err)
	}
	lines, rest, err := parseDestroyed(text)
	if err != nil {
		return nil, err
	}
	kept, left := map[ID]bool{}, []byte(nil)
	for _, line := range lines {
		if !line.at.Before(before) {
			kept[line.id] = true
			left = line.appendLine(left)
		}
	}
	if len(left)+len(rest) == len(text) {
		return kept, nil
	}
	return kept, r.dir.write(destroyedName, left)
}

// readDestroyed takes in what other servers destroyed. It waits for the lock, so that it never sees a
// line that its writer may yet take back.
func (r *Ring) readDestroyed() error {
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return r.readNewLines()
}

// readNewLines adds the lines that were not seen before. A log that another server pruned, and so
// replaced, is read from its beginning; what is in memory stays. The caller holds the lock.
func (r *Ring) readNewLines() error {
	const op = "keyring.readDestroyed"
	file, err := r.dir.openDestroyed()
	if errors.Is(err, fs.ErrNotExist) {
		return missing(destroyedName)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	from := r.seen.size
	if r.seen.file == nil || !os.SameFile(r.seen.file, info) || info.Size() < from {
		from = 0
	}
	text, err := io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	lines, rest, err := parseDestroyed(text)
	if err != nil {
		return err
	}
	for _, line := range lines {
		r.destroyed.add(line.id)
	}
	r.seen = seenLog{file: info, size: from + int64(len(text)-len(rest))}
	return nil
}
