package keyring

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"clause.dev/clause/internal/fault"
)

// epochFiles reads what the folder says of each epoch, ascending by number: its key file, or its
// tombstone where it has one (then the key, if a crash left it, does not count). The caller holds the lock.
func (f folder) epochFiles() ([]*keyFile, error) {
	names, err := f.list()
	if err != nil {
		return nil, err
	}
	found := map[int64]*keyFile{}
	for _, name := range names {
		if number, ok := epochNumber(name, ".gone"); ok {
			if found[number], err = f.readEpoch(kindGone, name, number); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range names {
		number, ok := epochNumber(name, ".key")
		if !ok || found[number] != nil {
			continue
		}
		file, err := f.readEpoch(kindEpoch, name, number)
		if err != nil {
			return nil, err
		}
		found[number] = file
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *keyFile) int { return int(a.number - b.number) }), nil
}

// lockedEpochFiles waits while another server destroys an epoch: its key is then half overwritten.
func (f folder) lockedEpochFiles() ([]*keyFile, error) {
	unlock, err := f.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return f.epochFiles()
}

func (f folder) readEpoch(kind fileKind, name string, number int64) (*keyFile, error) {
	text, err := f.read(name)
	if err != nil {
		return nil, err
	}
	file, err := parseKeyFile(kind, text)
	if err == nil && file.number != number {
		err = damaged() // renamed by hand
	}
	if err != nil {
		return nil, named(name, err)
	}
	return file, nil
}

// readEpochs brings the table up to the folder. Epochs that are over go first: that they are forgotten
// must not wait for a root that cannot be asked about the new ones.
func (r *Ring) readEpochs(ctx context.Context) error {
	files, err := r.dir.lockedEpochFiles()
	if err != nil {
		return err
	}
	if err := complete(files); err != nil {
		return err
	}
	next := &epochTable{keys: map[int64]*epochKey{}}
	for i, file := range files {
		next.list = append(next.list, Epoch{Number: file.number, Began: file.began, Destroyed: file.destroyed})
		if i > 0 {
			next.list[i-1].Ended = file.began
		}
		if file.kind == kindGone {
			r.forget(file.number, file.destroyed)
		}
	}
	for _, file := range files {
		if file.kind == kindEpoch {
			if next.keys[file.number], err = r.epochOf(ctx, file); err != nil {
				return err
			}
		}
	}
	r.epochs.Store(next)
	return nil
}

// complete refuses a folder that lacks an epoch: its people would be lost without anybody deciding so.
func complete(files []*keyFile) error {
	for i, file := range files {
		if file.number != int64(i)+1 {
			return missing(epochName(int64(i) + 1))
		}
	}
	if len(files) == 0 || files[len(files)-1].kind == kindGone {
		return missing(epochName(int64(len(files)) + 1))
	}
	return nil
}

// epochOf returns the key of a file: the one in memory, or else what the root opens.
func (r *Ring) epochOf(ctx context.Context, file *keyFile) (*epochKey, error) {
	if table := r.epochs.Load(); table != nil && table.keys[file.number] != nil {
		return table.keys[file.number], nil
	}
	key, err := r.openSealed(ctx, epochName(file.number), file)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return newEpochKey(key), nil
}

// Turn begins a new epoch. Keys made from now on are under it; the older ones stay open until their
// epoch is destroyed. Conflict if another server began one in the meantime.
func (r *Ring) Turn(ctx context.Context, now time.Time) (Epoch, error) {
	const op = "keyring.Turn"
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.readEpochs(ctx); err != nil {
		return Epoch{}, fault.Wrap(op, err)
	}
	last := r.Epoch()
	if now.Before(last.Began) {
		return Epoch{}, fault.New(op, fault.Conflict, "the clock is before the beginning of the newest epoch").
			WithHint("set the machine's clock")
	}
	file := &keyFile{kind: kindEpoch, store: r.store, number: last.Number + 1, began: instant(now)}
	if err := r.sealNew(ctx, file); err != nil {
		return Epoch{}, fault.Wrap(op, err)
	}
	if err := r.placeEpoch(file); err != nil {
		return Epoch{}, fault.Wrap(op, err)
	}
	if err := r.readEpochs(ctx); err != nil {
		return Epoch{}, fault.Wrap(op, err)
	}
	return r.Epoch(), nil
}

// placeEpoch writes a new epoch's file, never over another server's.
func (r *Ring) placeEpoch(file *keyFile) error {
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for _, name := range []string{epochName(file.number), goneName(file.number)} {
		if _, err := os.Lstat(r.dir.at(name)); !errors.Is(err, fs.ErrNotExist) {
			return fault.New("keyring.placeEpoch", fault.Conflict, "another server has just begun an epoch")
		}
	}
	return r.dir.write(epochName(file.number), file.encode())
}

// DestroyEpoch destroys an epoch's key for ever: no tenant key and no backup made under it opens again.
// Every key that shall live MUST have been wrapped under a newer epoch before. The newest epoch is
// refused with Conflict. A tombstone stays for Epochs. It may be repeated after a
// failure: once the tombstone is written the epoch is over, here and after every restart.
func (r *Ring) DestroyEpoch(ctx context.Context, number int64, now time.Time) error {
	const op = "keyring.DestroyEpoch"
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.readEpochs(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	epoch, known := r.epochs.Load().find(number)
	if !known {
		return fault.New(op, fault.NotFound, "there is no epoch %d", number)
	}
	if number == r.Epoch().Number {
		return fault.New(op, fault.Conflict, "the newest epoch cannot be destroyed").
			WithHint("begin a new epoch and re-wrap all keys first")
	}
	if err := r.bury(epoch, now); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, r.readEpochs(ctx))
}

// bury writes the tombstone before it touches the key: the other way round, a crash between the two
// would leave a damaged key that nobody can tell from an accident.
func (r *Ring) bury(epoch Epoch, now time.Time) error {
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if epoch.Destroyed.IsZero() {
		tomb := keyFile{kind: kindGone, store: r.store, number: epoch.Number, began: epoch.Began, destroyed: instant(now)}
		if err := r.dir.write(goneName(epoch.Number), tomb.encode()); err != nil {
			return err
		}
		r.forget(epoch.Number, tomb.destroyed)
	}
	return r.dir.shred(epochName(epoch.Number))
}

// forget drops an epoch's key from memory at once, whatever happens to its file next.
func (r *Ring) forget(number int64, at time.Time) {
	old := r.epochs.Load()
	if old == nil || old.keys[number] == nil {
		return
	}
	next := &epochTable{list: slices.Clone(old.list), keys: maps.Clone(old.keys)}
	next.list[number-1].Destroyed = at
	delete(next.keys, number)
	r.epochs.Store(next)
}

// shred overwrites a file, then removes its name. The file holds a sealed key, so where a file system
// or a disk keeps old blocks, what is left still needs the root key.
func (f folder) shred(name string) error {
	const op = "keyring.shred"
	file, err := os.OpenFile(f.at(name), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	err = f.overwrite(file, name)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = f.before("remove " + name)
	}
	if err == nil {
		err = os.Remove(f.at(name))
	}
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	return f.sync(name)
}

func (f folder) overwrite(file *os.File, name string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	noise := make([]byte, info.Size())
	rand.Read(noise)
	if err := f.before("overwrite " + name); err != nil {
		return err
	}
	_, err = file.WriteAt(noise, 0)
	return errors.Join(err, file.Sync())
}
