package keyring

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clause.dev/clause/internal/fault"
)

const (
	tempPrefix  = ".tmp-"
	maxFileSize = 64 << 10 // of a sealed key; the list of destroyed keys has no bound
)

// folder writes small files so that after a crash each is there whole or not at all.
// step, nil outside tests, is asked before every change to the disk and may fail it.
type folder struct {
	path string
	step func(what string) error
}

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

func (f folder) before(what string) error {
	if f.step == nil {
		return nil
	}
	return f.step(what)
}

// prepare makes the folder if it is missing and refuses one that others can read.
func (f folder) prepare() error {
	const op = "keyring.folder"
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fault.As(op, fault.Other, err)
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	if !info.IsDir() {
		return fault.New(op, fault.Invalid, "the key folder's path is not a folder")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fault.New(op, fault.Invalid, "other users can open the key folder (mode %04o)", info.Mode().Perm()).
			WithHint("chmod 0700 %s", f.path)
	}
	return nil
}

// read returns a small file; the error is fs.ErrNotExist if there is none.
func (f folder) read(name string) ([]byte, error) { return readPrivate(f.at(name)) }

func readPrivate(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := checkPrivate(file); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err == nil && len(data) > maxFileSize {
		return nil, fault.New("keyring.read", fault.Invalid, "%s is too large for a key file", filepath.Base(path))
	}
	return data, err
}

func checkPrivate(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fault.As("keyring.read", fault.Other, err)
	}
	name := filepath.Base(file.Name())
	if !info.Mode().IsRegular() {
		return fault.New("keyring.read", fault.Invalid, "%s is not a file", name).
			WithHint("put back the copy of the key folder, see docs/keys.md")
	}
	if info.Mode().Perm()&0o177 != 0 {
		return fault.New("keyring.read", fault.Invalid, "other users can open %s (mode %04o)", name, info.Mode().Perm()).
			WithHint("chmod 0600 %s, and ask who has read it", file.Name())
	}
	return nil
}

// write replaces a file: after a crash the old one or the new one is there.
func (f folder) write(name string, data []byte) error {
	return f.place(name, data, os.Rename)
}

// writeNew makes a file that must not exist: Conflict if it does, and then it is left alone.
func (f folder) writeNew(name string, data []byte) error {
	return f.place(name, data, func(temp, final string) error {
		if err := os.Link(temp, final); err != nil {
			return err
		}
		return os.Remove(temp)
	})
}

func (f folder) place(name string, data []byte, put func(temp, final string) error) error {
	const op = "keyring.write"
	temp, err := f.writeTemp(name, data)
	if err != nil {
		return err
	}
	err = f.before("place " + name)
	if err == nil {
		err = put(temp, f.at(name))
	}
	if err != nil {
		os.Remove(temp)
		if errors.Is(err, fs.ErrExist) {
			return fault.New(op, fault.Conflict, "%s exists already", name)
		}
		return fault.As(op, fault.Unavailable, err)
	}
	return f.sync(name)
}

func (f folder) writeTemp(name string, data []byte) (string, error) {
	const op = "keyring.write"
	if err := f.before("write " + name); err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	file, err := os.CreateTemp(f.path, tempPrefix+name+"-*") // mode 0600
	if err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		os.Remove(file.Name())
		return "", fault.As(op, fault.Unavailable, err)
	}
	return file.Name(), nil
}

// sync makes a change of the folder's list of names durable.
func (f folder) sync(name string) error {
	const op = "keyring.sync"
	if err := f.before("sync folder after " + name); err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	dir, err := os.Open(f.path)
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	defer dir.Close()
	return fault.As(op, fault.Unavailable, dir.Sync())
}

// list returns the names in the folder, without temporary files.
func (f folder) list() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, fault.As("keyring.list", fault.Other, err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), tempPrefix) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// ownTemp leaves the temporary file of a root key alone: FileRoot writes without the lock.
func ownTemp(name string) bool {
	for _, own := range []string{epochPrefix, ledgerName, storeName, destroyedName} {
		if strings.HasPrefix(name, tempPrefix+own) {
			return true
		}
	}
	return false
}

// sweep removes what an interrupted write left. The caller holds the lock, so no write is going on.
func (f folder) sweep() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return fault.As("keyring.sweep", fault.Other, err)
	}
	for _, entry := range entries {
		if ownTemp(entry.Name()) {
			if err := os.Remove(f.at(entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fault.As("keyring.sweep", fault.Unavailable, err)
			}
		}
	}
	return nil
}
