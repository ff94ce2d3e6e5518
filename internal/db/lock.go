package db

import (
	"errors"
	"os"
	"path/filepath"

	"clause.dev/clause/internal/fault"
	"golang.org/x/sys/unix"
)

// fileLock says that this process has the store. The kernel gives it up when the process ends,
// however it ends, so nothing stale is ever left behind but an empty file.
type fileLock struct{ file *os.File }

// lockFile takes the lock, or fails with fault.Conflict if another server has it.
func lockFile(path string) (*fileLock, error) {
	const op = "db.lockFile"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.As(op, fault.Unavailable, err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return &fileLock{f}, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fault.New(op, fault.Conflict, "another server has the store %s", filepath.Base(path[:len(path)-len(".lock")])).
			WithHint("stop it first, or give this server a store of its own; several servers can share PostgreSQL")
	}
	return nil, fault.As(op, fault.Unavailable, err)
}

// release gives the lock up.
func (l *fileLock) release() error {
	if l == nil {
		return nil
	}
	return fault.As("db.lockFile", fault.Unavailable, l.file.Close())
}
