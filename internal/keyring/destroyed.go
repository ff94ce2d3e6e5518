package keyring

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"clause.dev/clause/internal/fault"
)

const (
	destroyedName = "destroyed.log"
	// destroyedLine is the length of a line: id, time, checksum, two blanks and the end of the line.
	destroyedLine = 32 + 1 + len(timeLayout) + 1 + 8 + 1
)

// destroyal is one line of destroyed.log: which key, and when. The id is random and names nobody.
type destroyal struct {
	id ID
	at time.Time
}

func (d destroyal) appendLine(dst []byte) []byte {
	start := len(dst)
	dst = fmt.Appendf(dst, "%s %s ", d.id, d.at.Format(timeLayout))
	return fmt.Appendf(dst, "%08x\n", checksum(dst[start:]))
}

// parseDestroyed reads the whole lines of text. rest is what a crash left of a last line, which was
// never acknowledged. A damaged line anywhere else is an error: an erasure would be forgotten.
func parseDestroyed(text []byte) (lines []destroyal, rest []byte, err error) {
	for line := 1; len(text) > 0; line++ {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return lines, text, nil
		}
		d, ok := parseDestroyal(text[:end+1])
		if !ok {
			return nil, nil, fault.New("keyring.destroyed", fault.Invalid, "line %d of %s is damaged", line, destroyedName).
				WithHint("put back the copy of the key folder; without this list erased people could be read from backups")
		}
		lines = append(lines, d)
		text = text[end+1:]
	}
	return lines, nil, nil
}

func parseDestroyal(line []byte) (destroyal, bool) {
	if len(line) != destroyedLine {
		return destroyal{}, false
	}
	id, err := ParseID(string(line[:32]))
	if err != nil {
		return destroyal{}, false
	}
	at, err := time.Parse(timeLayout, string(line[33:33+len(timeLayout)]))
	if err != nil {
		return destroyal{}, false
	}
	d := destroyal{id: id, at: at}
	return d, bytes.Equal(d.appendLine(nil), line)
}

// openDestroyed opens the log, which must exist, for reading and appending.
func (f folder) openDestroyed() (*os.File, error) {
	file, err := os.OpenFile(f.at(destroyedName), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, fault.As("keyring.destroyed", fault.Unavailable, err)
	}
	if err := checkPrivate(file); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// heal cuts off a torn last line, so that the next line begins on a line of its own. It returns the
// size of what is left. The caller holds the lock.
func heal(file *os.File) (int64, error) {
	const op = "keyring.destroyed"
	info, err := file.Stat()
	if err != nil {
		return 0, fault.As(op, fault.Unavailable, err)
	}
	size := info.Size()
	whole, err := wholeLines(file, size)
	if err != nil || whole == size {
		return whole, fault.As(op, fault.Unavailable, err)
	}
	if err := file.Truncate(whole); err != nil {
		return 0, fault.As(op, fault.Unavailable, err)
	}
	return whole, fault.As(op, fault.Unavailable, file.Sync())
}

// wholeLines returns where the last whole line of the first size bytes ends.
func wholeLines(file *os.File, size int64) (int64, error) {
	block := make([]byte, 4<<10)
	for size > 0 {
		tail := block[:min(size, int64(len(block)))]
		size -= int64(len(tail))
		if _, err := file.ReadAt(tail, size); err != nil {
			return 0, err
		}
		if end := bytes.LastIndexByte(tail, '\n'); end >= 0 {
			return size + int64(end) + 1, nil
		}
	}
	return 0, nil
}

// appendDestroyed makes the lines durable: one write, one sync. The caller holds the lock. After a
// failure the list is as it was, as far as the disk allows.
func (f folder) appendDestroyed(lines []destroyal) error {
	const op = "keyring.destroyed"
	file, err := f.openDestroyed()
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := heal(file)
	if err != nil {
		return err
	}
	var text []byte
	for _, line := range lines {
		text = line.appendLine(text)
	}
	if err := f.before("append " + destroyedName); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	_, err = file.Write(text)
	if err == nil {
		err = f.before("sync " + destroyedName)
	}
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = file.Truncate(size) // what stays is destroyed, though not acknowledged: the safe side
		return fault.As(op, fault.Unavailable, err)
	}
	return nil
}

const shards = 64

// idSet is a set of ids read by every request: sharded, so that readers on many cores do not meet.
type idSet struct {
	shard [shards]struct {
		sync.RWMutex
		ids map[ID]struct{}
		_   [64]byte // a cache line between the locks
	}
}

func (s *idSet) has(id ID) bool {
	shard := &s.shard[id[0]%shards]
	shard.RLock()
	_, found := shard.ids[id]
	shard.RUnlock()
	return found
}

func (s *idSet) add(id ID) {
	shard := &s.shard[id[0]%shards]
	shard.Lock()
	defer shard.Unlock()
	if shard.ids == nil {
		shard.ids = map[ID]struct{}{}
	}
	shard.ids[id] = struct{}{}
}

func (s *idSet) remove(id ID) {
	shard := &s.shard[id[0]%shards]
	shard.Lock()
	defer shard.Unlock()
	delete(shard.ids, id)
}

func (s *idSet) all() []ID {
	var all []ID
	for i := range s.shard {
		shard := &s.shard[i]
		shard.RLock()
		for id := range shard.ids {
			all = append(all, id)
		}
		shard.RUnlock()
	}
	return all
}
