//go:build unix

package keyring

import (
	"os"
	"syscall"

	"clause.dev/clause/internal/fault"
)

const lockName = "lock"

// lock waits until no other server, and no other Ring of this process, changes the folder. It is held
// for a few reads and writes, over a call to the root only while a folder is first made, and the kernel drops it when its holder dies.
func (f folder) lock() (unlock func(), err error) {
	const op = "keyring.lock"
	file, err := os.OpenFile(f.at(lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.As(op, fault.Unavailable, err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fault.As(op, fault.Unavailable, err)
	}
	return func() { file.Close() }, nil
}
