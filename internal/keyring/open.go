package keyring

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"slices"
	"time"

	"clause.dev/clause/internal/fault"
)

// Open opens a key folder, or makes one with its first epoch, begun now, where the folder is empty or
// missing. It is Invalid if others can read the folder, if a file is damaged or missing, or if the root
// key is not the one that sealed it; Unavailable if the root cannot be asked.
func Open(ctx context.Context, dir string, root Root, now time.Time) (*Ring, error) {
	return open(ctx, folder{path: dir}, root, now)
}

func open(ctx context.Context, dir folder, root Root, now time.Time) (*Ring, error) {
	const op = "keyring.Open"
	r := &Ring{dir: dir, root: root}
	if err := dir.prepare(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, step := range []func() error{
		func() error { return r.create(ctx, now) },
		r.healFolder,
		func() error { return r.readEpochs(ctx) },
		func() error { return r.readSigner(ctx) },
		r.readDestroyed,
	} {
		if err := step(); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	return r, nil
}

// create finds the store's id, or makes what an empty folder lacks. store.id is written last: until it
// is there nobody has used the folder, so a crash half-way is repaired by going on.
func (r *Ring) create(ctx context.Context, now time.Time) error {
	text, err := r.dir.read(storeName)
	if err == nil {
		file, err := parseKeyFile(kindStore, text)
		if err != nil {
			return named(storeName, err)
		}
		r.store = file.store
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if text, err := r.dir.read(storeName); err == nil { // another server was faster
		file, err := parseKeyFile(kindStore, text)
		if err != nil {
			return named(storeName, err)
		}
		r.store = file.store
		return nil
	}
	return r.fill(ctx, now)
}

func (r *Ring) fill(ctx context.Context, now time.Time) error {
	r.store = NewID()
	files, err := r.dir.epochFiles()
	if err != nil {
		return err
	}
	if len(files) > 1 || len(files) == 1 && files[0].number != 1 {
		return fault.New("keyring.create", fault.Invalid, "the key folder holds epochs but no %s", storeName).
			WithHint("put back the copy of the key folder, see docs/keys.md")
	}
	for _, begun := range files {
		if begun.kind != kindEpoch {
			return named(goneName(1), damaged())
		}
		r.store = begun.store
	}
	if len(files) == 0 {
		if err := r.writeSealed(ctx, epochName(1), &keyFile{kind: kindEpoch, store: r.store, number: 1, began: instant(now)}); err != nil {
			return err
		}
	}
	if err := r.writeSealed(ctx, ledgerName, &keyFile{kind: kindLedger, store: r.store}); err != nil {
		return err
	}
	if err := r.dir.write(destroyedName, nil); err != nil {
		return err
	}
	id := keyFile{kind: kindStore, store: r.store}
	return r.dir.write(storeName, id.encode())
}

// writeSealed makes a random key, seals it and writes it as the file.
func (r *Ring) writeSealed(ctx context.Context, name string, file *keyFile) error {
	if err := r.sealNew(ctx, file); err != nil {
		return err
	}
	return r.dir.write(name, file.encode())
}

func (r *Ring) sealNew(ctx context.Context, file *keyFile) (err error) {
	key := newKey()
	defer clear(key[:])
	file.sealed, err = r.root.Seal(ctx, key[:], file.bound())
	return fault.Wrap("keyring.seal", err)
}

// openSealed opens a file's key and tells a wrong root key from the rest.
func (r *Ring) openSealed(ctx context.Context, name string, file *keyFile) ([]byte, error) {
	const op = "keyring.openSealed"
	if file.store != r.store {
		return nil, fault.New(op, fault.Invalid, "%s belongs to another store", name).
			WithHint("the key folder is mixed from two: put back the copy of the key folder")
	}
	key, err := r.root.Open(ctx, file.sealed, file.bound())
	if fault.Is(err, fault.Invalid) {
		return nil, &fault.Error{
			Op: op, Kind: fault.Invalid, Msg: "the root key does not match this key folder", Err: err,
			Hint: "the server was given another root key, or another folder, than those made together: check both paths",
		}
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if len(key) != keySize {
		return nil, named(name, damaged())
	}
	return key, nil
}

func (r *Ring) readSigner(ctx context.Context) error {
	text, err := r.dir.read(ledgerName)
	if errors.Is(err, fs.ErrNotExist) {
		return missing(ledgerName)
	}
	if err != nil {
		return err
	}
	file, err := parseKeyFile(kindLedger, text)
	if err != nil {
		return named(ledgerName, err)
	}
	seed, err := r.openSealed(ctx, ledgerName, file)
	if err != nil {
		return err
	}
	defer clear(seed)
	r.signer = ed25519.NewKeyFromSeed(seed)
	return nil
}

// healFolder ends what a crash interrupted: half-written files, epochs marked destroyed whose key is
// still there, a torn last line of the list.
func (r *Ring) healFolder() error {
	unlock, err := r.dir.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := r.dir.sweep(); err != nil {
		return err
	}
	names, err := r.dir.list()
	if err != nil {
		return err
	}
	for _, name := range names {
		number, isKey := epochNumber(name, ".key")
		if isKey && slices.Contains(names, goneName(number)) {
			if err := r.dir.shred(name); err != nil {
				return err
			}
		}
	}
	file, err := r.dir.openDestroyed()
	if errors.Is(err, fs.ErrNotExist) {
		return missing(destroyedName)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = heal(file)
	return err
}

func missing(name string) error {
	return fault.New("keyring.read", fault.Invalid, "%s is missing from the key folder", name).
		WithHint("put back the copy of the key folder, see docs/keys.md")
}

// named says which file an error is about.
func named(name string, err error) error {
	var hint string
	var f *fault.Error
	if errors.As(err, &f) {
		hint = f.Hint
	}
	return &fault.Error{Op: "keyring.read", Kind: fault.KindOf(err), Msg: "in " + name, Hint: hint, Err: err}
}
