package dbtest

import (
	"errors"
	"syscall"
)

// Port takes a port of 127.0.0.1 for a program that is yet to start and has to be told where to listen. A listener
// that is opened and closed again does not take one: until the program is up another may get it. This one's socket
// stays bound and does not listen, so that the kernel gives the port to nobody who asks for any, and lets have it who
// asks for this one with SO_REUSEADDR, as PostgreSQL, MariaDB and Go do. It is held until this process ends.
func Port() (int, error) {
	syscall.ForkLock.RLock() // so that no program started meanwhile inherits it
	defer syscall.ForkLock.RUnlock()
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	syscall.CloseOnExec(s)
	err = errors.Join(syscall.SetsockoptInt(s, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1),
		syscall.Bind(s, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	if err != nil {
		return 0, err
	}
	at, err := syscall.Getsockname(s)
	if err != nil {
		return 0, err
	}
	return at.(*syscall.SockaddrInet4).Port, nil
}
